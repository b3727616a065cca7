// Package steady keeps a service's time from running back over a restart: it
// stores the time of a [clock.Steady] in a partition. A wall clock that was set
// back while the server was down does not make leases longer than they were
// given, but for what passed since the time was stored last. Its functions are
// safe for concurrent use.
package steady

import (
	"context"
	"time"

	"github.com/millrace/millrace/internal/base/clock"
	"github.com/millrace/millrace/internal/store"
	"github.com/millrace/millrace/internal/store/row"
)

// key is the row with the time, ms since 1970.
var key = []byte("clock")

// Open returns the steady time of a clock, which begins no earlier than what Save
// stored last in the partition.
func Open(ctx context.Context, part store.Partition, c clock.Clock) (*clock.Steady, error) {
	var last int64
	err := part.View(ctx, func(r store.Reader) error {
		_, err := row.Find(r, key, &last)
		return err
	})
	return clock.NewSteady(c, time.UnixMilli(last)), err
}

// Save stores the time, cut to milliseconds.
func Save(ctx context.Context, part store.Partition, now time.Time) error {
	return part.Update(store.Freeing(ctx), func(tx store.Tx) error {
		tx.Set(key, row.Encode(now.UnixMilli()))
		return nil
	})
}
