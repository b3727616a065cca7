package pebblestore

import (
	"fmt"
	"sync"
	"testing"

	"github.com/millrace/millrace/internal/store"
)

// benchStore opens a store on the disk of the temporary directory.
func benchStore(b *testing.B, fsync Fsync) *Store {
	b.Helper()
	s, err := Open(Options{Dir: b.TempDir(), MinFreeBytes: -1, Fsync: fsync})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	return s
}

func benchLog(b *testing.B, s *Store, name string) store.Log {
	b.Helper()
	l, err := s.CreateLog(b.Context(), name)
	if err != nil {
		b.Fatal(err)
	}
	return l
}

// BenchmarkAppend has writers append blocks of one record of 1 KiB, each to its
// own log and each waiting for its outcome before the next.
func BenchmarkAppend(b *testing.B) {
	for _, fsync := range []Fsync{FsyncAlways, FsyncInterval} {
		for _, writers := range []int{1, 64} {
			b.Run(fmt.Sprintf("fsync=%s/writers=%d", fsync, writers), func(b *testing.B) {
				s := benchStore(b, fsync)
				logs := make([]store.Log, writers)
				for i := range logs {
					logs[i] = benchLog(b, s, fmt.Sprint("log", i))
				}
				b.SetBytes(1 << 10)
				b.ReportAllocs()
				b.ResetTimer()
				var all sync.WaitGroup
				for i, l := range logs {
					n := b.N / writers
					if i < b.N%writers {
						n++
					}
					all.Go(func() { appendBlocks(b, l, n) })
				}
				all.Wait()
			})
		}
	}
}

func appendBlocks(b *testing.B, l store.Log, n int) {
	var block store.Block
	block.Add(make([]byte, 1<<10))
	outcome := make(chan error, 1)
	done := func(_ store.Appended, err error) { outcome <- err }
	for range n {
		l.Append(&block, done)
		if err := <-outcome; err != nil {
			b.Error(err)
			return
		}
	}
}

// BenchmarkRead reads 16 MiB of records of 1 KiB in pages of 1 MiB, over and over.
func BenchmarkRead(b *testing.B) {
	for _, kind := range []string{"plain", "encrypted"} {
		b.Run(kind, func(b *testing.B) {
			s := benchStore(b, FsyncInterval)
			l := benchLog(b, s, "log")
			var block store.Block
			if kind == "encrypted" {
				key, err := s.Keys().Create(b.Context())
				if err != nil {
					b.Fatal(err)
				}
				block.Key = key
			}
			for range 16 {
				block.Add(make([]byte, 1<<10))
			}
			outcome := make(chan error, 1)
			for range 1024 {
				l.Append(&block, func(_ store.Appended, err error) { outcome <- err })
				if err := <-outcome; err != nil {
					b.Fatal(err)
				}
			}
			if err := s.db.Flush(); err != nil { // into tables, as most of what is read
				b.Fatal(err)
			}
			var page store.Page
			var at store.Position
			b.SetBytes(1 << 20)
			b.ReportAllocs()
			for b.Loop() {
				page.Reset()
				if err := l.Read(b.Context(), at, store.Limit{Bytes: 1 << 20}, &page); err != nil {
					b.Fatal(err)
				}
				if at = page.Next; at == l.State().Next {
					at = 0
				}
			}
		})
	}
}
