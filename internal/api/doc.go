// Package api is the runtime of the shapes that cmd/mrgen generates into
// internal/awsapi: what a request or response is to every layer between the
// wire and a service.
//
// It owns the description of shapes ([Schema], [Member]), the way in which a
// codec walks a value without reflection ([Struct], [List], [Map]), operations
// and services as tables ([Operation], [Service]), errors that callers see
// ([Error]), the constraint program ([Validate]) and the facts of one call
// ([Call]).
//
// Invariants: tables are built before main starts and never change after, so
// they are safe for concurrent use without locks. A shape value belongs to one
// request and one goroutine at a time.
package api
