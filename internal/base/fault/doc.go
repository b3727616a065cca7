// Package fault holds the places where the binary that is built with the tag
// "faults" can be made to fail, and what else that binary may change so that
// hours pass in seconds. Without the tag every function here is empty, inlined
// and costs nothing.
//
// With the tag:
//   - MILLRACE_FAULT=name or name:N kills the process, as kill -9 does, when the
//     point of that name is passed for the N-th time (default 1); several are
//     separated by commas. Arm does the same while the process runs.
//   - MILLRACE_FAULT_HOUR=1s is how long an hour of retention lasts.
//   - Clock can be moved, forwards and back.
//
// Names are "service.operation.step" ("kinesis.reshard.sealed"): what has been
// made durable, or is about to be. All functions are safe for concurrent use.
package fault
