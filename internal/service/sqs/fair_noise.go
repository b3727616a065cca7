package sqs

import (
	"maps"
	"math"
	"time"

	"github.com/millrace/millrace/internal/inflight"
)

// A tenant is noisy, as AWS documents (reference sqs §8), when
//
//	it has more than a tenth of all messages in flight, and at least 30, or
//	it took more than a tenth of the consumers' time lately,
//
// and it is quiet again when its backlog is drained, or it sent nothing for five
// minutes.
const (
	noisyShare    = 10 // one part in so many
	noisyInFlight = 30
	quietAfter    = 5 * time.Minute

	// AWS says neither what lately is nor how much must be known of a tenant: a
	// minute ago counts half, and what counts must come to as many messages as rule
	// one asks for.
	recently     = time.Minute
	noisySamples = noisyInFlight
)

// noise is what is known of how much the tenants use. It is in memory alone: what
// is forgotten is counted anew.
type noise struct {
	tenants map[uint64]*tenant // by their lanes
	used    usage              // by all, those of no group among them
}

// tenant is what a group uses, from when its lane was made.
type tenant struct {
	inFlight int64 // messages that were delivered and are not settled
	used     usage
	noisy    bool
	sent     int64 // ms, of its last message since it is noisy; 0 for not known
}

// usage is consumers' time, of which less counts the longer ago it was.
type usage struct {
	time     float64 // ms
	messages float64
	at       int64 // ms, as of when
}

func (u *usage) add(now, spent int64) {
	u.fade(now)
	u.time += float64(spent)
	u.messages++
}

func (u *usage) fade(now int64) {
	if now > u.at {
		factor := math.Exp2(-float64(now-u.at) / float64(recently.Milliseconds()))
		u.time *= factor
		u.messages *= factor
		u.at = now
	}
}

// maxTenants bounds the tenants of which usage is known, but for noisy ones.
const maxTenants = maxLanes

// tenant returns what is known of the tenant of a lane.
func (n *noise) tenant(lane uint64) *tenant {
	t := n.tenants[lane]
	if t == nil {
		if len(n.tenants) >= maxTenants {
			maps.DeleteFunc(n.tenants, func(_ uint64, t *tenant) bool { return !t.noisy })
		}
		t = new(tenant)
		n.tenants[lane] = t
	}
	return t
}

// delivered counts a message that came out of the backlog of a lane.
func (n *noise) delivered(lane uint64) {
	if lane >= firstLane {
		n.tenant(lane).inFlight++
	}
}

// left reverses delivered: the message is gone.
func (n *noise) left(it inflight.Item) {
	t := n.tenants[it.Place]
	if t == nil || !it.Delivered() || t.inFlight == 0 {
		return
	}
	t.inFlight--
}

// settled counts the time that a consumer took.
func (n *noise) settled(it inflight.Item, now int64) {
	spent := max(now-it.Last, 0)
	n.used.add(now, spent)
	if it.Place >= firstLane {
		n.tenant(it.Place).used.add(now, spent)
	}
}

// exceeds reports whether a tenant uses so much that it is noisy.
func (n *noise) exceeds(t *tenant, total, now int64) bool {
	if t.inFlight >= noisyInFlight && t.inFlight*noisyShare > total {
		return true
	}
	t.used.fade(now)
	n.used.fade(now)
	return t.used.messages >= noisySamples && t.used.time*noisyShare > n.used.time
}
