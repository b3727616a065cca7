package blobdir

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/millrace/millrace/internal/store"
)

// reader reads one object.
type reader struct {
	id   string
	file vfs.File
	size int64
}

// chunkBuffers holds buffers for a chunk and its checksum.
var chunkBuffers = sync.Pool{New: func() any { return new([chunkSize + checksumSize]byte) }}

func newReader(id string, f vfs.File) (*reader, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("blob %s: %w", id, err)
	}
	if info.Size() < headerSize+footerSize {
		return nil, fmt.Errorf("blob %s: file of %d bytes: %w", id, info.Size(), store.ErrCorrupt)
	}
	var header [headerSize]byte
	if _, err := f.ReadAt(header[:], 0); err != nil {
		return nil, fmt.Errorf("blob %s: %w", id, err)
	}
	var footer [footerSize]byte
	if _, err := f.ReadAt(footer[:], info.Size()-footerSize); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("blob %s: %w", id, err)
	}
	size := binary.BigEndian.Uint64(footer[:])
	if binary.BigEndian.Uint32(footer[8:]) != checksum(size, header[:]) || fileSize(int64(size)) != info.Size() {
		return nil, fmt.Errorf("blob %s: header and footer do not belong to a file of %d bytes: %w", id, info.Size(), store.ErrCorrupt)
	}
	if header[0] != fileVersion {
		return nil, fmt.Errorf("blob %s: stored in version %d, this release knows %d", id, header[0], fileVersion)
	}
	return &reader{id: id, file: f, size: int64(size)}, nil
}

// Size returns the object's bytes.
func (r *reader) Size() int64 { return r.size }

// ReadAt is io.ReaderAt. store.ErrCorrupt where what is read is damaged.
func (r *reader) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, fmt.Errorf("blob %s: read at %d", r.id, off)
	}
	n := 0
	for n < len(p) && off < r.size {
		m, err := r.readChunk(p[n:], off)
		n += m
		off += int64(m)
		if err != nil {
			return n, err
		}
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// readChunk copies to p from the chunk that holds off, and verifies it.
func (r *reader) readChunk(p []byte, off int64) (int, error) {
	number := off / chunkSize
	size := min(chunkSize, r.size-number*chunkSize)
	buffer := chunkBuffers.Get().(*[chunkSize + checksumSize]byte)
	defer chunkBuffers.Put(buffer)
	b := buffer[:size+checksumSize]
	if n, err := r.file.ReadAt(b, headerSize+number*(chunkSize+checksumSize)); n < len(b) {
		return 0, fmt.Errorf("blob %s at %d: %w", r.id, number*chunkSize, err)
	}
	data := b[:size]
	if binary.BigEndian.Uint32(b[size:]) != checksum(uint64(number), data) {
		return 0, fmt.Errorf("blob %s: bytes %d to %d: %w", r.id, number*chunkSize, number*chunkSize+size, store.ErrCorrupt)
	}
	return copy(p, data[off-number*chunkSize:]), nil
}

// Close ends the use of the object.
func (r *reader) Close() error { return r.file.Close() }
