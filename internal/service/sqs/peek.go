package sqs

import (
	"context"
	"fmt"
	"slices"

	"github.com/millrace/millrace/internal/store"
)

// PeekOptions say which messages to look at.
type PeekOptions struct {
	State     State  // Any: all
	Group     string // "": all
	After     string // Position of a message, or Next of a page; "": from the beginning
	Limit     int    // messages, at least 1; no page has more than 1,000
	BodyBytes int    // of each body, at most
}

// PeekPage is a part of a queue's messages.
type PeekPage struct {
	Messages []StoredMessage
	// Next is where to go on, "" where the queue is at its end. A page may have fewer
	// messages than were asked for and go on, where it had to look at many others.
	Next  string
	Total int64 // messages of the queue, all of them
}

// Bounds of one page.
const (
	peekRows  = 20_000
	peekBytes = 4 << 20 // of messages
	peekLimit = 1000
)

// Peek looks at messages without receiving them: it changes nothing and takes no
// lease. What it shows is one moment of durable state; it reads no more than a
// page. *InspectError for what is asked wrongly.
func (s *Service) Peek(ctx context.Context, q Queue, o PeekOptions) (*PeekPage, error) {
	after, ok := parsePosition(o.After)
	if !ok {
		return nil, &InspectError{fmt.Sprintf("%q is not a position: it is what an earlier peek printed", o.After)}
	}
	if !slices.Contains([]State{Any, Visible, InFlight, Delayed}, o.State) {
		return nil, &InspectError{fmt.Sprintf("%q is not a state: visible, in-flight, delayed or all", o.State)}
	}
	page := &PeekPage{Messages: []StoredMessage{}}
	limit, size := min(max(o.Limit, 1), peekLimit), 0
	err := s.o.Store.Partition(q.key.partition()).View(ctx, func(r store.Reader) error {
		w, err := s.walk(q.key, r)
		if err != nil {
			return err
		}
		page.Total = w.meta.Messages
		w.state, w.group, w.after, w.budget = o.State, o.Group, after, peekRows
		w.visit = func(v *visited) error {
			// The message outlives the view, and the row does not.
			v.row = slices.Clone(v.row)
			m, out, ok, err := s.stored(w, v)
			if err != nil || !ok {
				return err
			}
			if size += out.Size; o.Group == "" || m.group == o.Group {
				out.cut(o.BodyBytes)
				page.Messages = append(page.Messages, out)
			}
			if len(page.Messages) >= limit || size >= peekBytes {
				w.budget = 0 // one more row tells that there is more
			}
			return nil
		}
		if err = w.run(); w.more {
			page.Next = w.at.String()
		}
		return err
	})
	if err != nil {
		return nil, q.explain(err)
	}
	return page, nil
}
