package inflight

import (
	"iter"

	"github.com/millrace/millrace/internal/store"
)

// discard is a Tx whose rows are gone at once, for what concerns memory alone.
type discard struct{}

func (discard) Version() store.Version     { return store.Version{Epoch: 1, N: 1} }
func (discard) Get([]byte) ([]byte, error) { return nil, store.ErrNotFound }
func (discard) Set(_, _ []byte)            {}
func (discard) Delete([]byte)              {}
func (discard) DeleteRange(_, _ []byte)    {}

func (discard) Scan(_, _ []byte) iter.Seq2[store.KeyValue, error] {
	return func(func(store.KeyValue, error) bool) {}
}

func (d discard) ScanReverse(from, to []byte) iter.Seq2[store.KeyValue, error] {
	return d.Scan(from, to)
}
