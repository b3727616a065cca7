package kinesis

import (
	"context"
	"errors"
	"fmt"

	"github.com/millrace/millrace/internal/store"
	"github.com/millrace/millrace/internal/store/row"
)

// reconcile completes what a crash left half done: a creation whose name is
// reserved but whose partition is empty, a deletion that did not reach its end.
// Loading every stream arms the timers of its transitions.
func (s *Service) reconcile(ctx context.Context) error {
	names, err := s.o.Store.Partitions(ctx, root+"/")
	if err != nil {
		return err
	}
	for _, name := range names {
		key, ok := parsePartition(name)
		if !ok {
			return fmt.Errorf("%w: partition %q is none of this service's", store.ErrCorrupt, name)
		}
		if key.name != "" {
			continue // reached through its registry
		}
		rows, err := s.registry(key.account, key.region).list(ctx)
		if err != nil {
			return fmt.Errorf("read registry %s: %w", name, err)
		}
		for _, entry := range rows {
			key.name = entry.Name
			if err := s.reconcileStream(ctx, key, entry); err != nil {
				return fmt.Errorf("stream %s: %w", key.arn(), err)
			}
		}
	}
	return nil
}

func (s *Service) reconcileStream(ctx context.Context, key streamKey, entry *registryRow) error {
	ctx = store.Freeing(ctx)
	if entry.Deleting {
		return s.removeStream(ctx, newStream(s, key))
	}
	_, st, err := s.stream(ctx, key)
	if err != nil {
		return err
	}
	if st == nil {
		return s.writeStream(ctx, key, entry)
	}
	if err := s.dropOrphans(ctx, st); err != nil {
		return err
	}
	if entry.Shards == len(st.openShard) && entry.OnDemand == st.wanted().OnDemand {
		return nil
	}
	return s.settleShards(ctx, st)
}

// dropOrphans drops the logs of shards that are not listed any more: trimming
// removes the row first, and then the log.
func (s *Service) dropOrphans(ctx context.Context, st *streamState) error {
	names, err := s.o.Store.Logs(ctx, st.key.partition()+"/")
	if err != nil {
		return err
	}
	listed := make(map[string]bool, len(st.shards))
	for _, sh := range st.shards {
		listed[sh.runtime.logName] = true
	}
	for _, name := range names {
		// A log beyond the last shard belongs to a reshard that goes on.
		if listed[name] || name >= st.key.log(st.Incarnation, st.NextShard) {
			continue
		}
		log, err := s.o.Store.OpenLog(ctx, name)
		if err != nil {
			return err
		}
		if err := log.Drop(ctx); err != nil {
			return err
		}
	}
	return nil
}

// settleShards corrects the registry's count of a stream's shards, where no
// reshard is under way.
func (s *Service) settleShards(ctx context.Context, st *streamState) error {
	if st.Change != nil && st.Change.Reshard != nil {
		return nil
	}
	return s.registry(st.key.account, st.key.region).change(ctx, st.key.name, func(entry *registryRow, _ []*registryRow) error {
		entry.Shards, entry.OnDemand = len(st.openShard), st.wanted().OnDemand
		return nil
	})
}

// reserveShards raises the registry's count of a stream's shards to n.
func (s *Service) reserveShards(ctx context.Context, key streamKey, n int, refuse func(open, limit int) error) error {
	return s.registry(key.account, key.region).change(ctx, key.name, func(entry *registryRow, all []*registryRow) error {
		if entry.Shards >= n {
			return nil
		}
		if open := openShards(all); s.o.ShardQuota > 0 && open-entry.Shards+n > s.o.ShardQuota {
			return refuse(open, s.o.ShardQuota)
		}
		entry.Shards = n
		return nil
	})
}

// writeStream writes a new stream's partition and logs from its registry row.
// It can be repeated.
func (s *Service) writeStream(ctx context.Context, key streamKey, entry *registryRow) error {
	shards := firstShards(&entry.Initial, entry.Shards)
	if err := each(len(shards), func(i int) error {
		return s.createLog(ctx, key.log(entry.Initial.Incarnation, shards[i].Index))
	}); err != nil {
		return err
	}
	return s.o.Store.Partition(key.partition()).Update(ctx, func(tx store.Tx) error {
		tx.Set(descriptionKey, row.Encode(entry.Initial))
		for _, sh := range shards {
			tx.Set(shardKey(sh.Index), row.Encode(sh))
		}
		return nil
	})
}

// createLog makes a log unless it is there.
func (s *Service) createLog(ctx context.Context, name string) error {
	_, err := s.o.Store.CreateLog(ctx, name)
	if err != nil && !errors.Is(err, store.ErrExists) {
		return err
	}
	return nil
}
