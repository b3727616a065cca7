// Package edge is the HTTP front of the server. It finds out which operation a
// request means, reads and hashes the body, decodes it, and hands a valid and
// permitted call to the service; what the service answers it writes in the
// request's protocol. It knows services as tables only.
//
// The checks run in AWS's order: size, target, syntax, signature, types,
// constraints, authorisation; the service checks the rest. Nothing of a service
// runs before all of them have passed. A body over 64 KiB, or in aws-chunks or
// compressed, is decoded only once its signature is verified.
//
// Bounds: one body is at most Options.MaxBody; all bodies and answers in flight
// together at most Options.Memory, past which a request waits a second and is
// throttled. A client that sends or reads too slowly loses its connection, but
// for streams of events, whose pace is the client's.
//
// A Server is safe for concurrent use. The type exchange is one request's and
// belongs to its goroutine.
package edge
