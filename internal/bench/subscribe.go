package bench

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/millrace/millrace/internal/wire/eventstream"
)

// subscription measures how long records take from the acknowledgement of their
// put to their arrival at a subscriber. Each record's data begins with its
// number, by which the two times find each other.
type subscription struct {
	o       Options
	arn     string
	stamps  []stamp
	next    atomic.Int64
	began   time.Time
	stopped atomic.Bool

	mu         sync.Mutex
	errors     int64
	firstError error
}

// stamp is when a record was acknowledged and when it arrived, in ns since the
// begin; 0 for never.
type stamp struct{ acked, arrived atomic.Int64 }

// numberLen is the length of a record's number in its base64 form.
const numberLen = 12

// settle is how long the last records may take to arrive.
const settle = 2 * time.Second

func runSubscribe(ctx context.Context, o Options) (*Result, error) {
	if o.Rate <= 0 {
		o.Rate = 1000
	}
	o.Size = max(o.Size, numberLen)
	s := &subscription{o: o}
	s.stamps = make([]stamp, int(o.Rate*(o.Warmup+o.Duration).Seconds())+o.Connections+1)
	c, err := dial(o.Stream.Target.Host)
	if err != nil {
		return nil, err
	}
	defer c.close()
	shards, err := o.Stream.shards(c)
	if err != nil {
		return nil, err
	}
	if s.arn, err = o.Stream.consumer(ctx, c, "bench"); err != nil {
		return nil, err
	}
	var readers sync.WaitGroup
	var conns []*conn
	s.began = time.Now()
	defer func() {
		s.stopped.Store(true)
		for _, c := range conns {
			c.close()
		}
		readers.Wait()
	}()
	for _, shard := range shards {
		c, err := dial(o.Stream.Target.Host)
		if err != nil {
			return nil, err
		}
		conns = append(conns, c)
		opened := make(chan error, 1)
		readers.Go(func() { s.read(c, shard, opened) })
		if err := <-opened; err != nil {
			return nil, err
		}
	}
	if err := s.put(ctx); err != nil {
		return nil, err
	}
	err = poll(ctx, "arrival", func() (bool, error) { return s.allArrived() || time.Since(s.began) > o.Warmup+o.Duration+settle, nil })
	if err != nil {
		return nil, err
	}
	return s.result()
}

// put puts single records at the rate until the time is over.
func (s *subscription) put(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.o.Warmup+s.o.Duration)
	defer cancel()
	var wg sync.WaitGroup
	for i := range s.o.Connections {
		c, err := dial(s.o.Stream.Target.Host)
		if err != nil {
			return err
		}
		wg.Go(func() {
			defer c.close()
			s.putLoop(ctx, c, i)
		})
	}
	wg.Wait()
	if errors.Is(ctx.Err(), context.Canceled) {
		return ctx.Err()
	}
	return nil
}

func (s *subscription) putLoop(ctx context.Context, c *conn, i int) {
	b := &bodies{protocol: s.o.Protocol, stream: s.o.Stream.Name, size: s.o.Size, random: newRandom(uint64(i))}
	for {
		n := s.next.Add(1) - 1
		due := s.began.Add(time.Duration(float64(n) / s.o.Rate * float64(time.Second)))
		if Sleep(ctx, time.Until(due)) != nil || ctx.Err() != nil || int(n) >= len(s.stamps) {
			return
		}
		r := newRequest("PutRecord", s.o.Protocol, b.numbered(n))
		var answer []byte
		status, err := c.do(r.parts(&s.o.Stream.Target, time.Now()), func(p []byte) { answer = append(answer, p...) })
		s.stamps[n].acked.Store(int64(time.Since(s.began)))
		if err == nil && status != http.StatusOK {
			err = &Error{r.operation, status, string(answer)}
		}
		if err != nil {
			s.stamps[n].acked.Store(0)
			s.fail(err)
			return
		}
	}
}

// read holds a subscription to one shard until the connection is closed.
func (s *subscription) read(c *conn, shard string, opened chan<- error) {
	body, _ := json.Marshal(map[string]any{
		"ConsumerARN": s.arn, "ShardId": shard, "StartingPosition": map[string]string{"Type": "LATEST"},
	}) // strings always marshal
	err := s.events(c, newRequest("SubscribeToShard", JSON, body), opened)
	if !s.stopped.Load() {
		s.fail(err)
	}
}

// events reads until it fails, as it does in the end.
func (s *subscription) events(c *conn, r *request, opened chan<- error) error {
	err := c.send(r.parts(&s.o.Stream.Target, time.Now()))
	var h head
	if err == nil {
		h, err = c.readHead()
	}
	if err == nil && (h.status != http.StatusOK || !h.chunked) {
		body, _ := io.ReadAll(io.LimitReader(&chunkReader{c: c, left: h.length}, h.length))
		err = &Error{r.operation, h.status, string(body)}
	}
	opened <- err
	if err != nil {
		return err
	}
	stream := eventstream.NewReader(&chunkReader{c: c}, 24<<20)
	for {
		if err := c.c.SetReadDeadline(time.Now().Add(ioTimeout)); err != nil {
			return err
		}
		m, err := stream.Next()
		if err != nil {
			return err
		}
		now := time.Since(s.began)
		if m.Header(":message-type") == "exception" {
			return fmt.Errorf("SubscribeToShard: %s: %.200q", m.Header(":exception-type"), m.Payload)
		}
		s.arrived(m.Payload, now)
	}
}

// arrived stamps the records of an event.
func (s *subscription) arrived(payload []byte, now time.Duration) {
	mark := []byte(`"Data":"`)
	for {
		i := bytes.Index(payload, mark)
		if i < 0 || len(payload) < i+len(mark)+numberLen {
			return
		}
		payload = payload[i+len(mark):]
		if n, ok := numberOf(payload[:numberLen]); ok && n < int64(len(s.stamps)) {
			s.stamps[n].arrived.CompareAndSwap(0, int64(now))
		}
	}
}

// numbered returns the body of a PutRecord whose data begins with n.
func (b *bodies) numbered(n int64) []byte {
	b.number = n + 1
	return b.putRecord()
}

// stampNumber writes n over the beginning of data: 8 bytes and one of padding,
// which are 12 characters of base64.
func stampNumber(data []byte, n int64) {
	for i := range 8 {
		data[i] = byte(n >> (8 * i))
	}
	data[8] = 0
}

// numberOf reverses stampNumber.
func numberOf(text []byte) (n int64, ok bool) {
	var b [9]byte
	if k, err := base64.StdEncoding.Decode(b[:], text); err != nil || k != len(b) {
		return 0, false
	}
	for i := range 8 {
		n |= int64(b[i]) << (8 * i)
	}
	return n, n >= 0
}

func (s *subscription) allArrived() bool {
	for i := range s.stamps {
		if s.stamps[i].acked.Load() != 0 && s.stamps[i].arrived.Load() == 0 {
			return false
		}
	}
	return true
}

func (s *subscription) result() (*Result, error) {
	r := &Result{
		Operation: s.o.Operation, Protocol: s.o.Protocol, Connections: s.o.Connections,
		Seconds: s.o.Duration.Seconds(), PerSecond: make([]int64, int(s.o.Duration.Seconds())+1),
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r.Errors = s.errors
	if s.firstError != nil {
		r.FirstError = s.firstError.Error()
	}
	var h Histogram
	for i := range s.stamps {
		acked, arrived := time.Duration(s.stamps[i].acked.Load()), time.Duration(s.stamps[i].arrived.Load())
		if acked <= s.o.Warmup {
			continue
		}
		if arrived == 0 {
			r.Errors++
			if r.FirstError == "" {
				r.FirstError = fmt.Sprintf("record %d was acknowledged and did not arrive", i)
			}
			continue
		}
		h.Record(arrived - acked)
		r.Requests++
		r.Records++
		r.Bytes += int64(s.o.Size)
		if k := int((acked - s.o.Warmup) / time.Second); k < len(r.PerSecond) {
			r.PerSecond[k]++
		}
	}
	r.Latency = h.Latency()
	return r, nil
}

func (s *subscription) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.errors++
	if s.firstError == nil {
		s.firstError = err
	}
}
