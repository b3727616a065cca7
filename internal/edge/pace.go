package edge

import "time"

// pace is how fast the peers of connections must be.
type pace struct {
	header    time.Duration // for a request's head
	handshake time.Duration // of TLS
	// A body must arrive within grace and at rate bytes per second from then on,
	// and an answer be taken within grace and at answerRate: an answer can be far
	// larger than what a stranger may send, and its memory is shared.
	grace            time.Duration
	rate, answerRate int64
	// event is how long a client may leave an event unread. It is longer than a
	// subscription lives, so that a client that reads at a pace of its own never
	// loses its stream to it; it only frees what a client holds that never reads.
	event time.Duration
	// drain is how long calls may take to end by themselves when the server stops.
	drain time.Duration
}

var standardPace = pace{
	header: 10 * time.Second, handshake: 10 * time.Second, grace: 20 * time.Second, rate: 16 << 10, answerRate: 256 << 10,
	event: 6 * time.Minute, drain: 3 * time.Second,
}

// allowance is how long a body of n bytes may take.
func (p *pace) allowance(n int64) time.Duration {
	return p.grace + time.Duration(n)*time.Second/time.Duration(p.rate)
}

// answer is how long an answer of n bytes may take.
func (p *pace) answer(n int64) time.Duration {
	return p.grace + time.Duration(n)*time.Second/time.Duration(p.answerRate)
}
