package app

import (
	"context"
	"log/slog"
	"testing"

	"github.com/millrace/millrace/internal/store"
)

// slowStore closes when it is told to.
type slowStore struct {
	store.Store
	compacted chan struct{}
}

func (s slowStore) Close() error { <-s.compacted; return store.ErrClosed }

func TestStopDoesNotWaitForCompactions(t *testing.T) {
	s := slowStore{compacted: make(chan struct{})}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := closeStore(ctx, s, slog.New(slog.DiscardHandler)); err != nil {
		t.Errorf("out of time: %v", err)
	}
	close(s.compacted)
	if err := closeStore(t.Context(), s, slog.New(slog.DiscardHandler)); err != store.ErrClosed {
		t.Errorf("in time: %v", err)
	}
}
