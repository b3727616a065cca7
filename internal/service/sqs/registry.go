package sqs

import (
	"context"

	"github.com/millrace/millrace/internal/store"
	"github.com/millrace/millrace/internal/store/row"
)

// registry is the partition of an account in a region. It reserves names before
// a queue's own partition is written, and outlives it while that is removed.
type registry struct{ part store.Partition }

func (s *Service) registry(account, region string) registry {
	return registry{s.o.Store.Partition(registryName(account, region))}
}

// State of a registry's row.
const (
	present  = ""         // the queue's partition is there, or is being written from Initial
	deleting = "deleting" // the queue is gone for its users
)

// registryRow is one name in the registry.
type registryRow struct {
	Name  string `json:"name"`
	State string `json:"state,omitempty"`
	// Incarnation is that of the queue, or of the last one of the name.
	Incarnation uint64 `json:"incarnation"`
	// Initial is what the queue's partition begins as, so that a creation that a
	// crash cut short can be completed.
	Initial *description `json:"initial,omitempty"`
	// Deleted is when the queue was deleted, ms since 1970. Such a row stays until
	// the name may be used again.
	Deleted int64 `json:"deleted,omitempty"`
}

// Rows of a registry.
var (
	namePrefix = []byte("n/")
	keyKey     = []byte("key") // the data key of the queues that SQS encrypts
)

func nameKey(name string) []byte { return append([]byte("n/"), name...) }

// names yields the rows of queues that are there, in order, whose names begin
// with prefix and come after a name, until f returns false.
func (r registry) names(ctx context.Context, prefix, after string, f func(row *registryRow) bool) error {
	return r.part.View(ctx, func(rd store.Reader) error {
		from, to := nameKey(prefix), row.End(nameKey(prefix))
		if after >= prefix && after != "" {
			from = append(nameKey(after), 0)
		}
		for kv, err := range rd.Scan(from, to) {
			if err != nil {
				return err
			}
			var v registryRow
			if err := row.Decode(kv.Value, &v); err != nil {
				return err
			}
			if v.State == present && !f(&v) {
				return nil
			}
		}
		return nil
	})
}

// find returns the row of a name, nil where there is none.
func (r registry) find(rd store.Reader, name string) (*registryRow, error) {
	v := new(registryRow)
	found, err := row.Find(rd, nameKey(name), v)
	if err != nil || !found {
		return nil, err
	}
	return v, nil
}

func (r registry) put(tx store.Tx, v *registryRow) { tx.Set(nameKey(v.Name), row.Encode(v)) }
