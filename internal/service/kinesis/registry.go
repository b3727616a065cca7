package kinesis

import (
	"context"
	"slices"
	"time"

	"github.com/millrace/millrace/internal/store"
	"github.com/millrace/millrace/internal/store/row"
)

// registry is the partition of an account in a region. It reserves names and
// shards before a stream's own partition is written, and outlives the streams:
// its tombstones keep a recreated stream from using its predecessor's sequence
// numbers.
type registry struct{ part store.Partition }

func (s *Service) registry(account, region string) registry {
	return registry{s.o.Store.Partition(registryName(account, region))}
}

// registryRow is one stream in the registry.
type registryRow struct {
	Name     string `json:"name"`
	Shards   int    `json:"shards"` // open shards, or as many as a reshard will need
	Deleting bool   `json:"deleting,omitempty"`
	Last     uint64 `json:"last,omitempty"` // deleting: the highest creation second that the stream used

	// Initial is what the stream's partition begins as, so that a creation that a
	// crash cut short can be completed.
	Initial  description `json:"initial"`
	OnDemand bool        `json:"onDemand,omitempty"`
}

// tombstone is what is left of a deleted name.
type tombstone struct {
	Last uint64 `json:"last"` // highest creation second that any stream of the name used
}

// rows returns all streams, by name.
func (r registry) rows(rd store.Reader) ([]*registryRow, error) {
	var rows []*registryRow
	err := row.Scan(rd, streamPrefix, &rows)
	return rows, err
}

// list returns all streams, by name.
func (r registry) list(ctx context.Context) (rows []*registryRow, err error) {
	err = r.part.View(ctx, func(rd store.Reader) error {
		rows, err = r.rows(rd)
		return err
	})
	return rows, err
}

// reserve writes the row of a new stream. check sees the rows that there are and
// may refuse. The row's Initial.Incarnation is set beyond every creation second
// that a stream of the name used before.
func (r registry) reserve(ctx context.Context, entry *registryRow, now time.Time, check func(rows []*registryRow) error) error {
	return r.part.Update(ctx, func(tx store.Tx) error {
		rows, err := r.rows(tx)
		if err != nil {
			return err
		}
		if err := check(rows); err != nil {
			return err
		}
		entry.Initial.Incarnation = uint64(now.Unix())
		var t tombstone
		if _, err := row.Find(tx, tombstoneKey(entry.Name), &t); err != nil {
			return err
		}
		// Without a tombstone Last is 0, and every second is beyond it.
		entry.Initial.Incarnation = max(entry.Initial.Incarnation, t.Last+1)
		tx.Set(registryKey(entry.Name), row.Encode(entry))
		return nil
	})
}

// change rewrites the row of a stream; a missing one is left alone.
func (r registry) change(ctx context.Context, name string, f func(entry *registryRow, all []*registryRow) error) error {
	return r.part.Update(ctx, func(tx store.Tx) error {
		all, err := r.rows(tx)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(all, func(entry *registryRow) bool { return entry.Name == name })
		if i < 0 {
			return nil
		}
		before := *all[i]
		if err := f(all[i], all); err != nil || before.Shards == all[i].Shards && before.Deleting == all[i].Deleting && before.OnDemand == all[i].OnDemand {
			return err
		}
		tx.Set(registryKey(name), row.Encode(all[i]))
		return nil
	})
}

// openShards sums the shards of all streams.
func openShards(rows []*registryRow) (n int) {
	for _, entry := range rows {
		n += entry.Shards
	}
	return n
}

func (r registry) markDeleting(ctx context.Context, name string, last uint64) error {
	return r.change(ctx, name, func(entry *registryRow, _ []*registryRow) error {
		entry.Deleting, entry.Last = true, last
		return nil
	})
}

// bury replaces the row of a stream that is gone by its tombstone.
func (r registry) bury(ctx context.Context, name string) error {
	return r.part.Update(ctx, func(tx store.Tx) error {
		var entry registryRow
		if found, err := row.Find(tx, registryKey(name), &entry); err != nil || !found {
			return err
		}
		tx.Delete(registryKey(name))
		tx.Set(tombstoneKey(name), row.Encode(tombstone{Last: entry.Last}))
		return nil
	})
}
