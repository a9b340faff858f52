package main

import (
	"net"
	"os"
	"path/filepath"
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
	s := standing{shop: shop, Funnel: deliveries.Funnel{Cost: 37, Goal: &deliveries.GoalFunnel{Contacted: deliveries.Side{People: 4, Conversions: 1, Value: 4800}, Holdout: deliveries.Side{People: 1}}}}
	for told, want := range map[string]string{
		profile.String():                 "2, 4800 JPY in all",
		strings.Join(costLine(s), "\n"):  "37 JPY",
		strings.Join(goalLines(s), "\n"): "conversions 1 worth 4800 JPY, 1200 JPY a person; of the holdout 0 worth 0 JPY, 0 JPY a person",
	} {
		if !strings.Contains(told, want) {
			t.Errorf("%q is not in %q", want, told)
		}
	}
}

// What commands say to people who follow the docs for the first time.
func TestSmallWordsAreRight(t *testing.T) {
	folder := t.TempDir()
	data, file := filepath.Join(folder, "data"), filepath.Join(folder, "people.csv")
	if err := os.WriteFile(file, []byte("id,email,first_name,last_name\n1,ann@shop.example,Ann,Lee\n2,bob@shop.example,,\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	wants(t, 0, "2 rows in 1 file: ", "import", "customers", file, "--data", data)
	wants(t, 0, "is in force", "apply", shopFolder, "--data", data)
	t.Run("who is to be erased", func(t *testing.T) {
		out, errOut, code := rapport(t, "erase", "1", "--data", data)
		if code != 1 || !strings.Contains(out, "Ann Lee (1), ann@shop.example") || !strings.Contains(errOut, "--yes") || strings.Contains(errOut, "@") {
			t.Errorf("exit %d: %s%s", code, out, errOut)
		}
	})
	t.Run("nobody's name", func(t *testing.T) {
		if out, errOut, _ := rapport(t, "customer", "2", "--data", data); !strings.HasPrefix(out, "2\n") {
			t.Errorf("the profile begins %q %s", out[:min(len(out), 20)], errOut)
		}
	})
	t.Run("somebody's name", func(t *testing.T) {
		wants(t, 0, "Ann Lee", "customer", "LEE an", "--data", data)
		wants(t, 0, `"matching": 1`, "customer", "ann", "--format", "json", "--data", data)
		wants(t, 1, "no name has words that begin so", "customer", "zoe", "--data", data)
		wants(t, 1, "at least two letters", "customer", "z", "--data", data)
		wants(t, 1, "nobody has the id", "erase", "ann", "--data", data) // who is meant is not guessed
	})
	t.Run("empty lists", func(t *testing.T) {
		for _, command := range []string{"cases", "doubts"} {
			if out, errOut, code := rapport(t, command, "--format", "json", "--data", data); code != 0 || strings.TrimSpace(out) != "[]" {
				t.Errorf("%s: exit %d, %s%s", command, code, out, errOut)
			}
		}
	})
	t.Run("a campaign that is not there", func(t *testing.T) {
		wants(t, 1, "there is no campaign \"welcom\"; there are advent-sale, ", "explain", "welcom", "1", "--data", data)
	})
	t.Run("a port that is taken", func(t *testing.T) {
		taken, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer taken.Close()
		t.Setenv("RAPPORT_LISTEN", taken.Addr().String())
		wants(t, 1, "RAPPORT_LISTEN", "up", shopFolder, "--data", data)
	})
}
