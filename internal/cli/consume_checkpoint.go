package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/millrace/millrace/client/consumer"
)

// checkpoint is the file in which a consumer's place is kept.
type checkpoint struct {
	Stream   string         `json:"stream"`
	Created  int64          `json:"streamCreated"` // Unix seconds: a stream made anew is another
	Consumer string         `json:"consumer"`
	Shards   consumer.State `json:"shards"`
}

// read returns the place that a file keeps; none where there is no file.
func (c *checkpoint) read(path string) (consumer.State, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var kept checkpoint
	if err := json.Unmarshal(text, &kept); err != nil {
		return nil, fmt.Errorf("%s is no checkpoint: %w", path, err)
	}
	if kept.Stream != c.Stream || kept.Consumer != c.Consumer || kept.Created != c.Created {
		return nil, fmt.Errorf("%s keeps the place of consumer %s in %s as created at %d, not of %s in %s as created at %d; name another file, or remove it",
			path, kept.Consumer, kept.Stream, kept.Created, c.Consumer, c.Stream, c.Created)
	}
	return kept.Shards, nil
}

// write replaces the file, so that a crash leaves the old place or the new one.
func (c *checkpoint) write(path string, s consumer.State) (err error) {
	kept := *c
	kept.Shards = s
	text, err := json.MarshalIndent(&kept, "", " ")
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	_, err = f.Write(append(text, '\n'))
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
