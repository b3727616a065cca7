package blobdir

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// A file is a version byte, chunks, and a footer. Chunks hold chunkSize bytes,
// the last one fewer, each followed by the checksum of its number and bytes.
// The footer is the object's size and a checksum of version and size.
const (
	fileVersion  = 1
	headerSize   = 1
	chunkSize    = 64 << 10
	checksumSize = 4
	footerSize   = 8 + checksumSize
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// checksum returns the CRC-32C of n, big endian, and data.
func checksum(n uint64, data []byte) uint32 {
	var number [8]byte
	binary.BigEndian.PutUint64(number[:], n)
	return crc32.Update(crc32.Checksum(number[:], castagnoli), castagnoli, data)
}

// fileSize returns the size of the file of an object of that size.
func fileSize(size int64) int64 {
	chunks := (size + chunkSize - 1) / chunkSize
	return headerSize + size + chunks*checksumSize + footerSize
}

var errFinished = errors.New("blob was committed or aborted")

// writer writes one object. After a failed write or commit it can only be
// aborted.
type writer struct {
	dir   *Dir
	id    string
	file  vfs.File // nil once committed or aborted
	buf   []byte   // the chunk being filled, after the version byte if it is the first
	start int      // where in buf the chunk begins
	n     uint64   // number of the chunk
	size  uint64
	err   error
}

func newWriter(d *Dir, id string, f vfs.File) *writer {
	w := &writer{dir: d, id: id, file: f, start: headerSize}
	w.buf = append(make([]byte, 0, headerSize+chunkSize+checksumSize+footerSize), fileVersion)
	return w
}

// Write appends p to the object.
func (w *writer) Write(p []byte) (int, error) {
	if w.file == nil {
		return 0, errFinished
	}
	written := 0
	for written < len(p) && w.err == nil {
		n := min(len(p)-written, chunkSize-(len(w.buf)-w.start))
		w.buf = append(w.buf, p[written:written+n]...)
		written += n
		w.size += uint64(n)
		if len(w.buf)-w.start == chunkSize {
			w.endChunk()
			w.flush()
		}
	}
	return written, w.err
}

func (w *writer) endChunk() {
	w.buf = binary.BigEndian.AppendUint32(w.buf, checksum(w.n, w.buf[w.start:]))
	w.n++
}

func (w *writer) flush() {
	if _, err := w.file.Write(w.buf); err != nil {
		w.err = fmt.Errorf("write blob: %w", err)
	}
	w.buf, w.start = w.buf[:0], 0
}

// Commit makes the object durable and returns its id. When it fails the object
// is not there, and only Abort is left to call.
func (w *writer) Commit() (string, error) {
	if w.file == nil {
		return "", errFinished
	}
	if w.err != nil {
		return "", w.err
	}
	if len(w.buf) > w.start {
		w.endChunk()
	}
	w.buf = binary.BigEndian.AppendUint64(w.buf, w.size)
	w.buf = binary.BigEndian.AppendUint32(w.buf, checksum(w.size, []byte{fileVersion}))
	if w.flush(); w.err != nil {
		return "", w.err
	}
	if err := w.publish(); err != nil {
		w.err = fmt.Errorf("commit blob: %w", err)
		return "", w.err
	}
	w.file = nil
	return w.id, nil
}

func (w *writer) publish() error {
	if err := w.file.Sync(); err != nil {
		return err
	}
	if err := w.dir.fs.Rename(w.dir.temp(w.id), w.dir.file(w.id)); err != nil {
		return err
	}
	if err := w.dir.sync(w.dir.path); err != nil {
		return errors.Join(err, w.dir.fs.Remove(w.dir.file(w.id)))
	}
	_ = w.file.Close() // everything is synced: there is nothing left to lose
	return nil
}

// Abort forgets the object. After Commit it does nothing.
func (w *writer) Abort() error {
	if w.file == nil {
		return nil
	}
	err := w.file.Close()
	w.file = nil
	if e := w.dir.fs.Remove(w.dir.temp(w.id)); !errors.Is(e, fs.ErrNotExist) {
		err = errors.Join(err, e)
	}
	if err != nil {
		return fmt.Errorf("abort blob: %w", err)
	}
	return nil
}
