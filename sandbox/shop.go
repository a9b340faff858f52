package sandbox

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"rapport/channels"
	"rapport/customers"
)

// Shop is a made-up shop: people, what they bought, and what they will do. The
// same seed makes the same shop.
type Shop struct {
	People   []customers.Customer
	Orders   []customers.Order
	Products []customers.Product
	// Life is what happens from the start on, in order of time.
	Life []customers.Event
	// Browsers are the ids of people who allow notifications.
	Browsers []string
}

// cast is what names, numbers and languages are drawn from.
type cast struct {
	locale, country, city, zone string
	phone                       string // with %d where the number varies
	first, last                 []string
}

var casts = []cast{
	{
		locale: "de-DE", country: "DE", city: "Berlin", zone: "Europe/Berlin", phone: "+4915112%06d",
		first: []string{"Anna", "Jonas", "Lena", "Paul", "Mia", "Felix", "Clara", "Emil", "Greta", "Anton"},
		last:  []string{"Schulz", "Wagner", "Becker", "Hoffmann", "Koch", "Richter", "Klein", "Wolf", "Neumann", "Krüger"},
	},
	{
		locale: "de-AT", country: "AT", city: "Wien", zone: "Europe/Vienna", phone: "+43664123%04d",
		first: []string{"Lukas", "Sophie", "Maximilian", "Valentina", "Jakob", "Marlene"},
		last:  []string{"Gruber", "Huber", "Steiner", "Moser", "Hofer", "Leitner"},
	},
	{
		locale: "en-GB", country: "DE", city: "Berlin", zone: "", phone: "+4917012%05d",
		first: []string{"Grace", "Oliver", "Priya", "Sean", "Amara", "Tom"},
		last:  []string{"Walsh", "Patel", "Okafor", "Byrne", "Hughes", "Reid"},
	},
	{
		locale: "fa-IR", country: "DE", city: "Hamburg", zone: "Europe/Berlin", phone: "+4916012%05d",
		first: []string{"نگار", "آرش", "مریم", "کاوه", "شیرین"},
		last:  []string{"رضایی", "احمدی", "کریمی", "نوری", "صادقی"},
	},
}

// shares is how many in a hundred belong to each cast.
var shares = []int{55, 15, 20, 10}

var shelf = []customers.Product{
	{ID: "coffee-house", Name: "House blend, 1 kg", Price: 2490},
	{ID: "coffee-huehue", Name: "Huehuetenango, 500 g", Price: 1690},
	{ID: "rye", Name: "Rye bread", Price: 640},
	{ID: "stollen", Name: "Stollen", Price: 2290},
	{ID: "jam", Name: "Quince jelly", Price: 720},
	{ID: "mill", Name: "Hand mill", Price: 8900},
	{ID: "gift", Name: "Gift box", Price: 4900},
}

// NewShop makes a shop of n people with two years of orders before start and a
// life of some days after it.
func NewShop(seed uint64, n int, start time.Time, days int) Shop {
	maker := &shopMaker{chance: rand.New(rand.NewPCG(seed, 0x5eed)), start: start, days: days}
	maker.shop.Products = shelf
	for i := range n {
		maker.person(i)
	}
	for i := range n / 50 {
		maker.signUp(n + i)
	}
	slices.SortStableFunc(maker.shop.Life, func(a, b customers.Event) int { return a.At.Compare(b.At) })
	return maker.shop
}

type shopMaker struct {
	chance *rand.Rand
	start  time.Time
	days   int
	shop   Shop
	number int // of the last order
}

// person makes one customer, their past and their next weeks.
func (m *shopMaker) person(i int) {
	customer := m.somebody(i)
	customer.CreatedAt = m.start.Add(-time.Duration(30+m.chance.IntN(700)) * 24 * time.Hour)
	m.shop.People = append(m.shop.People, customer)
	if m.chance.IntN(100) < 25 {
		m.shop.Browsers = append(m.shop.Browsers, customer.ID)
	}
	rhythm := 20 + m.chance.IntN(160) // days between two orders
	stopped := m.start
	if m.chance.IntN(100) < 30 {
		stopped = m.start.Add(-time.Duration(60+m.chance.IntN(300)) * 24 * time.Hour)
	}
	for at := customer.CreatedAt.Add(m.about(rhythm)); at.Before(m.start.Add(time.Duration(m.days) * 24 * time.Hour)); at = at.Add(m.about(rhythm)) {
		switch {
		case at.Before(stopped):
			m.shop.Orders = append(m.shop.Orders, m.order(customer.ID, at))
		case stopped.Equal(m.start):
			m.purchase(customer.ID, at)
		}
	}
	if m.chance.IntN(100) < 4 {
		m.happens(customer.ID, "Product Back In Stock", m.someday(), map[string]any{
			"product_id": "stollen", "product": "Stollen", "url": "https://lindenhof.example/stollen",
		})
	}
}

// signUp makes somebody who comes to know the shop during its new life.
func (m *shopMaker) signUp(i int) {
	customer := m.somebody(i)
	at := m.someday()
	customer.CreatedAt = at
	m.shop.People = append(m.shop.People, customer)
	m.happens(customer.ID, "Signed Up", at, map[string]any{})
}

func (m *shopMaker) somebody(i int) customers.Customer {
	from := casts[m.weighted(shares)]
	id := fmt.Sprintf("c%05d", i+1)
	customer := customers.Customer{
		ID: id, FirstName: pick(m.chance, from.first), LastName: pick(m.chance, from.last),
		Locale: from.locale, Country: from.country, City: from.city, Zone: from.zone, Kind: "consumer",
	}
	if m.chance.IntN(100) < 96 {
		customer.Email = id + "@customers.example"
	}
	if m.chance.IntN(100) < 80 {
		customer.Phone = fmt.Sprintf(from.phone, i)
	}
	if m.chance.IntN(100) < 3 {
		customer.FirstName = "" // not everybody says their name
	}
	for _, ch := range channels.All() {
		if m.chance.IntN(100) < map[channels.Channel]int{channels.Email: 70, channels.SMS: 35, channels.Push: 60}[ch] {
			customer.Consents = append(customer.Consents, customers.Consent{
				Topic: "marketing", Channel: ch, In: true, At: m.start.Add(-24 * time.Hour), Source: customers.ByForm,
			})
		}
	}
	return customer
}

// purchase is an order in the shop's new life, and what follows from it.
func (m *shopMaker) purchase(id string, at time.Time) {
	order := m.order(id, at)
	properties := map[string]any{"order_id": order.ID, "total": float64(order.Total) / 100, "currency": "EUR"}
	m.happens(id, "Order Completed", at, properties)
	arrives := at.Add(time.Duration(36+m.chance.IntN(60)) * time.Hour)
	m.happens(id, "Order Delivered", arrives, properties)
	if m.chance.IntN(100) < 5 {
		m.happens(id, "Order Returned", arrives.Add(time.Duration(4+m.chance.IntN(40))*time.Hour), properties)
	}
}

func (m *shopMaker) order(id string, at time.Time) customers.Order {
	m.number++
	order := customers.Order{
		ID: fmt.Sprintf("L-%06d", m.number), Customer: id, At: at, Currency: "EUR", Status: "completed",
	}
	for line := range 1 + m.chance.IntN(3) {
		product := shelf[m.chance.IntN(len(shelf))]
		quantity := int64(1 + m.chance.IntN(2))
		order.Lines = append(order.Lines, customers.OrderLine{
			Number: line + 1, Product: product.ID, Quantity: quantity, Amount: product.Price * quantity,
		})
		order.Total += product.Price * quantity
	}
	return order
}

func (m *shopMaker) happens(id, name string, at time.Time, properties map[string]any) {
	if at.Before(m.start) || at.After(m.start.Add(time.Duration(m.days)*24*time.Hour)) {
		return
	}
	m.shop.Life = append(m.shop.Life, customers.Event{
		Customer: id, Name: name, At: at, ReceivedAt: at, Properties: properties,
		Key: fmt.Sprintf("shop:%s:%s:%d", id, name, at.UnixMilli()), Live: true,
	})
}

// about is about that many days, a third more or less, at some hour of the day.
func (m *shopMaker) about(around int) time.Duration {
	return time.Duration(float64(around)*(0.67+0.66*m.chance.Float64())*24*60) * time.Minute
}

// someday is a waking moment of the shop's new life.
func (m *shopMaker) someday() time.Time {
	return m.start.Add(time.Duration(m.chance.IntN(max(m.days, 1)))*24*time.Hour + time.Duration(m.chance.IntN(13*60))*time.Minute)
}

func (m *shopMaker) weighted(shares []int) int {
	n := m.chance.IntN(100)
	for i, share := range shares {
		if n -= share; n < 0 {
			return i
		}
	}
	return 0
}

func pick(chance *rand.Rand, from []string) string { return from[chance.IntN(len(from))] }
