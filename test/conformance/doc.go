// Package conformance runs official clients, unmodified but for endpoint and
// credentials, against the built binary, and asserts what AWS was recorded to do
// (the documents that the tests cite). It has tests only.
//
// The Go SDK is driven from here. Clients of other languages have a program each
// in a folder, which prints a line "ok NAME" or "not ok NAME: why" for each of its
// checks and "done" at the end; every line is a subtest. `setup` installs them,
// pinned, into build/clients. A client whose toolchain is absent is skipped and
// counted; where CI is set that is a failure.
//
// What no Go SDK knows yet, queues on streams, is called by the suite's own client
// (package model), in JSON and in CBOR.
package conformance
