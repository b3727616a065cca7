package kinesis

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	"github.com/millrace/millrace/internal/store"
	"github.com/millrace/millrace/internal/store/row"
)

// Names of partitions and logs (docs/format/kinesis.md has the layouts):
//
//	kinesis                                       the service: key of tokens
//	kinesis/<account>/<region>                    registry: names, quota, account settings
//	kinesis/<account>/<region>/<stream>           one stream
//	kinesis/<account>/<region>/<stream>/<incarnation>/<shard>   log of one shard
const root = "kinesis"

func registryName(account, region string) string { return root + "/" + account + "/" + region }

func (k streamKey) partition() string { return registryName(k.account, k.region) + "/" + k.name }

// logs is the prefix of the names of a stream's logs.
func (k streamKey) logs(incarnation uint64) string {
	return k.partition() + "/" + strconv.FormatUint(incarnation, 10) + "/"
}

func (k streamKey) log(incarnation uint64, shard uint32) string {
	return k.logs(incarnation) + fmt.Sprintf("%010d", shard)
}

// parsePartition splits the name of a registry or stream partition.
func parsePartition(name string) (k streamKey, ok bool) {
	parts := strings.Split(name, "/")
	if len(parts) < 3 || len(parts) > 4 || parts[0] != root {
		return k, false
	}
	k = streamKey{account: parts[1], region: parts[2]}
	if len(parts) == 4 {
		k.name = parts[3]
	}
	return k, true
}

// Rows of a stream's partition.
var (
	descriptionKey = []byte("d")
	shardPrefix    = []byte("s/")
	consumerPrefix = []byte("c/")
)

func shardKey(index uint32) []byte { return binary.BigEndian.AppendUint32([]byte("s/"), index) }

func consumerKey(name string) []byte { return []byte("c/" + name) }

// Rows of a registry.
var (
	settingsKey  = []byte("settings")
	streamPrefix = []byte("n/")
)

func registryKey(name string) []byte { return []byte("n/" + name) }

func tombstoneKey(name string) []byte { return []byte("t/" + name) }

// readStream reads all rows of a stream. It returns nil where there is none.
func readStream(key streamKey, r store.Reader) (*streamState, error) {
	st := &streamState{key: key, version: r.Version()}
	if found, err := row.Find(r, descriptionKey, &st.description); err != nil || !found {
		return nil, err
	}
	if err := row.Scan(r, shardPrefix, &st.shards); err != nil {
		return nil, err
	}
	if err := row.Scan(r, consumerPrefix, &st.consumers); err != nil {
		return nil, err
	}
	if err := row.Scan(r, queueLinkPrefix, &st.queues); err != nil {
		return nil, err
	}
	st.index()
	return st, nil
}
