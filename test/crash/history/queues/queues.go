// Package queues judges what a queue delivers by what its clients were told.
//
// Clients note every attempt to send, every receive with its answer, and every
// deletion and change of visibility. Check then finds every way in which these do
// not fit: the promises are that an acknowledged message is delivered until it is
// deleted; that a deleted one does not come back; that nobody gets a message while
// another holds it; that receives are counted; that in a FIFO queue a group is
// delivered in order, and one message is accepted for each deduplication id; that
// a message which was received too often gets to the dead-letter queue, once.
//
// A call of unknown outcome may have been carried out or not, between its two
// times. No call is carried out after its end: whoever notes an unknown outcome
// must know that the server is dead.
//
// The package is pure: it does no I/O and keeps no state. Its functions may be
// called from any goroutine with values that nobody changes meanwhile.
package queues

import (
	"time"

	"github.com/millrace/millrace/test/crash/history"
)

// Call bounds a call on one monotonic clock of all clients, and says how it ended.
type Call struct {
	Began, Ended time.Duration
	Outcome      history.Outcome
}

// Send is one attempt to send a message.
type Send struct {
	history.ID
	Call
	Group string
	// Dedup is the deduplication id. All sends of one id are of one message,
	// whatever they carry.
	Dedup string
	Delay time.Duration

	MessageID, Sequence string // of an acknowledged one
}

// Receive is one receive.
type Receive struct {
	Call
	Visibility time.Duration // of what it delivers
	Messages   []Delivery    // in the order of the answer
}

// Delivery is a message in the answer of a receive.
type Delivery struct {
	history.ID
	MessageID, Sequence, Group, Handle string
	Count                              int // receives, this one included
	// Damaged says what is wrong with the contents; "" means nothing.
	Damaged string
}

// Act is what was done by the handle of a delivery: a deletion, or else a change
// of visibility.
type Act struct {
	Call
	Handle     string
	Delete     bool
	Visibility time.Duration // of a change, from then on
}

// Queue is all that is known of one queue, from its creation on.
type Queue struct {
	Name string
	FIFO bool
	// Tells says that a handle which is not its message's newest, or whose message
	// is gone, is always refused. FIFO queues tell, and queues on streams.
	Tells    bool
	Sends    []Send
	Receives []Receive
	Acts     []Act
	Purges   []Call
	// Dead is the dead-letter queue, nil for none: it gets what was received
	// MaxReceives times and comes from no other queue.
	Dead        *Queue
	MaxReceives int
	// Drained says that nobody sends any more and that receives and deletions went
	// on until the queue, and Dead, had nothing left.
	Drained bool
}

// The rules, beside those of package history that have their names here too.
const (
	Returned   history.Rule = "returned"   // delivered after it was deleted, purged or set aside
	Overlap    history.Rule = "overlap"    // delivered while another held it
	Miscounted history.Rule = "miscounted" // the count of receives does not fit
	Hasty      history.Rule = "hasty"      // delivered before its delay was over
	Buried     history.Rule = "buried"     // a dead letter too early, or not in time
)

// slack is by how much times of the server, which are whole milliseconds, may
// differ from those of clients.
const slack = 5 * time.Millisecond

// maybe reports whether the call may have been carried out.
func (c *Call) maybe() bool { return c.Outcome != history.Refused }
