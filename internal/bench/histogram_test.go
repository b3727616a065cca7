package bench

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

func TestBucketsCoverAllValues(t *testing.T) {
	for _, v := range []uint64{0, 1, 127, 128, 129, 255, 256, 257, 1 << 20, 1<<20 + 12345, math.MaxInt64} {
		b := bucketOf(v)
		if b >= buckets {
			t.Fatalf("%d: bucket %d of %d", v, b, buckets)
		}
		if u := upper(b); u < v || float64(u) > float64(v)*(1+1.0/subBuckets)+1 {
			t.Errorf("%d: bucket %d ends at %d", v, b, u)
		}
		if b > 0 && upper(b-1) >= v {
			t.Errorf("%d also fits bucket %d, which ends at %d", v, b-1, upper(b-1))
		}
	}
}

func TestQuantilesAgreeWithSorting(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var a, b Histogram
	var all []time.Duration
	for i := range 20000 {
		d := time.Duration(math.Exp(r.NormFloat64()*2 + 13))
		all = append(all, d)
		if i%2 == 0 {
			a.Record(d)
		} else {
			b.Record(d)
		}
	}
	a.Add(&b)
	slices.Sort(all)
	for _, q := range []float64{0, .5, .9, .99, .999, 1} {
		want := all[min(int(q*float64(len(all))), len(all)-1)]
		got := a.Quantile(q)
		if got < want || float64(got) > float64(want)*1.01+1 {
			t.Errorf("quantile %v: %v, by sorting %v", q, got, want)
		}
	}
	if a.Count() != 20000 || a.Max() != all[len(all)-1] {
		t.Errorf("count %d, max %v", a.Count(), a.Max())
	}
}

func TestEmptyHistogram(t *testing.T) {
	var h Histogram
	if h.Latency() != (Latency{}) {
		t.Errorf("%+v", h.Latency())
	}
}

func BenchmarkRecord(b *testing.B) {
	var h Histogram
	for i := 0; b.Loop(); i++ {
		h.Record(time.Duration(i) * 997)
	}
}
