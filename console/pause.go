package console

import (
	"net/http"
	"strings"
)

// pause stops a campaign beside its file.
func (c *Console) pause(w http.ResponseWriter, r *visit) error {
	err := c.Pauser.Pause(r.Context(), r.PathValue("id"), strings.TrimSpace(r.FormValue("why")), who(r))
	return c.turned(w, r, "paused", err)
}

// resume lets a campaign go on.
func (c *Console) resume(w http.ResponseWriter, r *visit) error {
	return c.turned(w, r, "resumed", c.Pauser.Resume(r.Context(), r.PathValue("id")))
}

func (c *Console) turned(w http.ResponseWriter, r *visit, outcome string, err error) error {
	if err != nil {
		return &complaint{status: http.StatusConflict, why: err.Error()}
	}
	c.Ring(r.Context())
	http.Redirect(w, r.Request, "/?done="+outcome, http.StatusSeeOther)
	return nil
}
