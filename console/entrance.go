package console

import (
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"

	"rapport/accounts"
	"rapport/customers"
	"rapport/recordings"
)

// Entrance is how people with an account come in from anywhere.
type Entrance struct {
	// Host is the name by which browsers reach the console. A request that gives
	// another one is not answered (DNS rebinding).
	Host     string
	Porter   accounts.Porter
	Sessions accounts.Sessions
	Audit    accounts.Audit
}

// visit is a request of somebody who was let in.
type visit struct {
	*http.Request
	account accounts.Account // without a name on the console of this machine alone
}

// door is what stands before a page.
type door struct {
	role accounts.Role // who may pass
	// deed and thing are what the audit calls it: "closed" a "case". Without a deed it
	// is not noted.
	deed, thing string
}

// cookie is bound to the host and to TLS by its prefix (RFC 6265bis §4.1.3.2).
const cookie = "__Host-rapport"

// seenEvery is how exactly it is known when a session was last used.
const seenEvery = time.Minute

// behind lets those pass who may, and notes what they are about to do. What is asked
// for and then refused by the page stands in the audit too.
func (c *Console) behind(d door, serve page) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !c.reachable(r) {
			http.NotFound(w, r)
			return
		}
		v := &visit{Request: r}
		if c.Entrance == nil {
			v.account.Role = accounts.Operator
			c.answer(w, v, serve)
			return
		}
		c.answer(w, v, func(w http.ResponseWriter, v *visit) error {
			switch err := c.recognise(v); {
			case errors.Is(err, accounts.ErrUnknown):
				return c.turnAway(w, v)
			case err != nil:
				return err
			case !v.account.Role.May(d.role):
				return &complaint{status: http.StatusForbidden, why: "This needs the role " + string(d.role) + ", and yours is " + string(v.account.Role) + "."}
			}
			if err := c.note(v, d); err != nil {
				return err
			}
			return serve(w, v)
		})
	})
}

// reachable reports whether a request comes by the console's own name and, where
// nobody signs in, from this machine.
func (c *Console) reachable(r *http.Request) bool {
	if c.Entrance == nil {
		return FromHere(r)
	}
	return strings.EqualFold(r.Host, c.Entrance.Host)
}

// FromHere reports whether a request comes from this machine and by one of its
// own names. One that a proxy says it brings for somebody comes from elsewhere.
func FromHere(r *http.Request) bool {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	return err == nil && from.Addr().Unmap().IsLoopback() && Ours(r.Host) && !brought(r)
}

// brought reports whether a request bears one of the fields that proxies add, or is in
// HTTP/1.0, which nginx speaks where it is told nothing else and no browser does.
func brought(r *http.Request) bool {
	if !r.ProtoAtLeast(1, 1) {
		return true
	}
	for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Via"} {
		if len(r.Header[name]) > 0 {
			return true
		}
	}
	return false
}

// Ours reports whether a host, with or without a port, is this machine by one of the
// names that mean no other.
func Ours(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	address, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return host == "localhost" || err == nil && address.IsLoopback()
}

// recognise finds out whose request it is; accounts.ErrUnknown where nobody is
// signed in.
func (c *Console) recognise(v *visit) error {
	token, err := v.Cookie(cookie)
	if err != nil {
		return accounts.ErrUnknown
	}
	now := c.Now()
	session, account, err := c.Entrance.Sessions.Session(v.Context(), accounts.Digest(token.Value))
	if err == nil && session.Over(now) {
		err = accounts.ErrUnknown
	}
	if err != nil {
		return err
	}
	v.account = account
	if now.Sub(session.SeenAt) < seenEvery {
		return nil
	}
	return c.Entrance.Sessions.Seen(v.Context(), session.Digest, now)
}

// turnAway leads to the page on which one signs in, and from there back. Whoever
// filled in a form gets back what they wrote.
func (c *Console) turnAway(w http.ResponseWriter, v *visit) error {
	if v.Method != http.MethodGet {
		v.Body = http.MaxBytesReader(w, v.Body, formLimit)
		typed := v.PostFormValue("text") + v.PostFormValue("note") // a form has one of them
		return &complaint{http.StatusUnauthorized, "You are no longer signed in. Nothing was done: sign in and try again.", typed, formPage(v.URL)}
	}
	http.Redirect(w, v.Request, "/sign-in?next="+url.QueryEscape(v.URL.RequestURI()), http.StatusSeeOther)
	return nil
}

// formPage is the page that has the form which is sent to an address.
func formPage(to *url.URL) string {
	address := to.EscapedPath()
	if strings.HasPrefix(address, "/cases/") || strings.HasPrefix(address, "/customers/") {
		return path.Dir(address)
	}
	return "/"
}

// note writes what somebody is about to do: to a case or a recording, and to whose it
// is. Where it cannot be written it is not
// done.
func (c *Console) note(v *visit, d door) error {
	if d.deed == "" {
		return nil
	}
	about := accounts.About(d.thing, v.PathValue("id"))
	deed := accounts.Deed{At: c.Now(), Account: v.account.Name, What: d.deed, About: about}
	if err := c.Entrance.Audit.Note(v.Context(), deed); err != nil {
		return err
	}
	whose, err := c.whose(v, d.thing)
	if err != nil || whose == "" {
		return err
	}
	deed.What, deed.About = d.deed+" "+about+" of", accounts.AboutCustomer(whose)
	return c.Entrance.Audit.Note(v.Context(), deed)
}

// whose is the customer whom a case or a recording is about; "" where it is about none,
// or is not there.
func (c *Console) whose(v *visit, thing string) (string, error) {
	id, err := strconv.ParseInt(v.PathValue("id"), 10, 64)
	switch {
	case err != nil:
		return "", nil
	case thing == "case":
		found, err := c.Casebook.Case(v.Context(), id)
		if errors.Is(err, customers.ErrUnknownCase) {
			err = nil
		}
		return found.Customer, err
	case thing == "recording" && c.Shelf != nil:
		found, err := c.Shelf.Recording(v.Context(), id)
		if errors.Is(err, recordings.ErrUnknown) {
			err = nil
		}
		return found.Customer, err
	}
	return "", nil
}
