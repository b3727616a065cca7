package kinesis

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/millrace/millrace/internal/store"
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

// tokenKeyKey is the row of the service's partition that names the data key of
// iterators and page tokens.
var tokenKeyKey = []byte("token-key")

// prefixEnd returns the first key after all that begin with prefix.
func prefixEnd(prefix []byte) []byte {
	end := append([]byte(nil), prefix...)
	end[len(end)-1]++
	return end
}

// rowVersion heads every row. Rows are JSON: they are few and small, and new
// members can be added.
const rowVersion = 1

func encodeRow(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("BUG: row %T cannot be written: %v", v, err))
	}
	return append([]byte{rowVersion}, b...)
}

func decodeRow(b []byte, v any) error {
	if len(b) == 0 || b[0] != rowVersion {
		return fmt.Errorf("%w: row of an unknown version", store.ErrCorrupt)
	}
	if err := json.Unmarshal(b[1:], v); err != nil {
		return fmt.Errorf("%w: row: %w", store.ErrCorrupt, err)
	}
	return nil
}

// readStream reads all rows of a stream. It returns nil where there is none.
func readStream(key streamKey, r store.Reader) (*streamState, error) {
	st := &streamState{key: key, version: r.Version()}
	row, err := r.Get(descriptionKey)
	if err != nil {
		if isNotFound(err) {
			return nil, nil
		}
		return nil, err
	}
	if err := decodeRow(row, &st.description); err != nil {
		return nil, err
	}
	if err := scanRows(r, shardPrefix, &st.shards); err != nil {
		return nil, err
	}
	if err := scanRows(r, consumerPrefix, &st.consumers); err != nil {
		return nil, err
	}
	st.index()
	return st, nil
}

// scanRows appends the rows under a prefix to out, in order.
func scanRows[T any](r store.Reader, prefix []byte, out *[]*T) error {
	for kv, err := range r.Scan(prefix, prefixEnd(prefix)) {
		if err != nil {
			return err
		}
		v := new(T)
		if err := decodeRow(kv.Value, v); err != nil {
			return err
		}
		*out = append(*out, v)
	}
	return nil
}
