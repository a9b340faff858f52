package workers_test

import (
	"fmt"
	"strings"
	"testing"

	"rapport/campaigns"
)

// What somebody writes is read by the types in which the campaign's conditions take it.
func TestAStartByHandReadsWhatItsConditionsTake(t *testing.T) {
	s := open(t, with(map[string]string{"campaigns/settle.yaml": replace(campaign("settle", "x", "{branch: [{if: event.total >= 60, then: [{tag: [+much]}]}]}"), "{event: x}", "{manual: true}") +
		"  - branch:\n      - {if: event.gift and event.order_id == \"00123\" and event.fee * 2 == 3, then: [{tag: [+gift]}]}\n" +
		"  - branch:\n      - {if: \"event.code in [7, \\\"x\\\"]\", then: [{tag: [+code]}]}\n"}))
	starter := campaigns.Starter{Catalog: s.catalog, Entries: s.store, News: s.store, NewID: func() string { return "1" }, Now: s.clock}
	entry, err := starter.StartWritten(s.ctx(), "settle", s.customer("ann"), map[string]string{"total": "80", "gift": "true", "order_id": "00123", "fee": "1.5", "code": "7", "note": "12"})
	ok(t, err)
	if got := fmt.Sprintf("%#v", entry.Journal.Event); got != `map[string]interface {}{"code":"7", "fee":1.5, "gift":true, "note":"12", "order_id":"00123", "total":80}` {
		t.Errorf("it begins with %s", got)
	}
	s.travel()
	if tags := s.tags(); tags != "[much gift]" && tags != "[gift much]" {
		t.Errorf("the customer is %s", tags)
	}
}

// A start by hand without what tells journeys apart is refused, with what to write.
func TestAStartWithoutItsKeyIsRefused(t *testing.T) {
	settle := replace(campaign("settle", "x", "{sms: note}"), "{event: x}", "{manual: true}") + "entry: {key: event.case_id}\n"
	s := open(t, with(map[string]string{"campaigns/settle.yaml": settle}))
	starter := campaigns.Starter{Catalog: s.catalog, Entries: s.store, News: s.store, NewID: func() string { return "1" }, Now: s.clock}
	_, err := starter.Start(s.ctx(), "settle", s.customer("ann"), nil)
	if err == nil || !strings.Contains(err.Error(), "campaign settle needs case_id") || strings.Contains(err.Error(), "--set") {
		t.Errorf("without a key: %v", err)
	}
	entry, err := starter.Start(s.ctx(), "settle", s.customer("ann"), map[string]any{"case_id": "C1"})
	if err != nil || entry.Key != "C1" {
		t.Errorf("with a key: %q, %v", entry.Key, err)
	}
}
