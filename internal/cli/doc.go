// Package cli is the command line: one file per subcommand, each a struct whose
// Run method does the work, and one field in [commands].
//
// A person at a terminal gets colours and short errors that say what to do next;
// a pipe gets plain lines. Exit statuses: 0 done; 1 it failed; 2 the command line
// or the configuration is wrong; 3 the address or the data directory is in use;
// 70 the disk failed a write or a sync.
//
// Main may run several times in one process, one after the other.
package cli
