package console

import (
	"encoding/json"
	"fmt"
	"mime"
	"net/http"

	"rapport/campaigns"
)

// maxUpload bounds a workspace that is sent to be applied: 64 MiB of files, in
// base64.
const maxUpload = 96 << 20

// upload is a workspace as `rapport apply` sends it.
type upload struct {
	Files map[string][]byte      `json:"files"` // by slash path
	Order campaigns.ApplyOptions `json:"order"`
}

// applyWorkspace puts a workspace in force. Mistakes are answered with 422 and
// change nothing.
func (c *Console) applyWorkspace(w http.ResponseWriter, r *visit) error {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return &complaint{status: http.StatusUnsupportedMediaType, why: "A workspace comes as application/json."}
	}
	var sent upload
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxUpload)).Decode(&sent); err != nil {
		return &complaint{status: http.StatusBadRequest, why: "That is no workspace."}
	}
	if err := campaigns.CheckFiles(sent.Files); err != nil {
		return &complaint{status: http.StatusBadRequest, why: err.Error()}
	}
	done, problems, err := c.Applier.Apply(r.Context(), sent.Files, sent.Order)
	if err != nil {
		return fmt.Errorf("apply a workspace: %w", err)
	}
	status, answer := http.StatusOK, any(done)
	if len(problems) > 0 {
		status, answer = http.StatusUnprocessableEntity, map[string]any{"problems": problems}
	}
	if done.Applied {
		c.Log.Info("a workspace was applied", "workspace", done.Workspace, "campaigns", done.Campaigns)
		c.Ring(r.Context())
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	return json.NewEncoder(w).Encode(answer)
}
