package kinesis

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/api"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
	"github.com/millrace/millrace/internal/base/hash128"
)

func TestExpiredRecordsAreNotReadAndThenForgotten(t *testing.T) {
	h := newHarness(t)
	st := h.create("s", 1)
	h.put("s", [2]string{"a", "old"})
	h.clock.Advance(23 * time.Hour)
	h.put("s", [2]string{"a", "young"})
	if got := data(h.get(h.iterator("s", "0", "TRIM_HORIZON")).Records); !slices.Equal(got, []string{"old", "young"}) {
		t.Fatalf("within retention: %q", got)
	}
	h.clock.Advance(61 * time.Minute)
	// Read before the trimming is sure to have passed: the filter alone decides.
	if got := data(h.get(h.iterator("s", "0", "TRIM_HORIZON")).Records); !slices.Equal(got, []string{"young"}) {
		t.Errorf("past retention: %q", got)
	}
	s, _, err := h.stream(t.Context(), st.key)
	h.must(err)
	h.must(s.trim(t.Context()))
	log, err := h.store.OpenLog(t.Context(), st.shards[0].runtime.logName)
	h.must(err)
	if state := log.State(); state.First != 1 || state.Next != 2 {
		t.Errorf("after trimming the log is %+v", state)
	}
}

func TestClosedShardsVanishPastRetention(t *testing.T) {
	h := newHarness(t)
	st := h.create("s", 1)
	s, _, err := h.stream(t.Context(), st.key)
	h.must(err)
	h.put("s", [2]string{"a", "1"})
	h.must(h.split("s", "0", hash128.Bound(1, 2).String()))
	h.settle("s")
	list := func() (ids []string) {
		out := new(kinesisapi.ListShardsOutput)
		h.must(h.ListShards(h.call(kinesisapi.OpListShards), &kinesisapi.ListShardsInput{StreamName: api.Some("s")}, out))
		for _, sh := range out.Shards {
			ids = append(ids, sh.ShardId.V)
		}
		return ids
	}
	if ids := list(); len(ids) != 3 {
		t.Fatalf("after the split: %q", ids)
	}
	h.clock.Advance(25 * time.Hour)
	if ids := list(); !slices.Equal(ids, []string{shardID(1), shardID(2)}) {
		t.Errorf("a day later: %q", ids)
	}
	h.must(s.trim(t.Context()))
	h.wantCode(h.GetShardIterator(h.call(kinesisapi.OpGetShardIterator), &kinesisapi.GetShardIteratorInput{
		StreamName: api.Some("s"), ShardId: api.Some("0"), ShardIteratorType: api.Some("TRIM_HORIZON"),
	}, new(kinesisapi.GetShardIteratorOutput)), "ResourceNotFoundException")
	if logs, err := h.store.Logs(t.Context(), ""); err != nil || len(logs) != 2 {
		t.Errorf("logs: %q, %v", logs, err)
	}
}

func TestListShardsFilters(t *testing.T) {
	h := newHarness(t)
	begin := h.clock.Now()
	h.create("s", 2) // 0, 1
	h.clock.Advance(time.Hour)
	h.must(h.split("s", "0", hash128.Bound(1, 4).String())) // 2, 3
	h.settle("s")
	afterSplit := h.clock.Now()
	h.clock.Advance(time.Hour)
	h.must(h.merge("s", "3", "1")) // 4
	h.settle("s")
	h.clock.Advance(time.Hour)
	list := func(in kinesisapi.ListShardsInput) (ids []string) {
		t.Helper()
		in.StreamName = api.Some("s")
		for {
			out := new(kinesisapi.ListShardsOutput)
			h.must(h.ListShards(h.call(kinesisapi.OpListShards), &in, out))
			for _, sh := range out.Shards {
				ids = append(ids, sh.ShardId.V[len(sh.ShardId.V)-1:])
			}
			if !out.NextToken.Set {
				return ids
			}
			in = kinesisapi.ListShardsInput{NextToken: out.NextToken, MaxResults: in.MaxResults}
		}
	}
	filter := func(kind string, at time.Time) kinesisapi.ListShardsInput {
		f := &kinesisapi.ShardFilter{Type: api.Some(kind)}
		if !at.IsZero() {
			f.Timestamp = api.Some(at)
		}
		return kinesisapi.ListShardsInput{ShardFilter: f}
	}
	after := kinesisapi.ListShardsInput{ShardFilter: &kinesisapi.ShardFilter{Type: api.Some("AFTER_SHARD_ID"), ShardId: api.Some("shardId-000000000002")}}
	for name, c := range map[string]struct {
		in   kinesisapi.ListShardsInput
		want string
	}{
		"none":                   {kinesisapi.ListShardsInput{}, "[0 1 2 3 4]"},
		"exclusive start":        {kinesisapi.ListShardsInput{ExclusiveStartShardId: api.Some("shardId-000000000001")}, "[2 3 4]"},
		"AT_LATEST":              {filter("AT_LATEST", time.Time{}), "[2 4]"},
		"AT_TRIM_HORIZON":        {filter("AT_TRIM_HORIZON", time.Time{}), "[0 1]"},
		"FROM_TRIM_HORIZON":      {filter("FROM_TRIM_HORIZON", time.Time{}), "[0 1 2 3 4]"},
		"AT_TIMESTAMP":           {filter("AT_TIMESTAMP", afterSplit), "[1 2 3]"},
		"AT_TIMESTAMP of before": {filter("AT_TIMESTAMP", begin.Add(-time.Hour)), "[0 1]"},
		"FROM_TIMESTAMP":         {filter("FROM_TIMESTAMP", afterSplit.Add(time.Minute)), "[1 2 3 4]"},
		"AFTER_SHARD_ID":         {after, "[3 4]"},
	} {
		if got := fmt.Sprint(list(c.in)); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
		c.in.MaxResults = api.Some(int32(1))
		if got := fmt.Sprint(list(c.in)); got != c.want {
			t.Errorf("%s, page by page: %s, want %s", name, got, c.want)
		}
	}
}

func TestNothingExpiresByAClockThatIsNotBelieved(t *testing.T) {
	h := newHarness(t)
	st := h.create("s", 1)
	s, _, err := h.stream(t.Context(), st.key)
	h.must(err)
	h.put("s", [2]string{"a", "1"})
	h.must(h.split("s", "0", hash128.Bound(1, 2).String()))
	h.settle("s")
	h.store.SuspectClock(true)
	h.clock.Advance(30 * time.Hour)
	h.trimAll(t.Context())
	h.must(s.trim(t.Context()))
	if got := data(h.get(h.iterator("s", "0", "TRIM_HORIZON")).Records); !slices.Equal(got, []string{"1"}) {
		t.Errorf("30 hours ahead: %q", got)
	}
	h.clock.Advance(-30 * time.Hour)
	h.store.SuspectClock(false)
	h.trimAll(t.Context())
	if got := data(h.get(h.iterator("s", "0", "TRIM_HORIZON")).Records); !slices.Equal(got, []string{"1"}) {
		t.Errorf("with the clock right again: %q", got)
	}
}

// While the clock is behind, a reshard makes children that go on from their
// parents' last stamp: their records do not expire earlier when the clock is
// right, and no time is that of both or neither.
func TestReshardWhileTheClockIsBehind(t *testing.T) {
	h := newHarness(t)
	h.create("s", 2)
	h.clock.Advance(time.Hour)
	h.put("s", [2]string{"a", "1"}, [2]string{"b", "2"}, [2]string{"c", "3"})
	right := h.clock.Now()
	h.clock.Set(right.Add(-30 * time.Hour))
	h.must(h.split("s", "0", hash128.Bound(1, 4).String()))
	h.settle("s")
	h.must(h.merge("s", "2", "3"))
	h.settle("s")
	h.must(h.merge("s", "4", "1"))
	st := h.settle("s")
	last := h.put("s", [2]string{"a", "4"}).Records[0].ShardId.V
	for at := range 40 {
		var open []*shard
		at := right.Add(time.Duration(at-35) * time.Hour)
		for _, sh := range st.shards {
			if sh.openAt(at) {
				open = append(open, sh)
			}
		}
		if at.Before(st.CreatedAt) {
			if len(open) != 0 {
				t.Errorf("%v before the stream there are shards", at)
			}
			continue
		}
		wantCover(t, open)
	}
	h.clock.Set(right.Add(23 * time.Hour))
	records := h.get(h.iterator("s", last, "TRIM_HORIZON")).Records
	if got := data(records); !slices.Equal(got, []string{"4"}) || !records[0].ApproximateArrivalTimestamp.V.Equal(right) {
		t.Errorf("with the clock right there is %q", got)
	}
	h.wantRecords(st, []string{"1", "2", "3", "4"})
}
