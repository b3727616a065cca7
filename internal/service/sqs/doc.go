// Package sqs is Amazon SQS: queues of messages, standard and FIFO.
//
// It owns the partitions under the name "sqs" (keys.go has every name, docs/format/sqs.md
// every layout). Each operation of the API is a method of [Service] in a file of its
// own: SendMessage is in send_message.go. docs/design/queues.md tells how a queue
// keeps its messages, and why so.
//
// Invariants:
//   - what is answered is durable: sends, receives, deletes and changes of
//     visibility; nothing is seen before it is durable;
//   - a message is in exactly one place: in the backlog of its lane, or an exception
//     (delivered or delayed) of the queue's inflight.Machine;
//   - a receipt handle acts on its own receive only: one that is not the newest of
//     its message changes nothing;
//   - in a FIFO queue no message is handed out while an earlier one of its group is
//     in flight or delayed;
//   - no transaction spans two queues: what moves between them is written into an
//     outbox first, and arrives once.
//
// The memory of a queue is a cache of its rows. All methods of Service are safe
// for concurrent use. Lock order: the partition's writer lock, then queue.mu.
package sqs
