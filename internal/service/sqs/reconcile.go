package sqs

import (
	"context"
	"fmt"

	"github.com/millrace/millrace/internal/store"
	"github.com/millrace/millrace/internal/store/row"
)

// reconcile completes what a crash left half done: a creation whose name is
// reserved and whose rows are not there, a deletion that did not reach its end.
// It reads no queue.
func (s *Service) reconcile(ctx context.Context) error {
	ctx = store.Freeing(ctx)
	return s.registries(ctx, func(reg queueKey) error {
		var rows []*registryRow
		part := s.registry(reg.account, reg.region).part
		err := part.View(ctx, func(r store.Reader) error { return row.Scan(r, namePrefix, &rows) })
		if err != nil {
			return fmt.Errorf("registry %s: %w", part.Name(), err)
		}
		for _, r := range rows {
			key := queueKey{reg.account, reg.region, r.Name}
			if r.State == present {
				err = s.write(ctx, key, r.Initial)
			} else {
				err = s.remove(ctx, key)
			}
			if err != nil {
				return fmt.Errorf("queue %s: %w", key.arn(), err)
			}
		}
		return nil
	})
}

// registries calls f for every account and region that has a registry.
func (s *Service) registries(ctx context.Context, f func(reg queueKey) error) error {
	names, err := s.o.Store.Partitions(ctx, root+"/")
	if err != nil {
		return err
	}
	for _, name := range names {
		key, ok := parsePartition(name)
		if !ok {
			return fmt.Errorf("%w: partition %q is none of this service's", store.ErrCorrupt, name)
		}
		if key.name == "" {
			if err := f(key); err != nil {
				return err
			}
		}
	}
	return nil
}
