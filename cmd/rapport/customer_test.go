package main

import (
	"strings"
	"testing"
	"time"

	"rapport/campaigns"
	"rapport/customers"
	"rapport/deliveries"
)

func TestMoneyIsToldInTheShopsCurrency(t *testing.T) {
	shop := &campaigns.Workspace{Currency: "JPY"}
	var profile strings.Builder
	printProfile(&profile, &customers.Customer{Orders: customers.OrderTotals{Count: 2, Total: 4800}}, shop, time.UTC)
	s := standing{shop: shop, Funnel: deliveries.Funnel{Cost: 37, Goal: &deliveries.GoalFunnel{Contacted: deliveries.Side{Conversions: 1, Value: 4800}}}}
	for told, want := range map[string]string{
		profile.String():                 "2, 4800 JPY in all",
		strings.Join(costLine(s), "\n"):  "37 JPY",
		strings.Join(goalLines(s), "\n"): "conversions 1 worth 4800 JPY; of the holdout 0 worth 0 JPY",
	} {
		if !strings.Contains(told, want) {
			t.Errorf("%q is not in %q", want, told)
		}
	}
}
