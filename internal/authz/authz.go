// Package authz decides whether a principal may make a call. It is the one
// place that decides: the edge and the loopback ask it once for each call, after
// the input is known to be valid and before the service sees it.
//
// Everything in it is safe for concurrent use.
package authz

import (
	"context"

	"github.com/millrace/millrace/internal/api"
)

// Authorizer decides about calls.
type Authorizer interface {
	// Authorize returns nil where the call's principal may make it, else an
	// *api.Error. in is the decoded input, nil where the operation has none.
	Authorize(ctx context.Context, call *api.Call, in api.Struct) error
}

// RootOnly lets an account's root do everything in its own account, and lets
// nobody else do anything, but for operations that need no signature.
type RootOnly struct{}

// Authorize implements Authorizer.
func (RootOnly) Authorize(_ context.Context, call *api.Call, _ api.Struct) error {
	p := call.Principal
	switch {
	case p.Root && !p.Anonymous && p.Account == call.Account:
		return nil
	case p.Anonymous && call.Operation.Unsigned:
		return nil
	case p.Anonymous:
		return api.ErrAccessDenied.New("User: anonymous is not authorized to perform: %s", call.Operation.Action)
	}
	return api.ErrAccessDenied.New("User: %s is not authorized to perform: %s", p.ARN, call.Operation.Action)
}
