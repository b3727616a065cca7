package edge

import (
	"math/bits"
	"sync"
)

// Buffers come in classes of powers of four from 4 KiB to 16 MiB.
const (
	smallestClass = 12 // log2 of 4 KiB
	classes       = 7
)

// buffer is a piece of memory that is used again. A nil *buffer has none.
type buffer struct{ b []byte }

var buffers [classes]sync.Pool

// classOf returns the smallest class that holds n bytes; classes where none does.
func classOf(n int) int {
	if n <= 1<<smallestClass {
		return 0
	}
	return (bits.Len(uint(n-1)) - smallestClass + 1) / 2
}

// getBuffer returns an empty buffer with room for n bytes.
func getBuffer(n int) *buffer {
	class := classOf(n)
	if class >= classes {
		return &buffer{b: make([]byte, 0, n)}
	}
	if b, _ := buffers[class].Get().(*buffer); b != nil {
		return b
	}
	return &buffer{b: make([]byte, 0, 1<<(smallestClass+2*class))}
}

// bytes returns what the buffer holds.
func (b *buffer) bytes() []byte {
	if b == nil {
		return nil
	}
	return b.b
}

// free gives the memory back. Nothing may refer to it any more.
func (b *buffer) free() {
	if b == nil {
		return
	}
	// What has grown belongs to the largest class that it fills.
	class := (bits.Len(uint(cap(b.b))) - 1 - smallestClass) / 2
	if cap(b.b) < 1<<smallestClass || class >= classes {
		return
	}
	b.b = b.b[:0]
	buffers[class].Put(b)
}
