// Package aggregation packs several user records into one Kinesis record and
// takes them out again, in the format of the Kinesis Producer Library:
//
//	F3 89 9A C2 | AggregatedRecord, a proto2 message | MD5 of the message, 16 bytes
//
//	AggregatedRecord: 1 partition_key_table, 2 explicit_hash_key_table (repeated string), 3 records (repeated Record)
//	Record: 1 partition_key_index, 2 explicit_hash_key_index (uint64), 3 data (bytes), 4 tags (never written)
//
// (awslabs/amazon-kinesis-producer, aggregation-format.md.) The functions are pure
// and safe for concurrent use; a Builder is not.
package aggregation

import (
	"crypto/md5"
	"encoding/binary"
	"math/big"
)

// Record is one user record.
type Record struct {
	PartitionKey    string
	ExplicitHashKey string // decimal; "" where the partition key's hash decides
	Data            []byte
}

const magic = "\xf3\x89\x9a\xc2"

// sharedKey is the partition key of a record that holds several: the explicit
// hash key places it.
const sharedKey = "a"

// The wire types of protobuf; a field is its number << 3 | wire type.
const (
	varint = 0
	sized  = 2

	fieldPartitionKey    = 1<<3 | sized
	fieldExplicitHashKey = 2<<3 | sized
	fieldRecord          = 3<<3 | sized

	fieldPartitionKeyIndex    = 1<<3 | varint
	fieldExplicitHashKeyIndex = 2<<3 | varint
	fieldData                 = 3<<3 | sized
)

// hashKey returns where in the hash space the record belongs, in decimal: its
// explicit hash key, or the MD5 of its partition key, big endian.
func (r *Record) hashKey() string {
	if r.ExplicitHashKey != "" {
		return r.ExplicitHashKey
	}
	sum := md5.Sum([]byte(r.PartitionKey))
	return new(big.Int).SetBytes(sum[:]).String()
}

func appendBytes[T string | []byte](b []byte, field byte, value T) []byte {
	b = append(b, field)
	b = binary.AppendUvarint(b, uint64(len(value)))
	return append(b, value...)
}

func sizeUvarint(n uint64) int {
	size := 1
	for ; n >= 0x80; n >>= 7 {
		size++
	}
	return size
}

func sizeBytes(n int) int { return 1 + sizeUvarint(uint64(n)) + n }
