package pebblestore

import (
	"path/filepath"
	"testing"

	"github.com/millrace/millrace/internal/store"
)

func TestMetricsTellOfTheEngine(t *testing.T) {
	s := filled(t, filepath.Join(t.TempDir(), "data"))
	if err := s.db.Flush(); err != nil {
		t.Fatal(err)
	}
	l, err := s.OpenLog(t.Context(), "log0")
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := l.Read(t.Context(), 0, store.Limit{}, new(store.Page)); err != nil {
			t.Fatal(err)
		}
	}
	m := s.Metrics()
	if m.LogBytes < 600_000 || m.FlushedBytes < 600_000 || m.L0Files+m.Compactions == 0 || m.CacheHits == 0 || m.WriteAmplification() < 1.5 {
		t.Errorf("%+v, amplification %v", m, m.WriteAmplification())
	}
	s.Close()
	if got := s.Metrics(); got != (Metrics{}) {
		t.Errorf("of a closed store: %+v", got)
	}
}
