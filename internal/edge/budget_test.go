package edge

import (
	"context"
	"runtime"
	"strings"
	"testing"

	"github.com/millrace/millrace/internal/base/clock"
)

func TestBudgetServesInOrderAndGivesUp(t *testing.T) {
	c := clock.NewFake(epoch)
	b := newBudget(100, 0, c)
	if !b.take(context.Background(), 80) {
		t.Fatal("there was room")
	}
	got := make(chan bool)
	wait := func(n int64, waiters int) {
		go func() { got <- b.take(context.Background(), n) }()
		for c.Timers() < waiters {
			runtime.Gosched()
		}
	}
	wait(50, 1)
	b.give(30)
	if !<-got {
		t.Error("memory came free, and who waited did not get it")
	}
	wait(10, 1)
	c.Advance(patience)
	if <-got {
		t.Error("it got what there is not")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if b.take(ctx, 1) {
		t.Error("it waited for a caller who is gone")
	}
	b.give(100)
	if b.free != 100 || len(b.queue) != 0 {
		t.Errorf("%d bytes free, %d wait", b.free, len(b.queue))
	}
}

func TestWithoutMemoryARequestIsThrottled(t *testing.T) {
	c := clock.NewFake(epoch)
	s, _ := newServer(t, &streams{}, func(o *Options) { o.Memory = 1000; o.Clock = c })
	url := start(t, s)
	s.bodies.small = 0
	if !s.bodies.take(context.Background(), 500) {
		t.Fatal("there was no room")
	}
	done := make(chan answer)
	go func() { done <- do(t, client(1), post(t, url, "PutRecord", jsonType, putBody)) }()
	for c.Timers() == 0 {
		runtime.Gosched()
	}
	c.Advance(patience)
	if a := <-done; a.status != 400 || !strings.Contains(a.body, `"__type":"ThrottlingException"`) {
		t.Errorf("%+v", a)
	}
	s.bodies.give(500)
	if a := do(t, client(1), post(t, url, "PutRecord", jsonType, putBody)); a.status != 200 {
		t.Errorf("%+v", a)
	}
}

func TestBuffersKeepTheirClass(t *testing.T) {
	for _, c := range []struct{ n, capacity int }{{0, 4 << 10}, {4 << 10, 4 << 10}, {4<<10 + 1, 16 << 10}, {1 << 20, 1 << 20}, {16 << 20, 16 << 20}, {16<<20 + 1, 16<<20 + 1}} {
		if b := getBuffer(c.n); cap(b.b) < c.capacity || len(b.b) != 0 {
			t.Errorf("%d: capacity %d, want %d", c.n, cap(b.b), c.capacity)
		}
	}
	grown := &buffer{b: make([]byte, 10, 20<<10)}
	grown.free()
	if b := getBuffer(20 << 10); cap(b.b) < 20<<10 {
		t.Errorf("capacity %d", cap(b.b))
	}
}
