package obs

import (
	"bytes"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/base/clock"
)

// scrape returns the metrics' lines that contain part.
func scrape(t *testing.T, m *Metrics, part string) string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	if w.Code != 200 {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	var lines []string
	for line := range strings.Lines(w.Body.String()) {
		if !strings.HasPrefix(line, "#") && strings.Contains(line, part) {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	return strings.Join(lines, "\n")
}

func newTest() (*Metrics, *clock.Fake) {
	c := clock.NewFake(time.Unix(1e9, 0))
	return New(Build{"v1", "abc", "go1"}, c), c
}

func TestRequests(t *testing.T) {
	m, _ := newTest()
	m.Requests.Observe("kinesis", "PutRecord", "", time.Millisecond)
	m.Requests.Observe("kinesis", "PutRecord", "ResourceNotFoundException", 3*time.Millisecond)
	m.Requests.Observe("", "", "UnknownOperationException", 0)
	for part, want := range map[string]string{
		`requests_total{code="OK"`:                                                   `millrace_requests_total{code="OK",operation="PutRecord",service="kinesis"} 1`,
		`requests_total{code="ResourceNotFound`:                                      `millrace_requests_total{code="ResourceNotFoundException",operation="PutRecord",service="kinesis"} 1`,
		`operation="unknown",service="unknown"} 1`:                                   `millrace_request_duration_seconds_count{operation="unknown",service="unknown"} 1` + "\n" + `millrace_requests_total{code="UnknownOperationException",operation="unknown",service="unknown"} 1`,
		`duration_seconds_bucket{operation="PutRecord",service="kinesis",le="0.001"`: `millrace_request_duration_seconds_bucket{operation="PutRecord",service="kinesis",le="0.001"} 1`,
		"millrace_build_info":                                                        `millrace_build_info{goversion="go1",revision="abc",version="v1"} 1`,
	} {
		if got := scrape(t, m, part); got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", part, got, want)
		}
	}
	if scrape(t, m, "go_goroutines") == "" || scrape(t, m, "process_resident_memory_bytes") == "" {
		t.Error("no metrics of the runtime or the process")
	}
}

func TestStreamsBeyondTheLimitAreFolded(t *testing.T) {
	m, _ := newTest()
	for i := range limit + 50 {
		m.Streams.Put("000000000000", "us-east-1", fmt.Sprint("s", i), "", nil, 1, 10, 0)
	}
	if got := scrape(t, m, "records_in_total"); strings.Count(got, "\n")+1 != limit+1 {
		t.Errorf("%d series, want %d", strings.Count(got, "\n")+1, limit+1)
	}
	if got, want := scrape(t, m, `bytes_in_total{account="_other"`), `millrace_kinesis_bytes_in_total{account="_other",region="_other",stream="_other"} 500`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}

	m.Streams.Forget("000000000000", "us-east-1", "s0")
	if got := scrape(t, m, `stream="s0"`); got != "" {
		t.Errorf("a stream that is gone is still told: %s", got)
	}
	m.Streams.Put("000000000000", "us-east-1", "late", "", nil, 1, 10, 0)
	if scrape(t, m, `records_in_total{account="000000000000",region="us-east-1",stream="late"} 1`) == "" {
		t.Error("a free place was not taken")
	}
}

func TestIteratorAgeIsTheOldestOfRecentReaders(t *testing.T) {
	m, c := newTest()
	m.Streams.Get("1", "r", "s", "shardId-0", nil, 5, 50, 3*time.Second, false)
	m.Streams.Get("1", "r", "s", "shardId-1", nil, 5, 50, 9*time.Second, false)
	m.Streams.Get("1", "r", "s", "shardId-1", nil, 0, 0, 0, true)
	m.Streams.Subscribed("1", "r", "s", "c", "shardId-1", nil, 2, 20, time.Second)
	line := `millrace_kinesis_iterator_age_seconds{account="1",reader="get",region="r",stream="s"} `
	if got := scrape(t, m, `age_seconds{account="1",reader="get"`); got != line+"9" {
		t.Errorf("got %s", got)
	}
	c.Advance(4 * time.Minute)
	m.Streams.Get("1", "r", "s", "shardId-0", nil, 5, 50, 2*time.Second, false)
	c.Advance(2 * time.Minute)
	if got := scrape(t, m, "age_seconds"); got != line+"2" {
		t.Errorf("after the others fell silent: got %s", got)
	}
	if got := scrape(t, m, "reads_throttled"); !strings.HasSuffix(got, " 1") {
		t.Errorf("got %s", got)
	}
	if got := scrape(t, m, "records_pushed"); !strings.HasSuffix(got, " 2") {
		t.Errorf("got %s", got)
	}
}

func TestStore(t *testing.T) {
	m, _ := newTest()
	m.Store.Synced(time.Millisecond, 7)
	m.Store.Wrote(100)
	m.Store.Damaged()
	m.Store.Gauge("size_bytes", "Bytes stored.", func() float64 { return 42 })
	for part, want := range map[string]string{
		"store_size_bytes": "millrace_store_size_bytes 42", "store_written": "millrace_store_written_bytes_total 100",
		"store_damaged": "millrace_store_damaged_total 1", "changes_sum": "millrace_store_sync_changes_sum 7",
	} {
		if got := scrape(t, m, part); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestTheEngineIsReadOncePerScrape(t *testing.T) {
	m, _ := newTest()
	reads := 0
	m.Store.Engine(func() Engine { reads++; return Engine{CacheHits: 5, L0Sublevels: 3, WriteAmplification: 2.5} })
	for part, want := range map[string]string{
		"store_cache_hits": "millrace_store_cache_hits_total 5", "store_l0_sublevels": "millrace_store_l0_sublevels 3",
		"store_write_amplification": "millrace_store_write_amplification 2.5",
	} {
		before := reads
		if got := scrape(t, m, part); got != want || reads != before+1 {
			t.Errorf("got %s in %d reads, want %s in one", got, reads-before, want)
		}
	}
}

func TestTheLogShowsNoSecrets(t *testing.T) {
	for _, format := range []string{"text", "json"} {
		var b bytes.Buffer
		log := NewLogger(&b, format)
		log.With("session_token", "hush1").Info("signed", "SecretAccessKey", "hush2", "X-Amz-Signature", "hush3", "stream", "orders")
		if got := b.String(); strings.Contains(got, "hush") || !strings.Contains(got, "orders") {
			t.Errorf("%s: %s", format, got)
		}
	}
}

// talkative is an error that prints pages where it is asked for details.
type talkative struct{}

func (talkative) Error() string { return "short" }

func (talkative) Format(w fmt.State, _ rune) { fmt.Fprint(w, "goroutine 1") }

func TestTheLogShowsErrorsAsTheyRead(t *testing.T) {
	for _, format := range []string{"text", "json"} {
		var b bytes.Buffer
		NewLogger(&b, format).Info("failed", "error", talkative{})
		if got := b.String(); strings.Contains(got, "goroutine") || !strings.Contains(got, "short") {
			t.Errorf("%s: %s", format, got)
		}
	}
}

func BenchmarkStreamsPut(b *testing.B) {
	m, _ := newTest()
	b.ReportAllocs()
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			m.Streams.Put("000000000000", "us-east-1", "orders", "shardId-000000000000", nil, 500, 512000, 0)
		}
	})
}

func BenchmarkRequestsObserve(b *testing.B) {
	m, _ := newTest()
	b.ReportAllocs()
	for b.Loop() {
		m.Requests.Observe("kinesis", "PutRecords", "", time.Millisecond)
	}
}
