package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// order is what POST /control may ask for; what is left out stays as it is.
type order struct {
	Faults   *[]Fault  `json:"faults"`
	Disorder *Disorder `json:"disorder"`
	// Customers gives addresses behaviours of their own.
	Customers map[string]Behaviour `json:"customers"`
	// Texts are sent by customers of their own accord, now.
	Texts []Text `json:"texts"`
}

const controlLimit = 1 << 20

// control changes the sandbox at run time. It asks for JSON by name, which no
// page of another origin can send unasked.
func (s *Sandbox) control(w http.ResponseWriter, r *http.Request) {
	var asked order
	if !readOrder(w, r, &asked) {
		return
	}
	if asked.Faults != nil {
		for _, fault := range *asked.Faults {
			if err := fault.check(); err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
		}
		s.SetFaults(*asked.Faults...)
	}
	if asked.Disorder != nil {
		s.setDisorder(*asked.Disorder)
	}
	for address, behaviour := range asked.Customers {
		s.Behave(address, behaviour)
	}
	for _, text := range asked.Texts {
		if err := s.Text(r.Context(), text); err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
	}
	s.showControl(w, r)
}

// showControl tells the counters and what is in force.
func (s *Sandbox) showControl(w http.ResponseWriter, _ *http.Request) {
	trouble := s.faults.now.Load()
	saying(http.StatusOK, map[string]any{
		"tally": s.Tally(), "faults": trouble.faults, "disorder": trouble.disorder, "sendgrid_public_key": s.SendGridPublicKey(),
	}).write(w)
}

// controlSubscription hands out a push subscription, as a customer's browser
// would after they said yes.
func (s *Sandbox) controlSubscription(w http.ResponseWriter, r *http.Request) {
	var asked struct {
		Customer string `json:"customer"`
	}
	if !readOrder(w, r, &asked) {
		return
	}
	subscription := s.NewSubscription(asked.Customer)
	saying(http.StatusCreated, subscription).write(w)
}

func readOrder(w http.ResponseWriter, r *http.Request, into any) bool {
	if !strings.HasPrefix(r.Header.Get("Content-Type"), jsonType) {
		http.Error(w, "Content-Type must be "+jsonType, http.StatusUnsupportedMediaType)
		return false
	}
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, controlLimit))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		http.Error(w, fmt.Sprintf("read the order: %v", err), http.StatusBadRequest)
		return false
	}
	return true
}
