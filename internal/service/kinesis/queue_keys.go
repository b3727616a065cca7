package kinesis

import (
	"encoding/binary"
	"strings"

	"github.com/millrace/millrace/internal/base/arn"
)

// Names of the partitions of queues (docs/format/kinesis.md has the layouts):
//
//	kinesis.queues/<account>/<region>        registry: names of queues
//	kinesis.queues/<account>/<region>/<id>   one queue
const queueRoot = "kinesis.queues"

// queueKey names a queue. The id is generated, and never used again.
type queueKey struct{ account, region, id string }

func (k queueKey) arn() string {
	return arn.New("kinesis", k.region, k.account, queueResource+k.id).String()
}

func (k queueKey) partition() string { return queueRegistryName(k.account, k.region) + "/" + k.id }

func queueRegistryName(account, region string) string {
	return queueRoot + "/" + account + "/" + region
}

// queueResource begins what the ARN of a queue says after the account.
const queueResource = "queue/"

// parseQueueARN reads arn:aws:kinesis:<region>:<account>:queue/<id>.
func parseQueueARN(s string) (queueKey, bool) {
	key, rest, ok := splitARN(s)
	id, queue := strings.CutPrefix(rest, queueResource)
	return queueKey{key.account, key.region, id}, ok && queue && validName(id)
}

// Rows of a queue's partition, beside its description.
var (
	generationKey    = []byte("g")
	queueShardPrefix = []byte("s/")
)

func queueShardKey(index uint32) []byte { return binary.BigEndian.AppendUint32([]byte("s/"), index) }

// liveItems and deadItems are the prefixes under which the items of a shard lie.
func liveItems(index uint32) string { return itemsOf("l/", index) }
func deadItems(index uint32) string { return itemsOf("x/", index) }

func itemsOf(prefix string, index uint32) string {
	return string(binary.BigEndian.AppendUint32([]byte(prefix), index)) + "/"
}

// Rows of a stream's partition: its queues.
var queueLinkPrefix = []byte("q/")

func queueLinkKey(id string) []byte { return []byte("q/" + id) }

// Rows of the registry of queues.
var queueNamePrefix = []byte("n/")

func queueNameKey(name string) []byte { return []byte("n/" + name) }
