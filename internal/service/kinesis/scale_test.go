package kinesis

import (
	"testing"
	"time"

	"github.com/millrace/millrace/internal/api"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
)

func TestScaleTarget(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	busy := func(shards float64) rate { return rate{Bytes: int64(shards * mib)} }
	calls := func(n int64) rate { return rate{Records: n} }
	for name, c := range map[string]struct {
		shards int
		warm   int32
		age    time.Duration
		last   rate
		day    rate
		want   int
	}{
		"half of what is allowed is enough":     {4, 0, time.Hour, busy(2), busy(2), 4},
		"more than half doubles":                {4, 0, time.Hour, busy(2.1), busy(2.1), 8},
		"records count as well":                 {4, 0, time.Hour, calls(2001), calls(2001), 8},
		"an eighth over a day stays":            {16, 0, 25 * time.Hour, busy(0), busy(2), 16},
		"less than an eighth over a day halves": {16, 0, 25 * time.Hour, busy(0), busy(1.9), 8},
		"not before a day has passed":           {16, 0, 23 * time.Hour, busy(0), busy(0), 16},
		"never below four":                      {6, 0, 25 * time.Hour, busy(0), busy(0), 4},
		"warm throughput is a floor":            {4, 10, time.Hour, busy(0), busy(0), 10},
		"warm throughput holds a stream up":     {16, 10, 25 * time.Hour, busy(0), busy(0), 10},
		"four stay four":                        {4, 0, 25 * time.Hour, busy(0), busy(0), 4},
	} {
		st := &streamState{openShard: uniform(c.shards)}
		st.CreatedAt, st.WarmMiBps = now.Add(-c.age), c.warm
		if got := st.scaleTarget(now, c.last, []peak{{0, c.day}}); got != c.want {
			t.Errorf("%s: %d shards become %d, want %d", name, c.shards, got, c.want)
		}
	}
}

func TestNotePeakKeepsADayAndStoresWhatRises(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	var peaks []peak
	stored := 0
	for i := range 3 * 24 * 60 { // three days of minutes, slowly rising in each hour
		load := rate{Bytes: int64(1000 + i%60)}
		next, higher := notePeak(peaks, now.Add(time.Duration(i)*time.Minute), load)
		if higher {
			peaks = next
			stored++
		}
	}
	if len(peaks) != 24 {
		t.Errorf("%d hours are kept", len(peaks))
	}
	if stored != 3*24 {
		t.Errorf("%d of %d minutes were stored", stored, 3*24*60)
	}
	if _, higher := notePeak(peaks, now.Add(3*day), rate{}); higher {
		t.Error("an idle minute was stored")
	}
}

func TestOnDemandStreamScalesWithItsLoad(t *testing.T) {
	h := newHarness(t)
	h.must(h.CreateStream(h.call(kinesisapi.OpCreateStream), &kinesisapi.CreateStreamInput{
		StreamName: api.Some("s"), StreamModeDetails: &kinesisapi.StreamModeDetails{StreamMode: api.Some(kinesisapi.StreamModeOnDemand)},
	}))
	st := h.settle("s")
	if len(st.openShard) != 4 {
		t.Fatalf("it begins with %d shards", len(st.openShard))
	}
	s, _, err := h.stream(t.Context(), st.key)
	h.must(err)
	h.must(s.scale(t.Context(), rate{Records: 3000}))
	st = h.settle("s")
	wantCover(t, st.openShard)
	if len(st.openShard) != 8 {
		t.Fatalf("under load it has %d shards", len(st.openShard))
	}
	h.clock.Advance(25 * time.Hour)
	h.must(s.scale(t.Context(), rate{}))
	st = h.settle("s")
	wantCover(t, st.openShard)
	if len(st.openShard) != 4 {
		t.Errorf("a day later it has %d shards", len(st.openShard))
	}
}
