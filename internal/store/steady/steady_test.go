package steady_test

import (
	"testing"
	"time"

	"github.com/millrace/millrace/internal/base/clock"
	"github.com/millrace/millrace/internal/store/memstore"
	"github.com/millrace/millrace/internal/store/steady"
)

func TestTimeDoesNotRunBackOverARestart(t *testing.T) {
	noon := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	wall := clock.NewFake(noon)
	s := memstore.New(memstore.Options{Clock: wall})
	defer s.Close()
	part := s.Partition("p")
	first, err := steady.Open(t.Context(), part, wall)
	if err != nil || !first.Now().Equal(noon) {
		t.Fatalf("begins at %v, %v", first.Now(), err)
	}
	if err := steady.Save(t.Context(), part, first.Now()); err != nil {
		t.Fatal(err)
	}
	for _, set := range []time.Duration{-time.Hour, time.Hour} {
		wall.Set(noon.Add(set))
		again, err := steady.Open(t.Context(), part, wall)
		if want := noon.Add(max(set, 0)); err != nil || !again.Now().Equal(want) {
			t.Errorf("set by %v it begins at %v, %v; want %v", set, again.Now(), err, want)
		}
	}
}
