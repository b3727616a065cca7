package demo

import (
	"bufio"
	"errors"
	"os"
	"path/filepath"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

// sink writes the lines that arrive: a file for each shard, in the shard's order.
// Different shards may be written at the same time.
type sink struct {
	dir   string
	mu    sync.Mutex
	files map[string]*shardFile
}

type shardFile struct {
	f *os.File
	w *bufio.Writer
}

func newSink(dir string) (*sink, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	return &sink{dir: dir, files: map[string]*shardFile{}}, nil
}

func (s *sink) file(shard string) (*shardFile, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f := s.files[shard]; f != nil {
		return f, nil
	}
	f, err := os.Create(filepath.Join(s.dir, shard+".log"))
	if err != nil {
		return nil, err
	}
	s.files[shard] = &shardFile{f, bufio.NewWriterSize(f, 128<<10)}
	return s.files[shard], nil
}

// write writes the lines of the records as they were before they were sent.
func (s *sink) write(shard string, records []types.Record) error {
	f, err := s.file(shard)
	if err != nil {
		return err
	}
	for i := range records {
		line := records[i].Data
		if _, l, ok := open(line); ok {
			line = l
		}
		if _, err := f.w.Write(line); err != nil {
			return err
		}
		if err := f.w.WriteByte('\n'); err != nil {
			return err
		}
	}
	return nil
}

// flush lets others see what was written.
func (s *sink) flush(shard string) error {
	f, err := s.file(shard)
	if err != nil {
		return err
	}
	return f.w.Flush()
}

// close closes the files. Nobody writes any more.
func (s *sink) close() error {
	var errs []error
	for _, f := range s.files {
		errs = append(errs, f.w.Flush(), f.f.Close())
	}
	return errors.Join(errs...)
}
