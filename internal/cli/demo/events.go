package demo

import (
	"context"
	"io"
	"math/rand/v2"
	"strconv"
	"time"
)

// events makes the access log of a web shop that is not there: lines in the
// Combined Log Format, the visitor's address first.
type events struct {
	began time.Time
	last  time.Duration // how long to go on; 0 for ever
	line  []byte
	stamp []byte // the time, to the second
	at    int64  // of stamp
}

// reshardsIn is when events that do not end have seen all reshards.
const reshardsIn = 15 * time.Second

const visitors = 2000

var (
	methods  = [...]string{"GET", "GET", "GET", "GET", "GET", "GET", "GET", "POST", "POST", "PUT"}
	paths    = [...]string{"/", "/search", "/cart", "/checkout", "/login", "/products/", "/products/", "/products/", "/img/", "/api/v1/stock/"}
	statuses = [...]string{"200", "200", "200", "200", "200", "200", "304", "302", "404", "500"}
	agents   = [...]string{
		"Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/140.0",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Safari/604.1",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/141.0.0.0",
		"curl/8.9.1",
	}
)

// newEvents returns a source whose time begins with its first event.
func newEvents(last time.Duration) *events { return &events{last: last} }

func (e *events) next(ctx context.Context) ([]byte, error) {
	now := time.Now()
	if e.began.IsZero() {
		e.began = now
	}
	if ctx.Err() != nil || e.last > 0 && now.Sub(e.began) >= e.last {
		return nil, io.EOF
	}
	if s := now.Unix(); s != e.at {
		e.at, e.stamp = s, now.AppendFormat(e.stamp[:0], "02/Jan/2006:15:04:05 -0700")
	}
	// Few visitors do much, many do little. 198.18.0.0/15 is for tests (RFC 2544).
	v := int(rand.ExpFloat64()*visitors/6) % visitors
	b := append(e.line[:0], "198.18."...)
	b = strconv.AppendInt(b, int64(v/250), 10)
	b = append(b, '.')
	b = strconv.AppendInt(b, int64(v%250+1), 10)
	b = append(append(append(b, " - - ["...), e.stamp...), `] "`...)
	b = append(append(b, methods[rand.N(len(methods))]...), ' ')
	path := paths[rand.N(len(paths))]
	b = append(b, path...)
	if len(path) > 4 && path[len(path)-1] == '/' {
		b = strconv.AppendInt(b, rand.Int64N(5000), 10)
	}
	b = append(append(b, ` HTTP/1.1" `...), statuses[rand.N(len(statuses))]...)
	b = strconv.AppendInt(append(b, ' '), 120+rand.Int64N(48000), 10)
	b = append(append(append(b, ` "-" "`...), agents[v%len(agents)]...), '"')
	e.line = b
	return b, nil
}

func (e *events) progress() float64 {
	whole := e.last
	if whole == 0 {
		whole = reshardsIn
	}
	return float64(time.Since(e.began)) / float64(whole)
}

func (e *events) close() error { return nil }
