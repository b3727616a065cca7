package kinesis

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	"github.com/millrace/millrace/internal/base/fault"
	"github.com/millrace/millrace/internal/base/hash128"
	"github.com/millrace/millrace/internal/store"
	"github.com/millrace/millrace/internal/store/row"
)

// reshard is the stored intent of a change of shards. It is carried out in
// steps, each of which closes parents and opens children in one commit; what is
// left to do follows from the open shards alone, so a restart goes on where the
// last commit was.
type reshard struct {
	Split *splitIntent `json:"split,omitempty"`
	Merge *mergeIntent `json:"merge,omitempty"`
	// Count is the number of shards that uniform scaling is to reach; 0: none.
	Count int `json:"count,omitempty"`
}

type splitIntent struct {
	Shard uint32       `json:"shard"`
	At    hash128.Hash `json:"at"` // where the second child begins
}

type mergeIntent struct {
	Shard    uint32 `json:"shard"`
	Adjacent uint32 `json:"adjacent"`
}

// step is one atomic change: the parents close, the children open.
type step struct {
	parents  []*shard
	children []*shard // without Index and Created, which the commit decides
}

func splitStep(sh *shard, at hash128.Hash) *step {
	parent := sh.Index
	return &step{[]*shard{sh}, []*shard{
		{Start: sh.Start, End: at.Prev(), Parent: &parent},
		{Start: at, End: sh.End, Parent: &parent},
	}}
}

// mergeStep merges two neighbours; the child names first as its parent.
func mergeStep(first, adjacent *shard) *step {
	parent, other := first.Index, adjacent.Index
	low, high := first, adjacent
	if high.Start.Less(low.Start) {
		low, high = high, low
	}
	return &step{[]*shard{first, adjacent}, []*shard{
		{Start: low.Start, End: high.End, Parent: &parent, Adjacent: &other},
	}}
}

// next returns the step that the open shards still need, or nil.
func (r *reshard) next(open []*shard) *step {
	find := func(index uint32) *shard {
		if i := slices.IndexFunc(open, func(sh *shard) bool { return sh.Index == index }); i >= 0 {
			return open[i]
		}
		return nil
	}
	switch {
	case r.Split != nil:
		if sh := find(r.Split.Shard); sh != nil {
			return splitStep(sh, r.Split.At)
		}
	case r.Merge != nil:
		if a, b := find(r.Merge.Shard), find(r.Merge.Adjacent); a != nil && b != nil {
			return mergeStep(a, b)
		}
	default:
		return uniformStep(open, r.Count)
	}
	return nil
}

// uniformStep brings the open shards nearer to n equal ranges, from left to
// right: what reaches over a bound is split there, what is too small is merged
// with its neighbour. From 4 shards to 3 that makes the shards 4 to 10, of which
// 6, 9 and 10 stay open, as AWS was seen to do (reference kinesis-streams §4.2).
func uniformStep(open []*shard, n int) *step {
	for i := range n {
		sh, end := open[i], hash128.Bound(i+1, n).Prev()
		switch sh.End.Cmp(end) {
		case 0:
			continue
		case 1:
			return splitStep(sh, end.Next())
		}
		if right := open[i+1]; end.Less(right.End) {
			return splitStep(right, end.Next())
		}
		return mergeStep(sh, open[i+1])
	}
	return nil
}

// maxSteps bounds the steps of one commit.
const maxSteps = 64

// batch returns the steps that can be made in one commit: as many of those that
// follow one another as need no child of an earlier one. They are the steps that
// next would return one by one, so that shards get the same numbers.
func (r *reshard) batch(open []*shard) []*step {
	var steps []*step
	unborn := make(map[*shard]bool)
	for len(steps) < maxSteps {
		s := r.next(open)
		if s == nil || slices.ContainsFunc(s.parents, func(sh *shard) bool { return unborn[sh] }) {
			break
		}
		steps = append(steps, s)
		i := slices.Index(open, s.parents[0])
		for _, p := range s.parents[1:] {
			i = min(i, slices.Index(open, p))
		}
		for _, c := range s.children {
			unborn[c] = true
		}
		open = slices.Replace(slices.Clone(open), i, i+len(s.parents), s.children...)
	}
	return steps
}

// reshard carries out the stored intent of the state, from wherever it stands.
func (h *stream) reshard(ctx context.Context, st *streamState) error {
	for {
		steps := st.Change.Reshard.batch(st.openShard)
		if len(steps) == 0 {
			break
		}
		var err error
		if st, err = h.reshardSteps(ctx, st, steps); err != nil {
			return err
		}
		if st == nil || st.Change == nil || st.Change.Reshard == nil {
			break
		}
	}
	if err := h.commit(ctx, func(tx store.Tx, st *streamState) error {
		d := st.description
		if d.Change == nil || d.Change.Reshard == nil || d.Change.Reshard.next(st.openShard) != nil {
			return nil
		}
		d.Status, d.Due, d.Change = active, time.Time{}, nil
		tx.Set(descriptionKey, row.Encode(d))
		return nil
	}); err != nil {
		return err
	}
	st, err := h.load(ctx)
	if err != nil || st == nil {
		return err
	}
	return h.svc.settleShards(ctx, st)
}

// reshardSteps makes the children's logs, seals the parents', and then closes
// the parents and opens the children in one commit. Before the commit nobody sees
// anything but writers, who wait for it; after a crash it is done again.
func (h *stream) reshardSteps(ctx context.Context, st *streamState, steps []*step) (*streamState, error) {
	var parents, children []*shard
	for _, s := range steps {
		parents, children = append(parents, s.parents...), append(children, s.children...)
	}
	if err := each(len(children), func(i int) error {
		return h.svc.createLog(ctx, h.key.log(st.Incarnation, st.NextShard+uint32(i)))
	}); err != nil {
		return nil, err
	}
	fault.Point("kinesis.reshard.logs")
	ends, newest := make([]store.Position, len(parents)), make([]time.Time, len(parents))
	if err := each(len(parents), func(i int) error {
		log, err := parents[i].runtime.log(ctx)
		if err != nil {
			return err
		}
		ends[i], err = log.Seal(ctx)
		newest[i] = log.State().Last
		return err
	}); err != nil {
		return nil, err
	}
	fault.Point("kinesis.reshard.sealed")
	now := h.svc.o.Clock.Now().UTC()
	err := h.commit(ctx, func(tx store.Tx, cur *streamState) error {
		if cur.NextShard != st.NextShard || cur.Status == deleting {
			return nil // somebody else has done it, or nobody needs it
		}
		d, i := cur.description, 0
		for _, s := range steps {
			// When the clock has gone back, the parents must neither expire before
			// their records nor seem to have been open beside their children.
			at, created, stamps := now, now.Unix(), time.Time{}
			for p, parent := range s.parents {
				stamps = latest(stamps, parent.Stamps, newest[i+p].UTC())
				at = latest(at, stamps, parent.Opened)
				created = max(created, parent.Created+1)
			}
			for _, parent := range s.parents {
				closed := *parent
				closed.Closed, closed.Records = at, ends[i]
				tx.Set(shardKey(closed.Index), row.Encode(closed))
				i++
			}
			for _, child := range s.children {
				child.Index, child.Created, child.Opened, child.Stamps = d.NextShard, created, at, stamps
				tx.Set(shardKey(child.Index), row.Encode(child))
				d.NextShard++
			}
		}
		tx.Set(descriptionKey, row.Encode(d))
		return nil
	})
	if err != nil {
		return nil, err
	}
	fault.Point("kinesis.reshard.committed")
	return h.load(ctx)
}

func latest(t time.Time, others ...time.Time) time.Time {
	for _, o := range others {
		if o.After(t) {
			t = o
		}
	}
	return t
}

// each calls f for 0 to n-1, several at a time so that they share their syncs,
// and returns the first error.
func each(n int, f func(i int) error) error {
	const atATime = 16
	var next atomic.Int64
	failed := make(chan error, atATime)
	for range atATime {
		go func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					failed <- nil
					return
				}
				if err := f(i); err != nil {
					failed <- err
					return
				}
			}
		}()
	}
	var first error
	for range atATime {
		if err := <-failed; err != nil && first == nil {
			first = err
		}
	}
	return first
}
