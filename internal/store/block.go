package store

import (
	"encoding/binary"
	"time"
)

// Block is a batch of records for one log, laid out as it is stored: each
// record is its length as a uvarint and its bytes. The zero value is empty. A
// block is used by one goroutine and can be used again after Reset.
type Block struct {
	// Key encrypts the block; 0 stores it plain.
	Key KeyID
	// NotBefore is a time below which the block is not stamped, though the clock
	// may be. Zero sets no bound.
	NotBefore time.Time

	bytes []byte
	count int
}

// Reset makes the block empty and keeps its memory.
func (b *Block) Reset() { *b = Block{bytes: b.bytes[:0]} }

// Add appends one record, which is the concatenation of parts.
func (b *Block) Add(parts ...[]byte) {
	n := 0
	for _, p := range parts {
		n += len(p)
	}
	b.bytes = binary.AppendUvarint(b.bytes, uint64(n))
	for _, p := range parts {
		b.bytes = append(b.bytes, p...)
	}
	b.count++
}

// Count returns the number of records.
func (b *Block) Count() int { return b.count }

// Bytes returns the records as they are stored, valid until the next Add.
func (b *Block) Bytes() []byte { return b.bytes }
