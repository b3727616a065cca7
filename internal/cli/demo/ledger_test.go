package demo

import (
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"github.com/millrace/millrace/client/producer"
)

func record(number int, key, line string) types.Record {
	return types.Record{PartitionKey: &key, Data: seal(nil, uint64(number), []byte(line))}
}

// TestLedgerSeesWhatIsWrong lets four lines of two keys arrive in many ways.
func TestLedgerSeesWhatIsWrong(t *testing.T) {
	lines := map[int]types.Record{1: record(1, "a", "one"), 2: record(2, "b", "two"), 3: record(3, "a", "three"), 4: record(4, "b", "four")}
	for name, c := range map[string]struct {
		arrive []types.Record
		resent []uint64
		why    []error
		ok     bool
		says   string
	}{
		"all in order":              {arrive: []types.Record{lines[1], lines[2], lines[3], lines[4]}, ok: true, says: "4 lines; 0 missing"},
		"keys cross":                {arrive: []types.Record{lines[2], lines[4], lines[1], lines[3]}, ok: true, says: "every line as it was sent"},
		"one missing":               {arrive: []types.Record{lines[1], lines[2], lines[4]}, says: "1 missing: line 3"},
		"none":                      {says: "4 missing: line 1, line 2, line 3, line 4"},
		"a key out of order":        {arrive: []types.Record{lines[3], lines[1], lines[2], lines[4]}, says: `line 1 (key "a") after line 3`},
		"twice, sent again":         {arrive: []types.Record{lines[1], lines[1], lines[2], lines[3], lines[1], lines[4]}, resent: []uint64{1}, ok: true, says: `2 from retries of requests that had no answer: line 1 (key "a"), line 1`},
		"twice, not sent again":     {arrive: []types.Record{lines[1], lines[2], lines[2], lines[3], lines[4]}, resent: []uint64{1}, says: `1 others: line 2 (key "b")`},
		"another line":              {arrive: []types.Record{lines[1], lines[2], lines[3], record(4, "b", "five")}, says: "what arrived is not what was sent"},
		"a number that is not sent": {arrive: []types.Record{lines[1], lines[2], lines[3], lines[4], record(5, "b", "five")}, says: "1 records that were not sent"},
		"no number":                 {arrive: []types.Record{lines[1], lines[2], lines[3], lines[4], {PartitionKey: lines[1].PartitionKey, Data: []byte("hello")}}, says: "1 records that were not sent"},
		"a part failed":             {arrive: []types.Record{lines[1], lines[2], lines[3], lines[4]}, why: []error{errors.New("the disk is full")}, says: "the disk is full"},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLedger()
			for i := 1; i <= 4; i++ {
				l.send(lines[i].Data, 3, 0)
			}
			for _, id := range c.resent {
				l.resend([]producer.Record{{ID: id}})
			}
			l.arrive(c.arrive)
			r := l.reckon(time.Second, c.why)
			var text strings.Builder
			r.Print(&text, palette{})
			if r.OK() != c.ok || !strings.Contains(text.String(), c.says) || strings.Contains(text.String(), "NO") == c.ok {
				t.Errorf("OK is %v, wanted %v and %q:\n%s", r.OK(), c.ok, c.says, text.String())
			}
		})
	}
}

func TestSettled(t *testing.T) {
	l := newLedger()
	now := time.Now()
	one := record(1, "a", "one")
	l.send(one.Data, 3, 1)
	if l.settled(now) || l.settled(now.Add(patience)) || !l.settled(now.Add(patience+1)) {
		t.Error("a missing line is waited for as long as patience says")
	}
	l.arrive([]types.Record{one})
	if !l.settled(now) {
		t.Error("all has arrived, and it waits")
	}
}

// TestOrderOfMoreKeysThanItHolds fills a small table over and over.
func TestOrderOfMoreKeysThanItHolds(t *testing.T) {
	l := newLedger()
	l.order = newOrder(4096)
	const keys = 50_000
	number := 0
	for range 3 {
		for k := range keys {
			number++
			key := "key" + strconv.Itoa(k)
			r := record(number, key, "x")
			l.send(r.Data, 1, 0)
			l.arrive([]types.Record{r})
		}
	}
	r := l.reckon(time.Second, nil)
	if !r.OK() || r.Keys > 4096 || r.KeyShare < keys/4096 || r.Keys < 1024 || len(l.order.slots) > 3*4096 {
		t.Errorf("OK %v, %d keys of one in %d, %d slots", r.OK(), r.Keys, r.KeyShare, len(l.order.slots))
	}
	// What it looks at still, it sees.
	var found bool
	for k := range keys {
		late := record(number+1, "key"+strconv.Itoa(k), "x")
		early := record(number+2, "key"+strconv.Itoa(k), "x")
		l.send(late.Data, 1, 0)
		l.send(early.Data, 1, 0)
		l.arrive([]types.Record{early, late})
		number += 2
		if found = l.reckon(time.Second, nil).OutOfOrder > 0; found {
			break
		}
	}
	if !found {
		t.Error("no disorder of any key is seen")
	}
}

func TestOrderKeepsEveryKeyWhileItCan(t *testing.T) {
	o := newOrder(maxKeys)
	for line := uint64(1); line <= 100_000; line++ {
		if last := o.pass(line*0x9E3779B97F4A7C15, line); last != 0 {
			t.Fatalf("line %d: new key has line %d", line, last)
		}
	}
	for line := uint64(1); line <= 100_000; line++ {
		if last := o.pass(line*0x9E3779B97F4A7C15, line+1); last != line {
			t.Fatalf("the key of line %d has line %d", line, last)
		}
	}
}

func TestSealAndOpen(t *testing.T) {
	for _, line := range []string{"", "a line", "with\ta tab", "\t", "123"} {
		n, got, ok := open(seal(nil, 42, []byte(line)))
		if n != 42 || string(got) != line || !ok {
			t.Errorf("%q: %d %q %v", line, n, got, ok)
		}
	}
	for _, data := range []string{"", "12", "\tx", "1a\tx", "-1\tx", strings.Repeat("1", 20) + "\tx"} {
		if _, _, ok := open([]byte(data)); ok {
			t.Errorf("%q was opened", data)
		}
	}
}
