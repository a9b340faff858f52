package console

import (
	"context"
	"time"

	"rapport/deliveries"
)

// outletRow is how a provider does, and what it did in the last minutes.
type outletRow struct {
	deliveries.Health
	State   string
	Traffic deliveries.Traffic
}

// outlets lists the providers that messages left by, and the senders and hosts
// that are not well.
func (c *Console) outlets(ctx context.Context) ([]outletRow, error) {
	now := c.Now()
	traffic, err := c.Outlets.Traffic(ctx, now.Add(-5*time.Minute))
	if err != nil {
		return nil, err
	}
	known, err := c.Outlets.Health(ctx, "")
	if err != nil {
		return nil, err
	}
	var rows []outletRow
	places := map[deliveries.Outlet]int{}
	for _, t := range traffic {
		h := deliveries.Health{Outlet: deliveries.Outlet{Channel: t.Channel, Provider: t.Provider}}
		places[h.Outlet] = len(rows)
		rows = append(rows, outletRow{Health: h, State: h.State(now), Traffic: t})
	}
	for _, h := range known {
		place, busy := places[h.Outlet]
		switch {
		case busy:
			rows[place].Health, rows[place].State = h, h.State(now)
		case h.State(now) != "up":
			rows = append(rows, outletRow{Health: h, State: h.State(now)})
		}
	}
	return rows, nil
}
