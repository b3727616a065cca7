package suite

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/millrace/millrace/internal/bench"
)

const (
	// settleTimeout is how long an engine may take to do the work that a fill left.
	settleTimeout = 10 * time.Minute
	// quiet is how long no compaction must have run for an engine to be settled.
	// What it still owes by its own estimate is then what it never pays.
	quiet = 5 * time.Second
)

// settle waits until the child's engine has done the work that a fill left, and
// returns how long that took.
func (s *suite) settle(ctx context.Context, p *process) (time.Duration, error) {
	began, busy := time.Now(), time.Now()
	for told := began; time.Since(busy) < quiet; {
		if time.Since(began) > settleTimeout {
			return 0, p.Explain(fmt.Errorf("the engine has not settled after %v", settleTimeout))
		}
		text, err := p.metrics()
		if err != nil {
			return 0, err
		}
		running, err := metric(text, "millrace_store_compactions_running")
		if err != nil {
			return 0, err
		}
		if running > 0 {
			busy = time.Now()
		}
		if time.Since(told) >= 15*time.Second {
			told = time.Now()
			debt, err := metric(text, "millrace_store_compaction_debt_bytes")
			if err != nil {
				return 0, err
			}
			s.say("settling for %.0f s, %s owed", time.Since(began).Seconds(), megabytes(int64(debt)))
		}
		if err := bench.Sleep(ctx, quiet/20); err != nil {
			return 0, err
		}
	}
	return busy.Sub(began), nil
}

// metrics returns what the child tells of itself.
func (p *process) metrics() (string, error) {
	r, err := http.Get(p.HTTP() + "/_millrace/metrics")
	if err != nil {
		return "", p.Explain(err)
	}
	defer r.Body.Close()
	var b bytes.Buffer
	if _, err := io.Copy(&b, r.Body); err != nil {
		return "", err
	}
	if r.StatusCode != http.StatusOK {
		return "", fmt.Errorf("metrics: HTTP status %d: %.200q", r.StatusCode, b.String())
	}
	return b.String(), nil
}

// metric returns the value of a metric that has no labels.
func metric(text, name string) (float64, error) {
	for line := range strings.Lines(text) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			return strconv.ParseFloat(strings.TrimSpace(value), 64)
		}
	}
	return 0, fmt.Errorf("the metrics have no %s", name)
}
