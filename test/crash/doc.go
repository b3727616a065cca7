// Package crash holds the tests that make a real server fail: killed at random
// and at fault points, on damaged files, on a full disk, under a clock that
// jumps, and among clients that misbehave. Each test starts processes of its own
// on data directories of its own.
//
// The servers are the binary with the tag "faults": MILLRACE_TEST_FAULTS_BINARY
// names it, and where it does not the tests build one. What the records are held
// against is package history, which is pure and has tests of its own.
//
//	go test ./test/crash                    a minute of kill -9, and the rest
//	go test ./test/crash -crash.for=10m     longer
//	go test ./test/crash -crash.seed=7      with the random choices of a seed
//
// A test that fails keeps its data directory, and says where.
package crash
