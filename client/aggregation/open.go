package aggregation

import (
	"crypto/md5"
	"encoding/binary"
	"unicode/utf8"
)

// Open returns the user records in the data of a Kinesis record, in their order.
// ok is false where the data is no aggregated record: then it is one user record
// itself. The records' data are parts of data.
//
// Every record is returned, also one whose key belongs to another shard's range.
// The KPL sends such a record again after a reshard, so it may come twice; writers
// that aggregate without a thought of shards do not, and it would be lost.
func Open(data []byte) (records []Record, ok bool) {
	if len(data) <= len(magic)+md5.Size || string(data[:len(magic)]) != magic {
		return nil, false
	}
	message, sum := data[len(magic):len(data)-md5.Size], data[len(data)-md5.Size:]
	if md5.Sum(message) != [md5.Size]byte(sum) {
		return nil, false
	}
	return parse(message)
}

// span is one Record message: the tables may stand behind it.
type span []byte

func parse(message []byte) (records []Record, ok bool) {
	var keys, hashes []string
	var spans []span
	for len(message) > 0 {
		field, _, value, rest, ok := next(message)
		if !ok {
			return nil, false
		}
		message = rest
		switch field {
		case fieldPartitionKey, fieldExplicitHashKey:
			if !utf8.Valid(value) {
				return nil, false
			}
			if field == fieldPartitionKey {
				keys = append(keys, string(value))
			} else {
				hashes = append(hashes, string(value))
			}
		case fieldRecord:
			spans = append(spans, value)
		}
	}
	records = make([]Record, 0, len(spans))
	for _, s := range spans {
		r, ok := s.record(keys, hashes)
		if !ok {
			return nil, false
		}
		records = append(records, r)
	}
	return records, true
}

func (s span) record(keys, hashes []string) (r Record, ok bool) {
	key, hash, hasKey, hasHash, hasData := uint64(0), uint64(0), false, false, false
	for len(s) > 0 {
		field, number, value, rest, ok := next(s)
		if !ok {
			return r, false
		}
		s = rest
		switch field {
		case fieldPartitionKeyIndex:
			key, hasKey = number, true
		case fieldExplicitHashKeyIndex:
			hash, hasHash = number, true
		case fieldData:
			r.Data, hasData = value, true
		}
	}
	if !hasKey || !hasData || key >= uint64(len(keys)) || hasHash && hash >= uint64(len(hashes)) {
		return r, false
	}
	r.PartitionKey = keys[key]
	if hasHash {
		r.ExplicitHashKey = hashes[hash]
	}
	return r, true
}

// next reads one field of a message: its tag, and its number or its bytes.
func next(b []byte) (field, number uint64, value, rest []byte, ok bool) {
	field, n := binary.Uvarint(b)
	if n <= 0 || field>>3 == 0 {
		return 0, 0, nil, nil, false
	}
	b = b[n:]
	switch field & 7 {
	case varint:
		number, n = binary.Uvarint(b)
		if n <= 0 {
			return 0, 0, nil, nil, false
		}
		return field, number, nil, b[n:], true
	case 1, 5: // 64 and 32 bits, which the format does not use
		size := 8
		if field&7 == 5 {
			size = 4
		}
		if len(b) < size {
			return 0, 0, nil, nil, false
		}
		return field, 0, b[:size], b[size:], true
	case sized:
		size, n := binary.Uvarint(b)
		if n <= 0 || size > uint64(len(b)-n) {
			return 0, 0, nil, nil, false
		}
		b = b[n:]
		return field, 0, b[:size:size], b[size:], true
	}
	return 0, 0, nil, nil, false
}
