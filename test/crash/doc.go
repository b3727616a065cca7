// Package crash holds the tests that make a real server fail: killed at random
// and at fault points, on damaged files, on a full disk, under a clock that
// jumps, and among clients that misbehave. Each test starts processes of its own
// on data directories of its own.
//
// The servers are the binary with the tag "faults": MILLRACE_TEST_FAULTS_BINARY
// names it, and where it does not the tests build one. What records are held
// against is package history, and what messages of queues are held against is
// package queues in it; both are pure and have tests of their own.
//
//	go test ./test/crash                         a minute and a half of kill -9, and the rest
//	go test ./test/crash -crash.for=10m          longer, of streams
//	go test ./test/crash -crash.queues=10m       longer, of queues
//	go test ./test/crash -crash.streamqueues=10m longer, of queues on streams
//	go test ./test/crash -crash.seed=7           with the random choices of a seed
//
// A test that fails keeps its data directory, and says where.
package crash
