package keyring

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/millrace/millrace/internal/store"
)

// LoadMasterKey reads a master key: a file of 64 hexadecimal digits, with white
// space around them allowed, or of 32 raw bytes. An error wraps fs.ErrNotExist
// where there is no file.
func LoadMasterKey(path string) ([]byte, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("master key: %w", err)
	}
	if len(data) == keySize {
		return data, nil
	}
	key, err := hex.DecodeString(string(bytes.TrimSpace(data)))
	if err != nil || len(key) != keySize {
		return nil, fmt.Errorf("master key %s: want %d hexadecimal digits or %d raw bytes", path, 2*keySize, keySize)
	}
	return key, nil
}

// CreateMasterKey draws a random master key and writes it to path in
// hexadecimal, readable by the owner only. The file is durable and whole when
// CreateMasterKey returns, and never seen in part. ErrExists where there is a
// file already, which is left as it is.
func CreateMasterKey(path string) ([]byte, error) {
	key := make([]byte, keySize)
	rand.Read(key)
	if err := writeNew(path, append(hex.AppendEncode(nil, key), '\n')); err != nil {
		if errors.Is(err, fs.ErrExist) {
			err = store.ErrExists
		}
		return nil, fmt.Errorf("create master key %s: %w", path, err)
	}
	return key, nil
}

// CopyMasterKey copies the file of a master key to a path where there is no file
// yet, durably. The copy is readable by the owner only, from its first byte.
func CopyMasterKey(from, to string) error {
	if _, err := LoadMasterKey(from); err != nil {
		return err
	}
	data, err := os.ReadFile(from)
	if err != nil {
		return fmt.Errorf("copy master key: %w", err)
	}
	f, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("copy master key: %w", err)
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("copy master key to %s: %w", to, err)
	}
	return nil
}

// writeNew makes a file with that content, durably. It writes beside the file
// and links, because a rename would replace a key that appeared meanwhile.
func writeNew(path string, data []byte) error {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, ".master-key-*") // CreateTemp's mode is 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil {
		return err
	}
	return syncDir(dir)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
