package demo

import (
	"bytes"
	"hash/maphash"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"github.com/millrace/millrace/client/producer"
)

// named is how many lines the reckoning names of each kind.
const named = 5

// ledger accounts for each line by its number. It is safe for concurrent use.
type ledger struct {
	seed maphash.Seed

	mu      sync.Mutex
	sent    uint64    // lines 1 to sent were given to the producer
	bytes   uint64    // of them
	part    float64   // of the input
	moved   time.Time // when a record arrived last
	stored  uint64
	refused uint64 // records sent again because they were refused
	resent  map[uint64]struct{}

	seen      bitmap
	unique    uint64 // lines that arrived
	arrivals  uint64 // records that arrived
	order     *order
	disorder  findings
	double    findings // a second time, after the line was sent again
	unasked   findings // a second time, without that
	strange   uint64   // records that the demo did not send
	sentSum   uint64   // sum of the hashes of the records sent
	uniqueSum uint64   // and of those that arrived, the first time
}

// findings are lines to name.
type findings struct {
	count uint64
	first []string
}

func (f *findings) add(line uint64, what string) {
	if f.count++; len(f.first) < named {
		f.first = append(f.first, "line "+strconv.FormatUint(line, 10)+" "+what)
	}
}

func newLedger() *ledger {
	return &ledger{seed: maphash.MakeSeed(), resent: map[uint64]struct{}{}, order: newOrder(maxKeys)}
}

// send notes the next line; data is its record.
func (l *ledger) send(data []byte, lineBytes int, part float64) {
	sum := maphash.Bytes(l.seed, data)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sent++
	l.bytes += uint64(lineBytes)
	l.part = part
	l.sentSum += sum
}

func (l *ledger) store(records []producer.Record, _ []types.PutRecordsResultEntry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stored += uint64(len(records))
}

func (l *ledger) resend(records []producer.Record) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range records {
		l.resent[r.ID] = struct{}{}
	}
}

func (l *ledger) refuse(n int, _ error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refused += uint64(n)
}

// arrive notes the records of a shard, in their order.
func (l *ledger) arrive(records []types.Record) {
	if len(records) == 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.moved = time.Now()
	for i := range records {
		r := &records[i]
		l.arrivals++
		line, _, ok := open(r.Data)
		if !ok || line == 0 || line > l.sent {
			l.strange++
			continue
		}
		key := aws.ToString(r.PartitionKey)
		if l.seen.set(line) {
			if _, asked := l.resent[line]; asked {
				l.double.add(line, "(key "+strconv.Quote(key)+")")
			} else {
				l.unasked.add(line, "(key "+strconv.Quote(key)+")")
			}
			continue
		}
		l.unique++
		l.uniqueSum += maphash.Bytes(l.seed, r.Data)
		if last := l.order.pass(maphash.String(l.seed, key), line); last > line {
			l.disorder.add(line, "(key "+strconv.Quote(key)+") after line "+strconv.FormatUint(last, 10))
		}
	}
}

// settled reports whether all lines arrived, or nothing has for too long. Nothing
// is sent any more.
func (l *ledger) settled(now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.moved.IsZero() {
		l.moved = now
	}
	return l.unique == l.sent || now.Sub(l.moved) > patience
}

// figures are the ledger's sums at one moment.
type figures struct {
	sent, bytes, stored, arrived, refused uint64
	part                                  float64
}

func (l *ledger) figures() figures {
	l.mu.Lock()
	defer l.mu.Unlock()
	return figures{l.sent, l.bytes, l.stored, l.unique, l.refused, l.part}
}

// seal makes the record of a line: its number, a tab, the line. It is appended to b.
func seal(b []byte, number uint64, line []byte) []byte {
	b = strconv.AppendUint(b, number, 10)
	b = append(b, '\t')
	return append(b, line...)
}

// open takes a record apart.
func open(data []byte) (number uint64, line []byte, ok bool) {
	head, line, ok := bytes.Cut(data, []byte{'\t'})
	if !ok || len(head) == 0 || len(head) > 19 {
		return 0, nil, false
	}
	for _, c := range head {
		if c < '0' || c > '9' {
			return 0, nil, false
		}
		number = number*10 + uint64(c-'0')
	}
	return number, line, true
}

// bitmap has a bit a line.
type bitmap []uint64

// set sets a bit and tells whether it was set.
func (b *bitmap) set(i uint64) (was bool) {
	w, bit := i/64, uint64(1)<<(i%64)
	for uint64(len(*b)) <= w {
		*b = append(*b, 0)
	}
	was = (*b)[w]&bit != 0
	(*b)[w] |= bit
	return was
}

func (b bitmap) has(i uint64) bool { return i/64 < uint64(len(b)) && b[i/64]&(1<<(i%64)) != 0 }
