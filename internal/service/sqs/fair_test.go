package sqs

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	sqsapi "github.com/millrace/millrace/internal/awsapi/sqs"
)

// noisyGroups is how many groups of a queue are noisy.
func (r *rig) noisyGroups(name string) int { return r.rows(name, "n/") }

// TestNoisyTenantCostsOthersNothing: a tenant with a long backlog and slow
// consumers; another one sends a message a second.
func TestNoisyTenantCostsOthersNothing(t *testing.T) {
	r := newRig(t)
	url := r.create("orders", map[string]string{"VisibilityTimeout": "600"})
	for i := range 10_000 {
		r.send(url, "a"+strconv.Itoa(i), "a", "")
	}
	// Fifty consumers take a message each and work on it for five seconds.
	type working struct {
		m     sqsapi.Message
		until time.Time
	}
	var all []working
	sent := map[string]time.Time{}
	var worst time.Duration
	answered, other := 0, 0
	for second := range 60 {
		body := "b" + strconv.Itoa(second)
		r.send(url, body, "b", "")
		sent[body] = r.clock.Now()
		for range 5 {
			rest := all[:0]
			for _, w := range all {
				if w.until.After(r.clock.Now()) {
					rest = append(rest, w)
				} else if err := r.delete(url, w.m); err != nil {
					t.Fatal(err)
				}
			}
			all = rest
			for len(all) < 50 {
				got := r.receive(url, 1)
				if len(got) == 0 {
					break
				}
				all = append(all, working{got[0], r.clock.Now().Add(5 * time.Second)})
				if at, ok := sent[got[0].Body.V]; ok {
					answered++
					if second >= 10 {
						worst = max(worst, r.clock.Now().Sub(at))
					}
				} else {
					other++
				}
			}
			r.clock.Advance(200 * time.Millisecond)
		}
		if second == 30 {
			r.restart() // what is noisy stays so
		}
	}
	if r.noisyGroups("orders") != 1 {
		t.Errorf("%d groups are noisy", r.noisyGroups("orders"))
	}
	if answered < 55 || worst > 5*time.Second || other < 400 {
		t.Errorf("%d messages of the quiet tenant were delivered, the last one after %v at most; %d of the noisy one", answered, worst, other)
	}
}

func TestNoisyByMessagesInFlight(t *testing.T) {
	r := newRig(t)
	url := r.create("orders", nil)
	for i := range 100 {
		r.send(url, "a"+strconv.Itoa(i), "a", "")
	}
	got := []sqsapi.Message{}
	take := func(n int) {
		for range n / 10 {
			got = append(got, r.receive(url, 10)...)
		}
	}
	take(20)
	r.send(url, "b0", "b", "")
	if r.noisyGroups("orders") != 0 {
		t.Error("a tenant with 20 messages in flight is noisy")
	}
	take(10)
	if r.noisyGroups("orders") != 1 {
		t.Error("a tenant with 30 messages in flight, of 30, is not noisy")
	}
	r.send(url, "plain", "", "")
	r.wantBodies(r.receive(url, 2), "b0 plain ")
	r.wantBodies(r.receive(url, 2), "a30 a31 ") // nobody else has messages
	for _, m := range got {
		if err := r.delete(url, m); err != nil {
			t.Fatal(err)
		}
	}
	r.send(url, "b1", "b", "")
	r.wantBodies(r.receive(url, 1), "b1 ")
	take(70)
	if r.noisyGroups("orders") != 0 {
		t.Error("a tenant without a backlog is noisy")
	}
	r.wantRows("orders", 73)
	r.send(url, "a", "a", "")
	r.send(url, "b2", "b", "")
	r.wantBodies(r.receive(url, 2), "a b2 ")
}

func TestNoisyByConsumersTime(t *testing.T) {
	r := newRig(t)
	url := r.create("orders", nil)
	for i := range 100 {
		r.send(url, "a"+strconv.Itoa(i), "a", "")
		r.send(url, "p"+strconv.Itoa(i), "", "")
	}
	// a's messages take a fifth of the time that the others take.
	for i := range 60 {
		if r.noisyGroups("orders") != 0 {
			t.Fatalf("noisy after %d messages", i)
		}
		m := r.receive(url, 1)[0]
		if strings.HasPrefix(m.Body.V, "a") {
			r.clock.Advance(100 * time.Millisecond)
		} else {
			r.clock.Advance(500 * time.Millisecond)
		}
		if err := r.delete(url, m); err != nil {
			t.Fatal(err)
		}
		if i == 58 {
			r.send(url, "late", "", "")
		}
	}
	for i := 30; r.noisyGroups("orders") == 0; i++ {
		m := r.receive(url, 1)[0]
		r.clock.Advance(100 * time.Millisecond)
		if err := r.delete(url, m); err != nil {
			t.Fatal(err)
		}
		if i > 70 {
			t.Fatal("a tenant that takes a sixth of the time is not noisy")
		}
	}
	if got := r.receive(url, 10); strings.Contains(bodies(got), "a") && !strings.HasPrefix(bodies(got), "p") {
		t.Errorf("before what is quiet came %q", bodies(got))
	}
	// It is quiet five minutes after its last message.
	r.clock.Advance(4*time.Minute + 50*time.Second)
	r.receive(url, 1)
	if r.noisyGroups("orders") != 1 {
		t.Error("quiet too early")
	}
	r.clock.Advance(11 * time.Second)
	r.receive(url, 1)
	if r.noisyGroups("orders") != 0 {
		t.Error("noisy five minutes after the last message")
	}
}

// TestNoisyTenantsAmongThemselves: the one with the fewest messages in flight goes
// first.
func TestNoisyTenantsAmongThemselves(t *testing.T) {
	r := newRig(t)
	url := r.create("orders", nil)
	for i := range 200 {
		r.send(url, fmt.Sprint("a", i), "a", "")
	}
	for range 6 {
		r.receive(url, 10)
	}
	for i := range 200 {
		r.send(url, fmt.Sprint("b", i), "b", "")
	}
	for range 3 {
		if got := bodies(r.receive(url, 10)); strings.Contains(got, "a") {
			t.Errorf("received %q", got)
		}
	}
	if r.noisyGroups("orders") != 2 {
		t.Fatalf("%d groups are noisy", r.noisyGroups("orders"))
	}
	for range 3 {
		if got := bodies(r.receive(url, 10)); strings.Contains(got, "a") {
			t.Errorf("with fewer of b in flight, received %q", got)
		}
	}
	a, b := 0, 0
	for range 10 {
		got := bodies(r.receive(url, 10))
		a += strings.Count(got, "a")
		b += strings.Count(got, "b")
	}
	if a < 40 || b < 40 {
		t.Errorf("then %d of a and %d of b", a, b)
	}
	// Everything comes, and expires.
	r.clock.Advance(5 * 24 * time.Hour)
	if err := r.queue(testKey("orders")).expire(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.wantRows("orders", 0)
	r.wantCounts("orders", 0, 0, 0)
	if n := r.noisyGroups("orders") + r.rows("orders", "l/") + r.rows("orders", "h/"); n != 0 {
		t.Errorf("%d rows of lanes are left over", n)
	}
}
