package workers

import (
	"context"
	"fmt"
	"maps"

	"rapport/templates"
)

// linksKept bounds the numbers remembered; links made for one customer each
// would otherwise fill the memory.
const linksKept = 10_000

// longestLink is how many bytes of a link are kept. One that is longer, because
// somebody's data stand in it, leads straight to its target, and its clicks are not
// counted: an index of PostgreSQL holds no more than 2,700.
const longestLink = 2000

// wrapLinks replaces the links of e-mails by signed ones of ours. A link is
// stored once, whoever it is sent to.
func (o *PostOffice) wrapLinks(ctx context.Context, parcels []*parcel) error {
	links := make([][]templates.Link, len(parcels))
	numbers := map[string]int64{}
	for i, p := range parcels {
		if mail := p.message.Content.Email; mail != nil && !p.delivery.Direct() {
			links[i] = templates.Links(mail.HTML)
			for _, link := range links[i] {
				if !o.Addresses.Own(link.URL) && len(link.URL) <= longestLink {
					numbers[link.URL] = 0
				}
			}
		}
	}
	if err := o.number(ctx, numbers); err != nil {
		return err
	}
	for i, p := range parcels {
		mail := p.message.Content.Email
		if mail == nil || p.delivery.Direct() {
			continue
		}
		mail.HTML = templates.Dressed(mail.HTML, links[i], func(link templates.Link) string {
			if number, stored := numbers[link.URL]; stored {
				return o.Addresses.Click(p.delivery.ID, number)
			}
			return link.URL
		}, o.Addresses.Open(p.delivery.ID))
	}
	return nil
}

// number fills in the numbers under which links are stored, storing those that
// are new.
func (o *PostOffice) number(ctx context.Context, numbers map[string]int64) error {
	o.mu.Lock()
	var fresh []string
	for url := range numbers {
		if n, known := o.numbers[url]; known {
			numbers[url] = n
		} else {
			fresh = append(fresh, url)
		}
	}
	o.mu.Unlock()
	if len(fresh) == 0 {
		return nil
	}
	stored, err := o.Links.Intern(ctx, fresh)
	if err != nil {
		return fmt.Errorf("store %d links: %w", len(fresh), err)
	}
	maps.Copy(numbers, stored)
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.numbers == nil || len(o.numbers)+len(stored) > linksKept {
		o.numbers = make(map[string]int64, len(stored))
	}
	maps.Copy(o.numbers, stored)
	return nil
}
