package console

import (
	"errors"
	"net/http"

	"rapport/customers"
)

// erase forgets a customer for good. The form repeats the customer's id, so that
// nobody does it with a slip of the hand.
func (c *Console) erase(w http.ResponseWriter, r *visit) error {
	id := r.PathValue("id")
	if r.FormValue("confirm") != id {
		return &complaint{status: http.StatusBadRequest, why: "Nothing was erased: type the customer's id, " + id + ", to confirm."}
	}
	_, err := c.Eraser.Erase(r.Context(), id, customers.Alias(c.NewKey()), c.Now())
	if errors.Is(err, customers.ErrUnknown) {
		return &complaint{status: http.StatusNotFound, why: "Nobody has the id " + id + "."}
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r.Request, "/?done=erased", http.StatusSeeOther)
	return nil
}
