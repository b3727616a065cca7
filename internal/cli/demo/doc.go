// Package demo is the main job on a server of its own: lines in, a stream that is
// split and merged on the way, lines out to files, and an account of each line.
//
// How a line is found again: its record is the line's number in the input, a tab,
// and the line as it is. The consumer takes the number off, and writes the line as
// it was. So the account rests on what came through the stream, not on what the
// server said when it took the record.
//
// Memory is bounded: a bit a line, 32 bytes a key for at most two million keys
// (beyond that the order is checked for a part of the keys, and the reckoning says
// which), and what the producer and the subscriptions have in flight.
package demo
