package webhooks_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"rapport/channels"
	"rapport/customers"
)

func unheard(context.Context, string, channels.Callback) error {
	return errors.New("the disk is full")
}

func TestWhoIsNotTheCustomerIsLeftAlone(t *testing.T) {
	for ch, want := range map[channels.Channel]map[channels.Channel]string{
		channels.Email: {channels.Email: channels.ReasonNotTheirs},
		channels.SMS:   {channels.SMS: channels.ReasonNotTheirs, channels.Call: channels.ReasonNotTheirs},
	} {
		h := open(t)
		d := h.greet(ch)
		hosted(t, h.form(http.StatusOK, h.ways(d)["not_me"], nil))
		same(t, "blocked after "+string(ch), h.ada().Suppressed, want)
		cases, err := h.store.Casebook().Cases(t.Context(), "", 10)
		if err != nil || len(cases) != 1 || cases[0].Why != "not_theirs" || cases[0].Customer != "c-1" || cases[0].Priority != customers.High {
			t.Errorf("%s: cases %+v, %v", ch, cases, err)
		}
		found, err := h.store.Summary().Of(t.Context(), d.Entry)
		if err != nil || found[0].Status != "bounced" || found[0].Reason != channels.ReasonNotTheirs {
			t.Errorf("%s: the message is %+v, %v", ch, found, err)
		}
		hosted(t, h.form(http.StatusOK, h.ways(d)["not_me"], nil)) // once more is harmless
		h.settle()
	}
}

// The customer has another address by now: that one is theirs, and stays.
func TestAnAddressTheCustomerLeftBlocksNoOther(t *testing.T) {
	h := open(t)
	d := h.greet(channels.Email)
	old := h.ways(d)["not_me"]
	if _, err := h.store.PutCustomers(t.Context(), noon, []customers.Customer{{ID: "c-1", Email: "ada@new.example"}}); err != nil {
		t.Fatal(err)
	}
	hosted(t, h.form(http.StatusOK, old, nil))
	same(t, "blocked", len(h.ada().Suppressed), 0)
	cases, err := h.store.Casebook().Cases(t.Context(), "", 10)
	if err != nil || len(cases) != 1 {
		t.Errorf("nobody looks at it: %+v, %v", cases, err)
	}
}

func TestABrowserOfSomebodyElsesIsForgotten(t *testing.T) {
	h := open(t)
	d := h.greet(channels.Push)
	for _, endpoint := range []string{"https://push.example/theirs", "https://push.example/hers"} {
		if err := h.store.Subscribe(t.Context(), "c-1", channels.PushSubscription{Endpoint: endpoint, P256dh: "p", Auth: "a"}, noon); err != nil {
			t.Fatal(err)
		}
	}
	hosted(t, h.form(http.StatusOK, h.doors.Addresses.NotMe(d.ID, "https://push.example/theirs"), nil))
	if left := h.ada().Browsers; len(left) != 1 || left[0].Endpoint != "https://push.example/hers" {
		t.Errorf("browsers %+v", left)
	}
	h.get(http.StatusOK, h.doors.Addresses.NotMe(d.ID, "https://push.example/theirs"))
}
