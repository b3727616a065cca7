// Package httpbind holds what the REST protocols have in common beside the
// body: the router that finds an operation by method and path, and the binding of
// members to labels, query parameters, headers, status and payload.
//
// It owns the textual forms of these places. Everything in it is immutable or
// works on its arguments only, so it is safe for concurrent use.
package httpbind
