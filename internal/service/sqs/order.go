package sqs

import (
	"github.com/millrace/millrace/internal/api"
	"github.com/millrace/millrace/internal/inflight"
	"github.com/millrace/millrace/internal/store"
)

// order is the way in which a queue of one type delivers. Its methods run inside
// queue.update: they change memory and write the same to tx. Times are
// milliseconds since 1970.
type order interface {
	// send adds a message, unless it repeats one: then it says which.
	send(tx store.Tx, sd *sending) error
	// receive delivers messages that can be had.
	receive(tx store.Tx, rc *receiving) error
	// settle deletes the message of a receipt.
	settle(tx store.Tx, r receipt, now int64) (outcome, error)
	// change moves the time at which the message of a receipt can be had again.
	change(tx store.Tx, r receipt, now, until int64) (outcome, error)
	// ready returns when there is something to receive, which may be past, and
	// whether there will be without a new message.
	ready(r store.Reader, now int64) (at int64, ok bool, err error)
	// counts returns the messages that can be had, those in flight and those that
	// are delayed.
	counts(now int64) counts
	// oldest returns the sequence of the oldest message of those that memory knows
	// of, and whether there is one.
	oldest() (seq uint64, ok bool)
	// clear removes every message.
	clear(tx store.Tx)
	// leave takes a message that was delivered just now out of the order and the
	// counts, and returns it with the place where its contents are from then on.
	leave(tx store.Tx, it inflight.Item, now int64) (inflight.Item, error)
	// back reverses that: the message can be had at once.
	back(tx store.Tx, it inflight.Item, group string, now int64) error
	// expire removes messages that were sent before a time, at most limit of them,
	// and returns how many. Fewer than limit: there are no more.
	expire(tx store.Tx, now, before int64, limit int) (int, error)
}

// counts are the messages of a queue by what can be done with them.
type counts struct{ visible, inFlight, delayed int64 }

// outcome is what became of a request about one delivered message.
type outcome uint8

const (
	done    outcome = iota
	gone            // there is no such message any more
	older           // the message was received again since: the receipt is not its holder's
	expired         // the receipt is the newest, but its time is over
	tooLong         // the message would be held beyond what is allowed in all
)

// sending is one message while it is sent.
type sending struct {
	seq       uint64
	now       int64
	delay     api.Opt[int32] // seconds; the queue's where it is not given
	group     string         // empty for none
	dedup     string         // FIFO: the deduplication id
	messageID [16]byte
	row       []byte // what is stored
	size      int    // bytes that count as the message's
	moved     bool   // it comes from another queue, which makes it no repeat
	since     int64  // of a dead letter: when it was sent first, ms; 0 where that is now
	// repeats is set by send: an earlier message had the deduplication id, and seq
	// and messageID are its.
	repeats bool
}

// receiving is one receive while it runs.
type receiving struct {
	now   int64
	until int64 // when what is delivered can be had again
	max   int   // messages
	out   []delivered
	// dead receives messages that were received too often, which are then in no
	// order any more; nil where the queue has no use for that.
	dead        func(it inflight.Item)
	buried      bool   // there were some
	maxReceives uint32 // 0: no limit
	limit       int64  // messages in flight, in all
	room        int64  // messages that may come into flight still
	full        bool   // that ended the receive
	attempt     string // FIFO: the id by which a repeat of the receive is known; may be empty
	horizon     int64  // what was sent before it has expired
	skipped     int    // messages that were met and not delivered: expired or dead ones
}

// met is how many messages the receive met.
func (rc *receiving) met() int { return len(rc.out) + rc.skipped }

// more reports whether the receive goes on.
func (rc *receiving) more() bool {
	return len(rc.out) < rc.max && !rc.full && rc.skipped < maxSkipped
}

// take counts a message that comes into flight, and reports whether it may.
func (rc *receiving) take() bool {
	if rc.room <= 0 {
		rc.full = true
		return false
	}
	rc.room--
	return true
}

// bury hands over a message that was received too often.
func (rc *receiving) bury(it inflight.Item) {
	rc.dead(it)
	rc.buried = true
	rc.skip()
}

// maxSkipped bounds the expired and dead messages that one receive removes. The
// next one, or the sweep, goes on.
const maxSkipped = 1000

func (rc *receiving) skip() { rc.skipped++ }

// delivered is a message that a receive hands out.
type delivered struct {
	item inflight.Item // as leased, once the receive is over; its ID is the sequence, its Place the lane
	row  []byte        // of the message, still encrypted where the queue encrypts
}
