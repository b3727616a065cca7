package aggregation

import (
	"crypto/md5"
	"encoding/binary"
)

// Builder packs records. The zero value is empty and ready.
type Builder struct {
	records []Record
	keys    table
	hashes  table
	bytes   int // of the records in the message, without the tables
}

// table holds each string once, in the order of their first use.
type table struct {
	index map[string]uint64
	list  []string
	bytes int
}

// at returns the string's place, and the bytes that it adds when it is new.
func (t *table) at(s string) (place uint64, added int) {
	if i, known := t.index[s]; known {
		return i, 0
	}
	return uint64(len(t.list)), sizeBytes(len(s))
}

func (t *table) add(s string) (place uint64) {
	place, added := t.at(s)
	if added > 0 {
		if t.index == nil {
			t.index = make(map[string]uint64)
		}
		t.index[s] = place
		t.list = append(t.list, s)
		t.bytes += added
	}
	return place
}

// Len is the number of records.
func (b *Builder) Len() int { return len(b.records) }

// Size is the length of the data of the record that Build makes of several.
func (b *Builder) Size() int {
	return len(magic) + b.keys.bytes + b.hashes.bytes + b.bytes + md5.Size
}

// SizeWith is what Size would be after adding r.
func (b *Builder) SizeWith(r Record) int {
	key, size := b.keys.at(r.PartitionKey)
	hash := uint64(0)
	if r.ExplicitHashKey != "" {
		var added int
		hash, added = b.hashes.at(r.ExplicitHashKey)
		size += added
	}
	return b.Size() + size + sizeBytes(sizeRecord(&r, key, hash))
}

// Add adds a record. Its data must not change until Build or Reset.
func (b *Builder) Add(r Record) {
	key, hash := b.keys.add(r.PartitionKey), uint64(0)
	if r.ExplicitHashKey != "" {
		hash = b.hashes.add(r.ExplicitHashKey)
	}
	b.bytes += sizeBytes(sizeRecord(&r, key, hash))
	b.records = append(b.records, r)
}

func sizeRecord(r *Record, key, hash uint64) int {
	size := 1 + sizeUvarint(key) + sizeBytes(len(r.Data))
	if r.ExplicitHashKey != "" {
		size += 1 + sizeUvarint(hash)
	}
	return size
}

// Build returns the Kinesis record that holds the records that were added: as the
// KPL does, a single one as it is, several with the partition key "a" and the
// explicit hash key of the first. It is the zero Record where there are none.
func (b *Builder) Build() Record {
	switch len(b.records) {
	case 0:
		return Record{}
	case 1:
		return b.records[0]
	}
	data := append(make([]byte, 0, b.Size()), magic...)
	for _, k := range b.keys.list {
		data = appendBytes(data, fieldPartitionKey, k)
	}
	for _, h := range b.hashes.list {
		data = appendBytes(data, fieldExplicitHashKey, h)
	}
	for i := range b.records {
		r := &b.records[i]
		key, _ := b.keys.at(r.PartitionKey)
		hash, _ := b.hashes.at(r.ExplicitHashKey)
		data = append(data, fieldRecord)
		data = binary.AppendUvarint(data, uint64(sizeRecord(r, key, hash)))
		data = append(data, fieldPartitionKeyIndex)
		data = binary.AppendUvarint(data, key)
		if r.ExplicitHashKey != "" {
			data = append(data, fieldExplicitHashKeyIndex)
			data = binary.AppendUvarint(data, hash)
		}
		data = appendBytes(data, fieldData, r.Data)
	}
	sum := md5.Sum(data[len(magic):])
	return Record{PartitionKey: sharedKey, ExplicitHashKey: b.records[0].hashKey(), Data: append(data, sum[:]...)}
}

// Reset forgets what was added.
func (b *Builder) Reset() {
	clear(b.records)
	*b = Builder{records: b.records[:0]}
}
