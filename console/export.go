package console

import (
	"cmp"
	"errors"
	"net/http"
	"time"

	"rapport/accounts"
	"rapport/customers"
)

// longestExport is how long an export may take to reach who asked for it.
const longestExport = time.Hour

// export hands out everything that is kept about a customer, as a file. On this machine,
// where nobody signs in, the audit has it by the name that is given.
func (c *Console) export(w http.ResponseWriter, r *visit) error {
	id := r.PathValue("id")
	people, err := c.Directory.Load(r.Context(), []string{id}, c.Now())
	if err != nil {
		return err
	}
	if people[id] == nil {
		return &complaint{status: http.StatusNotFound, why: "Nobody has the id " + id + "."}
	}
	ids := []string{id}
	if r.FormValue("twins") != "" {
		twins, err := c.Access.Twins(r.Context(), id)
		if err != nil {
			return err
		}
		ids = append(ids, twins...)
	}
	for n, id := range ids {
		if n == 0 && c.Entrance != nil {
			continue // is noted at the door
		}
		who := cmp.Or(r.account.Name, r.FormValue("who"), "this machine")
		if err := c.Audit.Note(r.Context(), accounts.Deed{At: c.Now(), Account: who, What: "exported", About: accounts.AboutCustomer(id)}); err != nil {
			return err
		}
	}
	mayTake(w, longestExport)
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Disposition", `attachment; filename="customer.json"`)
	if err := customers.WriteKept(r.Context(), w, c.Access, c.Now(), ids...); err != nil {
		if !errors.Is(err, r.Context().Err()) {
			c.Log.Error("an export broke off", "error", err)
		}
		panic(http.ErrAbortHandler) // so that a part is not taken for the whole
	}
	return nil
}
