// Package row writes the small rows of a partition: a version byte and JSON.
// They are few, so that they may be readable and gain members; what is written
// per message or record has a layout of its own.
//
// Rows are compatible forwards as JSON is: an unknown member is skipped, an
// absent one is zero. A row of another version is damage to the code that meets
// it, which says so by store.ErrCorrupt.
package row

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/millrace/millrace/internal/store"
)

const version = 1

// Encode returns the row of v. It panics where v cannot be JSON, which is a
// defect of the caller.
func Encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("BUG: row %T cannot be written: %v", v, err))
	}
	return append([]byte{version}, b...)
}

// Decode reads a row into v. The error wraps store.ErrCorrupt.
func Decode(b []byte, v any) error {
	if len(b) == 0 || b[0] != version {
		return fmt.Errorf("%w: row of an unknown version", store.ErrCorrupt)
	}
	if err := json.Unmarshal(b[1:], v); err != nil {
		return fmt.Errorf("%w: row: %w", store.ErrCorrupt, err)
	}
	return nil
}

// Get reads the row of a key into v. The error wraps store.ErrNotFound where
// there is none.
func Get(r store.Reader, key []byte, v any) error {
	b, err := r.Get(key)
	if err != nil {
		return err
	}
	return Decode(b, v)
}

// Find is Get where the row may be missing, and tells whether there is one.
func Find(r store.Reader, key []byte, v any) (bool, error) {
	err := Get(r, key, v)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// Scan appends the rows under a prefix to out, in the order of their keys.
func Scan[T any](r store.Reader, prefix []byte, out *[]*T) error {
	for kv, err := range r.Scan(prefix, End(prefix)) {
		if err != nil {
			return err
		}
		v := new(T)
		if err := Decode(kv.Value, v); err != nil {
			return err
		}
		*out = append(*out, v)
	}
	return nil
}

// End returns the first key after all that begin with prefix; nil, which is the
// end of a scan, where there is none.
func End(prefix []byte) []byte {
	for i := len(prefix) - 1; i >= 0; i-- {
		if prefix[i] != 0xff {
			end := bytes.Clone(prefix[:i+1])
			end[i]++
			return end
		}
	}
	return nil
}
