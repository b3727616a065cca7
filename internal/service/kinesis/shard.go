package kinesis

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/millrace/millrace/internal/base/hash128"
	"github.com/millrace/millrace/internal/store"
)

// shard is one shard of a stream, open or closed. It never changes: a reshard
// puts a closed copy in its place.
type shard struct {
	Index uint32 `json:"index"`
	// Created is the second in which the shard was made, as its sequence numbers
	// carry it: beyond those of its parents and of every shard of an earlier stream
	// of the same name. It is identity, not time.
	Created  int64        `json:"created"`
	Opened   time.Time    `json:"opened"`
	Start    hash128.Hash `json:"start"`
	End      hash128.Hash `json:"end"` // inclusive
	Parent   *uint32      `json:"parent,omitempty"`
	Adjacent *uint32      `json:"adjacent,omitempty"` // the other parent, of a merge

	// Stamps is the newest stamp of the parents' records. Those of this shard are
	// not below it, though the clock was, so that they do not expire earlier.
	Stamps time.Time `json:"stamps,omitzero"`

	// Closed is when a reshard closed the shard; zero while it is open.
	Closed time.Time `json:"closed,omitzero"`
	// Records is the number of records that a closed shard ever got.
	Records store.Position `json:"records,omitempty"`

	id      string        // as the API names it
	runtime *shardRuntime // what is not stored
}

func (sh *shard) open() bool { return sh.Closed.IsZero() }

// ending returns the last sequence number of a closed shard.
func (sh *shard) ending() string {
	return sequence{created: sh.Created, shard: sh.Index, index: closedIndex, arrival: sh.Closed.Unix()}.String()
}

// starting returns the number with which the shard begins. No record has it.
func (sh *shard) starting() string {
	return sequence{created: sh.Created, shard: sh.Index, arrival: sh.Created}.String()
}

func shardID(index uint32) string { return fmt.Sprintf("shardId-%012d", index) }

// parseShardID reads a shard id as liberally as AWS: "shardId-000000000007",
// "shard-7" and "7" are the same shard.
func parseShardID(id string) (uint32, bool) {
	if i := strings.LastIndexByte(id, '-'); i >= 0 {
		id = id[i+1:]
	}
	n, err := strconv.ParseUint(id, 10, 31)
	return uint32(n), err == nil
}
