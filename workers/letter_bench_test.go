package workers

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"rapport/campaigns"
	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
)

// offers is a shop's letter as shops write them: the shipped layout, a greeting, two
// columns of things for sale, and a condition.
func offers() string {
	var b strings.Builder
	b.WriteString("---\nsubject: \"{{ customer.first_name | default: 'Hello' }}, fifteen per cent until Sunday\"\npreheader: On everything that keeps\nlayout: none\nformat: html\n---\n")
	b.WriteString("<p>Dear {{ customer.first_name | default: 'friend' }} {{ customer.last_name | default: '' }},</p>\n<p>your {{ customer.points.balance }} points are good for one of these until Sunday night. The price is already reduced; there is no code to type.</p>\n")
	for i := range 9 {
		fmt.Fprintf(&b, "<table role=\"presentation\" width=\"100%%\"><tr><td style=\"padding:8px 0\"><a href=\"https://shop.example/things/%d?from=letter\"><img src=\"https://shop.example/pictures/%d.jpg\" width=\"120\" alt=\"\"></a></td>"+
			"<td style=\"padding:8px 16px;font-family:Arial,sans-serif;font-size:16px\"><b>Thing %d</b><br>It keeps for weeks — if nobody finds it — and costs less than before.<br><a style=\"color:#1a56db\" href=\"https://shop.example/things/%d\">Have a look</a></td></tr></table>\n", i, i, i, i)
	}
	b.WriteString("{% if customer.city %}<p>There is a shop of ours in {{ customer.city }}, too.</p>{% endif %}\n<p><a href=\"https://shop.example/sale?for={{ customer.id }}\">To the sale</a></p>\n" +
		"<p style=\"font-size:13px\">{{ brand.name }}, {{ brand.address }}<br><a href=\"{{ links.unsubscribe }}\">Unsubscribe</a> <a href=\"{{ links.preferences }}\">Preferences</a></p>\n")
	return b.String()
}

// counting numbers links in the order they come.
type counting struct{}

func (counting) Intern(_ context.Context, urls []string) (map[string]int64, error) {
	numbers := map[string]int64{}
	for i, url := range urls {
		numbers[url] = int64(i + 1)
	}
	return numbers, nil
}

func (counting) URL(context.Context, int64) (string, error) { return "", nil }

// letters are parcels of one campaign, to be written.
func letters(b testing.TB, n int) (*PostOffice, *campaigns.Edition, []*parcel) {
	b.Helper()
	files := map[string][]byte{
		"rapport.yaml": []byte("workspace: shop\nbrand: {name: Shop, url: \"https://shop.example\", address: \"1 High Street\"}\nlocale: en\nzone: Europe/Berlin\ncurrency: EUR\n" +
			"topics:\n  - {id: marketing, title: Offers, default: out}\nsenders:\n  email: {from: \"Shop <hello@shop.example>\"}\n"),
		"campaigns/offers.yaml": []byte("campaign: offers\ntitle: Offers\nowner: sales\ntopic: marketing\nstate: live\ntrigger: {once: 2026-12-01 09:00}\n" +
			"audience: {where: first_name != nil}\nsteps:\n  - {email: offers}\n"),
		"templates/email/offers.liquid": []byte(offers()),
	}
	shop, problems := campaigns.Load(files)
	if mistakes, _ := campaigns.CountProblems(problems); mistakes > 0 {
		b.Fatal(problems)
	}
	campaign := shop.Campaigns["offers"]
	parcels := make([]*parcel, n)
	for i := range parcels {
		id := "c" + strconv.Itoa(i)
		parcels[i] = &parcel{
			delivery: deliveries.Delivery{
				ID: int64(i + 1), Channel: channels.Email, Campaign: "offers", Template: "offers", Topic: "marketing", Customer: id,
			},
			campaign: campaign, words: &campaigns.Edition{Workspace: shop},
			traveller: campaigns.Traveller{Customer: &customers.Customer{
				ID: id, Email: id + "@example.com", FirstName: "Ada" + strconv.Itoa(i%97), LastName: "Müller", City: "Köln", Points: int64(i),
			}},
		}
	}
	office := &PostOffice{
		Links: counting{}, Log: slog.New(slog.DiscardHandler),
		Addresses: deliveries.Addresses{Base: "https://news.shop.example", Mail: "in.shop.example", Signer: deliveries.NewSigner([]byte("0123456789abcdef0123456789abcdef"))},
	}
	return office, &campaigns.Edition{Workspace: shop}, parcels
}

// BenchmarkLetterWritten is what the words, links and addresses of a letter cost.
func BenchmarkLetterWritten(b *testing.B) {
	office, edition, parcels := letters(b, 100)
	b.ReportAllocs()
	start := spent()
	for i := 0; i < b.N; i += len(parcels) {
		written, _, err := office.Write(b.Context(), edition, parcels)
		if err != nil || len(written) != len(parcels) {
			b.Fatal(len(written), err)
		}
		if i == 0 {
			mail := written[0].message.Content.Email
			b.ReportMetric(float64(len(mail.HTML)), "html-bytes")
			b.ReportMetric(float64(len(mail.Text)), "text-bytes")
		}
	}
	b.ReportMetric(float64((spent()-start).Microseconds())/float64(b.N), "cpu-µs/op")
}

// spent is the time that processors have worked for this program, which other
// programs on a machine change less than the time that passed.
func spent() time.Duration {
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
