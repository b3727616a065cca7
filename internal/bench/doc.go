// Package bench puts load on an endpoint of Kinesis and SQS and measures what comes back.
//
// The client must cost little, since it shares the machine with the server that
// it measures: it speaks HTTP/1.1 over plain connections, each owned by one
// goroutine, and replays requests whose bodies were made and hashed beforehand.
// Only what has to be new is made while it runs: the head of a request once its
// signature is too old, requests that depend on an answer, and the ids of messages
// for a FIFO queue.
//
// Times are the machine's own. A [Load] is used by one goroutine; the
// connections behind it share nothing but counters. The probes ([ServeBare],
// [ServeEmpty]) are servers that do the least that any server of these requests
// can do: what the machine itself allows.
package bench
