package sqs

import (
	"errors"

	"github.com/millrace/millrace/internal/api"
	"github.com/millrace/millrace/internal/token"
)

// maxListed is the most queues that one answer lists.
const maxListed = 1000

// page is what a call that lists queues asks for.
type page struct {
	call  *api.Call
	of    []byte // what is listed: a token of another list is refused
	after string // the last queue that was listed
	most  int
	paged bool // the caller follows tokens: it said how many it wants
}

// page reads what a call asks for.
func (s *Service) page(call *api.Call, of string, most api.Opt[int32], next api.Opt[string]) (*page, error) {
	if err := checkRange("MaxResults", most, 1, maxListed, "Must be between 1 and 1000, if provided."); err != nil {
		return nil, err
	}
	p := &page{call: call, of: []byte(of), most: int(most.Or(maxListed)), paged: most.Set}
	if !next.Set {
		return p, nil
	}
	t, err := s.tokens.OpenPage(call, next.V)
	if errors.Is(err, token.ErrForeign) || err == nil && string(t.Of) != of {
		return nil, invalidValue(next.V, "NextToken", "Invalid or expired next token.")
	}
	p.after = t.After
	return p, err
}

// next returns the token of the page after this one, of which more tells whether
// there is one. A caller that did not ask for pages gets none, as on AWS.
func (s *Service) next(p *page, more bool) (api.Opt[string], error) {
	if !more || !p.paged {
		return api.Opt[string]{}, nil
	}
	t, err := s.tokens.SealPage(p.call, p.of, p.after, s.clock.Now())
	return api.Some(t), err
}

// add takes a queue into the page, and reports whether it had room.
func (p *page) add(urls *[]string, key queueKey) bool {
	if len(*urls) == p.most {
		return false
	}
	*urls, p.after = append(*urls, queueURL(p.call, key)), key.name
	return true
}
