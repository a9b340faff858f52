package console

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"rapport/accounts"
)

// askName shows the form to sign in with.
func (c *Console) askName(w http.ResponseWriter, r *visit) error {
	c.show(w, r, http.StatusOK, "signin", view{"Title": "Sign in", "Next": inside(r.FormValue("next"))})
	return nil
}

// signIn begins a session. Each one has a token of its own, so that nobody can
// prepare one for somebody else.
func (c *Console) signIn(w http.ResponseWriter, r *visit) error {
	now, next := c.Now(), inside(r.FormValue("next"))
	account, err := c.Entrance.Porter.Admit(r.Context(), r.FormValue("name"), r.FormValue("password"), now)
	if errors.Is(err, accounts.ErrRefused) {
		if err := c.noteRefusal(r, now); err != nil {
			return err
		}
		c.show(w, r, http.StatusUnauthorized, "signin", view{"Title": "Sign in", "Next": next, "Why": accounts.ErrRefused.Error()})
		return nil
	}
	if errors.Is(err, accounts.ErrBusy) {
		w.Header().Set("Retry-After", "5")
		c.show(w, r, http.StatusTooManyRequests, "signin", view{"Title": "Sign in", "Next": next, "Why": accounts.ErrBusy.Error()})
		return nil
	}
	if err != nil {
		return err
	}
	if _, err := c.Entrance.Sessions.Sweep(r.Context(), now); err != nil {
		return err
	}
	token := accounts.NewToken()
	err = errors.Join(
		c.Entrance.Sessions.Begin(r.Context(), accounts.Session{Digest: accounts.Digest(token), Account: account.Name, Began: now, SeenAt: now}),
		c.Entrance.Audit.Note(r.Context(), accounts.Deed{At: now, Account: account.Name, What: "signed in"}))
	if err != nil {
		return err
	}
	http.SetCookie(w, &http.Cookie{Name: cookie, Value: token, Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode})
	http.Redirect(w, r.Request, next, http.StatusSeeOther)
	return nil
}

// signOut ends the session, also where its browser's token leaks later.
func (c *Console) signOut(w http.ResponseWriter, r *visit) error {
	recognised := c.recognise(r)
	if token, err := r.Cookie(cookie); err == nil {
		if err := c.Entrance.Sessions.End(r.Context(), accounts.Digest(token.Value)); err != nil {
			return err
		}
	}
	http.SetCookie(w, &http.Cookie{Name: cookie, Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode, MaxAge: -1})
	if recognised == nil { // of a session that had ended nobody signs out
		if err := c.Entrance.Audit.Note(r.Context(), accounts.Deed{At: c.Now(), Account: r.account.Name, What: "signed out"}); err != nil {
			return err
		}
	}
	http.Redirect(w, r.Request, "/sign-in", http.StatusSeeOther)
	return nil
}

// noteRefusal notes that somebody was refused under a name there is. Others are not
// kept: people type passwords into the wrong field.
func (c *Console) noteRefusal(r *visit, now time.Time) error {
	name, err := accounts.CleanName(r.FormValue("name"))
	if err != nil {
		return nil
	}
	switch _, err := c.Entrance.Porter.Directory.Account(r.Context(), name); {
	case errors.Is(err, accounts.ErrUnknown):
		return nil
	case err != nil:
		return err
	}
	return c.Entrance.Audit.Note(r.Context(), accounts.Deed{At: now, Account: name, What: "was refused at the door"})
}

// inside is a path of this console, whatever a link says. Browsers read a backslash as
// a slash and pass over some control characters.
func inside(next string) string {
	odd := func(r rune) bool { return r < ' ' || r == 0x7f || r == '\\' }
	if !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.ContainsFunc(next, odd) {
		return "/"
	}
	return next
}

// stylesheet is the look of the pages. It tells nothing, so that the page to sign in
// has it too.
func stylesheet(w http.ResponseWriter, r *visit) error {
	w.Header().Set("Cache-Control", "max-age=600")
	http.ServeFileFS(w, r.Request, files, "pages/console.css")
	return nil
}
