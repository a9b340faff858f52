package console

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strconv"

	"rapport/campaigns"
	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
)

// caseOf shows a case: what was said, in order, and a form to answer with. The form
// carries a key of its own, so that pressing its button twice answers once.
func (c *Console) caseOf(w http.ResponseWriter, r *visit) error {
	return c.showCase(w, r, http.StatusOK, view{})
}

// showCase is caseOf with a status and with what else is shown.
func (c *Console) showCase(w http.ResponseWriter, r *visit, status int, v view) error {
	found, err := c.findCase(r) // before its lines: at worst they show more than counts as seen
	if err != nil {
		return err
	}
	edition, err := c.Catalog.Current(r.Context())
	if err != nil && !errors.Is(err, campaigns.ErrNoWorkspace) {
		return err
	}
	taped, err := c.recordingsOf(r.Context(), found)
	if err != nil {
		return err
	}
	maps.Copy(v, view{"Title": found.Title, "Recordings": taped, "Case": found, "Zone": zoneOf(edition), "Now": c.Now(), "Who": who(r)})
	if found.Customer != "" {
		people, err := c.Directory.Load(r.Context(), []string{found.Customer}, c.Now())
		if err != nil {
			return err
		}
		events, err := c.Timeline.Conversation(r.Context(), found.Customer, customers.ConversationKept)
		if err != nil {
			return err
		}
		lines := customers.Conversation(events)
		if err := deliveries.Follow(r.Context(), c.Ledger, lines); err != nil {
			return err
		}
		v["Customer"], v["Lines"], v["Key"] = people[found.Customer], lines, c.NewKey()
		v["Name"] = nameOf(people[found.Customer])
		if customer := people[found.Customer]; customer != nil {
			v["WayBack"], v["Wrote"] = campaigns.WayBack(found, customer, events)
			v["Theirs"] = theirClock(edition, customer, c.Now())
		}
	}
	c.show(w, r, status, "case", v)
	return nil
}

func (c *Console) reply(w http.ResponseWriter, r *visit) error {
	found, err := c.findCase(r)
	if err != nil {
		return err
	}
	seen, err := seenBy(r)
	if err != nil {
		return err
	}
	_, err = c.Replier.Reply(r.Context(), campaigns.Reply{
		Case: found.ID, By: channels.Channel(r.FormValue("by")), Text: r.FormValue("text"), Key: r.FormValue("key"), Who: who(r), Seen: seen,
	})
	switch {
	case err != nil && r.Header.Get("Accept") == "text/plain":
		return &complaint{status: http.StatusConflict, why: err.Error()}
	case err != nil:
		refusal := tooLate(r, err)
		if refusal == nil {
			refusal = view{"Refused": err.Error()}
		}
		refusal["Text"], refusal["By"] = r.FormValue("text"), r.FormValue("by")
		return c.showCase(w, r, http.StatusConflict, refusal)
	}
	c.Ring(r.Context())
	http.Redirect(w, r.Request, caseURL(found.ID)+"?done=replied", http.StatusSeeOther)
	return nil
}

// who is at work. The console of this machine alone has no accounts: a running
// program's command line says so itself, and anybody else is the console.
func who(r *visit) string {
	if r.account.Name != "" {
		return r.account.Name
	}
	if name := r.FormValue("who"); name != "" {
		return name
	}
	return "console"
}

func (c *Console) closeCase(w http.ResponseWriter, r *visit) error {
	found, err := c.findCase(r)
	if err != nil {
		return err
	}
	seen, err := seenBy(r)
	if err != nil {
		return err
	}
	err = c.Casebook.Close(r.Context(), found.ID, who(r), r.FormValue("note"), c.Now(), seen)
	if late := tooLate(r, err); late != nil {
		late["Note"] = r.FormValue("note")
		return c.showCase(w, r, http.StatusConflict, late)
	}
	switch {
	case errors.Is(err, customers.ErrNoNote):
		return &complaint{status: http.StatusBadRequest, why: "Nothing was closed: a case is closed with a note that says what was done."}
	case errors.Is(err, customers.ErrMoreSaid):
		return &complaint{status: http.StatusConflict, why: "Nothing was closed: more has been said since."}
	case errors.Is(err, customers.ErrClosedCase):
		return &complaint{status: http.StatusConflict, why: "Nothing was changed: the case was closed already."}
	case err != nil:
		return err
	}
	http.Redirect(w, r.Request, "/?done=closed&case="+strconv.FormatInt(found.ID, 10), http.StatusSeeOther)
	return nil
}

// takeCase tells everybody who is at a case.
func (c *Console) takeCase(w http.ResponseWriter, r *visit) error {
	found, err := c.findCase(r)
	if err != nil {
		return err
	}
	switch err := c.Casebook.Take(r.Context(), found.ID, who(r)); {
	case errors.Is(err, customers.ErrClosedCase):
		return &complaint{status: http.StatusConflict, why: "Nothing was changed: the case is closed."}
	case err != nil:
		return err
	}
	http.Redirect(w, r.Request, caseURL(found.ID)+"?done=taken", http.StatusSeeOther)
	return nil
}

func (c *Console) reopenCase(w http.ResponseWriter, r *visit) error {
	found, err := c.findCase(r)
	if err != nil {
		return err
	}
	open, err := c.Casebook.Reopen(r.Context(), found.ID, who(r), c.Now())
	switch {
	case errors.Is(err, customers.ErrUnknown):
		return &complaint{status: http.StatusConflict, why: "Nothing was opened: its customer was erased."}
	case err != nil:
		return err
	case open != found.ID && r.Header.Get("Accept") == "text/plain":
		return &complaint{status: http.StatusConflict, why: fmt.Sprintf("Case %d goes on in case %d, which is open.", found.ID, open)}
	case open != found.ID:
		http.Redirect(w, r.Request, caseURL(open)+"?done=goes_on", http.StatusSeeOther)
		return nil
	}
	http.Redirect(w, r.Request, caseURL(open)+"?done=reopened", http.StatusSeeOther)
	return nil
}

// tooLate is what the page of a case says where something happened to it since the
// form was opened; nil where nothing did, or where no browser asks.
func tooLate(r *visit, err error) view {
	switch {
	case r.Header.Get("Accept") == "text/plain":
		return nil
	case errors.Is(err, customers.ErrMoreSaid):
		return view{"MoreSaid": true}
	case errors.Is(err, customers.ErrClosedCase):
		return view{"ClosedBefore": true}
	}
	return nil
}

// seenBy is how far the page told what was said whose form this is; nil where the
// form does not say, as one that no page made.
func seenBy(r *visit) (*int64, error) {
	field := r.FormValue("seen")
	if field == "" {
		return nil, nil
	}
	seen, err := strconv.ParseInt(field, 10, 64)
	if err != nil {
		return nil, &complaint{status: http.StatusBadRequest, why: "The form could not be read."}
	}
	return &seen, nil
}

func (c *Console) findCase(r *visit) (customers.Case, error) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		return customers.Case{}, &complaint{status: http.StatusNotFound, why: "There is no such case."}
	}
	found, err := c.Casebook.Case(r.Context(), id)
	if errors.Is(err, customers.ErrUnknownCase) {
		return customers.Case{}, &complaint{status: http.StatusNotFound, why: "There is no such case."}
	}
	return found, err
}

func caseURL(id int64) string { return "/cases/" + url.PathEscape(strconv.FormatInt(id, 10)) }
