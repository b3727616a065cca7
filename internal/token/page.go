package token

import (
	"encoding/json"
	"time"

	"github.com/millrace/millrace/internal/api"
)

// Page is what a page token means: where a listing goes on, and of what.
type Page struct {
	Operation string `json:"op"`
	Account   string `json:"account"`
	Region    string `json:"region"`
	// Of is what is listed, as the operation tells it apart (a stream and its
	// incarnation, a filter). It may be empty.
	Of    []byte    `json:"of,omitempty"`
	After string    `json:"after"` // the last name that was shown
	Made  time.Time `json:"made"`
}

var pageKind = []byte("page")

// SealPage returns the token of the page of the call's operation that follows
// after.
func (s *Sealer) SealPage(call *api.Call, of []byte, after string, now time.Time) (string, error) {
	b, err := json.Marshal(Page{call.Operation.Name, call.Account, call.Region, of, after, now})
	if err != nil {
		return "", err
	}
	return s.Seal(pageKind, b)
}

// OpenPage reverses SealPage. A token of another operation, account or region is
// ErrForeign.
func (s *Sealer) OpenPage(call *api.Call, token string) (Page, error) {
	var p Page
	b, err := s.Open(nil, pageKind, token)
	if err != nil {
		return p, err
	}
	if err := json.Unmarshal(b, &p); err != nil || p.Operation != call.Operation.Name || p.Account != call.Account || p.Region != call.Region {
		return Page{}, ErrForeign
	}
	return p, nil
}
