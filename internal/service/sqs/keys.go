package sqs

import (
	"encoding/binary"
	"strings"

	"github.com/millrace/millrace/internal/base/arn"
)

// Names of partitions (docs/format/sqs.md has the layouts):
//
//	sqs                              the service: key of tokens
//	sqs/<account>/<region>           registry: names, and what is under way
//	sqs/<account>/<region>/<queue>   one queue
const root = "sqs"

// queueKey names a queue.
type queueKey struct{ account, region, name string }

func registryName(account, region string) string { return root + "/" + account + "/" + region }

func (k queueKey) partition() string { return registryName(k.account, k.region) + "/" + k.name }

func (k queueKey) arn() string { return arn.New("sqs", k.region, k.account, k.name).String() }

func (k queueKey) fifo() bool { return strings.HasSuffix(k.name, fifoSuffix) }

// fifoSuffix ends the names of FIFO queues, and of no others.
const fifoSuffix = ".fifo"

// parsePartition splits the name of a registry, which has no queue, or of a
// queue's partition.
func parsePartition(name string) (k queueKey, ok bool) {
	parts := strings.Split(name, "/")
	if len(parts) < 3 || len(parts) > 4 || parts[0] != root {
		return k, false
	}
	k = queueKey{account: parts[1], region: parts[2]}
	if len(parts) == 4 {
		k.name = parts[3]
	}
	return k, true
}

// Rows of a queue's partition.
var (
	descriptionKey = []byte("desc")
	metaKey        = []byte("meta")
	messagePrefix  = []byte("m/")
)

const (
	itemsPrefix     = "x/" // of inflight.Machine
	directoryPrefix = "h/" // of inflight.Index
)

// Lanes with a meaning of their own. Groups get the numbers from firstLane on.
const (
	plainLane = 0 // messages of no group
	asideLane = 1 // messages that are found by time and never by order
	firstLane = 2
)

// messageKey is where a message lies.
func messageKey(lane, seq uint64) []byte {
	b := binary.BigEndian.AppendUint64([]byte("m/"), lane)
	return binary.BigEndian.AppendUint64(b, seq)
}

// seqOf returns the sequence in the key of a message.
func seqOf(key []byte) uint64 { return binary.BigEndian.Uint64(key[len(key)-8:]) }

// laneEnd is the key after all messages of a lane.
func laneEnd(lane uint64) []byte { return messageKey(lane+1, 0) }

// A sequence is the millisecond in which a message was sent, and a count.
const countBits = 20

// sequenceAt returns the first sequence of a millisecond.
func sequenceAt(ms int64) uint64 { return uint64(ms) << countBits }

// sentAt returns the millisecond of a sequence.
func sentAt(seq uint64) int64 { return int64(seq >> countBits) }
