package deliveries

import "strings"

// Paths at which providers speak to us. Each has its own, by channel and
// provider: /hooks/sms/twilio takes what its account is set to send there, and
// below it stands what a message names itself.
const (
	PathHooks = "/hooks/"
	// HookStatus and HookScript follow an outlet's path; a token follows them.
	HookStatus = "/status/"
	HookScript = "/script/"
	// PathLetter is where e-mail comes in as it is, and below it, by name, the
	// services that post it in a form of theirs.
	PathLetter = "/hooks/mail"
)

// Hook is where an outlet's provider tells what belongs to no message of ours,
// or names it in its own words: events of an account, texts from customers.
func (d Addresses) Hook(o Outlet) string {
	return d.Base + PathHooks + string(o.Channel) + "/" + o.Provider
}

// Status is where an outlet's provider reports on one attempt at a delivery.
func (d Addresses) Status(o Outlet, delivery int64, attempt int) string {
	return d.Hook(o) + HookStatus + d.Signer.Sign(Token{StatusOf, delivery, int64(attempt)})
}

// Script is where an outlet's provider fetches what one attempt at a call says.
func (d Addresses) Script(o Outlet, delivery int64, attempt int) string {
	return d.Hook(o) + HookScript + d.Signer.Sign(Token{CallScript, delivery, int64(attempt)})
}

// hooked finds the delivery and attempt that a path of a provider's names.
func (d Addresses) hooked(path string) (Token, bool) {
	parts := strings.Split(path, "/") // "", hooks, channel, provider, what, token
	if len(parts) != 6 || parts[0] != "" || "/"+parts[1]+"/" != PathHooks {
		return Token{}, false
	}
	purpose := map[string]Purpose{HookStatus: StatusOf, HookScript: CallScript}["/"+parts[4]+"/"]
	token, err := d.Signer.Open(purpose, parts[5])
	return token, err == nil && purpose != 0
}
