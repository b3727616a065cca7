package edge

import "time"

// Event is what is known of one call when its answer has been written. It holds
// nothing of what the call carried.
type Event struct {
	RequestID string
	Service   string // the service's ID; empty where no service was recognised
	Operation string // empty where no operation was recognised
	Protocol  string // content type or name of the protocol; empty where unknown
	Account   string // empty before somebody was recognised
	Region    string
	Status    int           // HTTP status
	Code      string        // the error's code, empty for a success
	Duration  time.Duration // from the end of the request's head to the end of the answer
	BytesIn   int64         // of the body
	BytesOut  int64         // of the answer's body
}

// Observer is told of every call once, in the goroutine that served it, so it
// must be quick. It is called concurrently.
type Observer interface{ Observe(Event) }

type nobody struct{}

func (nobody) Observe(Event) {}
