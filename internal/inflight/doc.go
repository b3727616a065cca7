// Package inflight is the state machine of things that are delivered and not
// settled: who may have them until when, how often they were received, when they
// are dead. SQS queues and the queues of Kinesis streams both stand on it.
//
// What was never delivered nor delayed is not known here: it is the backlog, of
// which the caller keeps a cursor. A [Machine] knows the exceptions, each as one
// row (an [Item]) and one place in an order by time (an [Index]). Both live in
// the caller's partition, are written in the caller's transaction, and are in
// memory as far as a window reaches. So the cost of an operation and the memory
// follow what is in flight, and not the backlog; nothing ticks: an item whose
// time has come is found by whoever looks for one to deliver.
//
// The machine decides nothing about contents, ordering of the backlog, or
// answers. It does no input or output but through the transaction it is given,
// and takes time as an argument.
//
// Invariants: an item is in exactly one index, at its Visible time; no
// lease of an item is given out twice; memory never differs from the rows as the transaction
// in progress sees them. Where a commit fails, the machine is thrown away and
// made anew from the rows. Types are not safe for concurrent use: the caller's
// writer lock guards them. [Waiters], who wait for something to deliver, are.
package inflight
