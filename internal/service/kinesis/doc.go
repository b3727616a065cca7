// Package kinesis is Kinesis Data Streams: streams, shards, records, consumers,
// and queues on streams.
//
// It owns the partitions and logs under the names "kinesis" and "kinesis.queues"
// (keys.go and queue_keys.go have every name and layout). Each operation of the API is a method of [Service] in a file
// of its own: PutRecords is in put_records.go.
//
// Invariants:
//   - a record is answered and visible only once it is durable in its shard's log;
//   - the open shards of a stream cover the hash space without gap or overlap in
//     every state that anyone sees; a reshard is one atomic change of that state;
//   - a sequence number is arithmetic on a log's position, so it is never given
//     twice and grows within a shard and from parent to child;
//   - everything that takes time (CREATING, UPDATING, DELETING, a reshard) is a
//     stored intent with a due time, resumed after a restart.
//
// State: a stream's rows are read into an immutable streamState, which is valid
// for one version of the stream's partition; the service keeps no state that the
// store does not have, but for token buckets and counters. All methods are safe
// for concurrent use. Lock order: transitions.running, then stream.loadMu or the
// writer lock of a queue's partition and queue.mu, then Service.mu; no I/O under
// Service.mu.
//
// A queue's rows are read into a queueMemory, which each transaction on the queue
// changes and writes alike (docs/design/queues.md).
package kinesis
