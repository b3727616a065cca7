package history

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
)

// MinPayload is the length of the shortest payload: the ID and its checksum.
const MinPayload = 16

// Payload returns the data of a record: its ID, a checksum, and a filling that
// follows from the ID, up to size bytes.
func Payload(id ID, size int) []byte {
	b := make([]byte, 12, max(size+8, MinPayload))
	binary.BigEndian.PutUint32(b, id.Writer)
	binary.BigEndian.PutUint64(b[4:], id.N)
	sum := crc32.ChecksumIEEE(b)
	b = binary.BigEndian.AppendUint32(b, sum)
	x := uint64(sum)<<32 | id.N&0xffffffff | 1
	for len(b) < size {
		// xorshift64: any filling does that differs between records.
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		b = binary.BigEndian.AppendUint64(b, x)
	}
	return b[:max(size, MinPayload)]
}

// ParsePayload reads the ID back, and fails where the bytes are not those that
// follow from it.
func ParsePayload(b []byte) (ID, error) {
	if len(b) < MinPayload {
		return ID{}, errors.New("shorter than any record that was written")
	}
	id := ID{binary.BigEndian.Uint32(b), binary.BigEndian.Uint64(b[4:])}
	if string(Payload(id, len(b))) != string(b) {
		return id, errors.New("not the bytes that were written")
	}
	return id, nil
}
