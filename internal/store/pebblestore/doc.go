// Package pebblestore is the store of one machine: one Pebble database in which
// partitions, logs and the catalogue of their names share one write-ahead log,
// and a directory of blobs beside it.
//
// It owns the data directory: FORMAT, pebble/, blobs/, the ballast file
// and, unless one is given, the master key. docs/format/store.md has the layout.
//
// Invariants:
//   - an outcome is told to the caller after the sync that made it durable;
//   - Pebble publishes a batch before its sync ends, so no reader looks at the
//     database itself: a log is read below its durable tip, and a partition in
//     the snapshot that was taken before the oldest commit still under way;
//   - positions of a log are given out under its append lock and enter the
//     committer's queue under the same lock, so the order of positions is the
//     order in the write-ahead log, and a crash takes back a suffix;
//   - a failed write or sync of the write-ahead log ends the process
//     (Options.Fatal), and nothing is acknowledged after it.
//
// Concurrency: every type is safe for concurrent use. Blocks of all logs go
// through one committer, which applies what has queued up as one batch and keeps
// at most two batches in flight; updates of partitions go to Pebble from the
// caller's goroutine and share the same syncs.
//
// Lock order: Store.stripes, log.appendMu, committer.mu; partitionState.write,
// partitionState.mu. Store.mu and log.mu are leaves. No I/O under a leaf.
package pebblestore
