package pebblestore

import (
	"errors"
	"io/fs"
	"path/filepath"

	"github.com/millrace/millrace/internal/store/keyring"
)

// masterKeyName is the file of the master key in the data directory.
const masterKeyName = "master.key"

// masterKey returns the key that wraps the data keys. One that is named must be
// there; the one in the data directory is made.
func masterKey(o Options) ([]byte, error) {
	if len(o.MasterKey) > 0 {
		return o.MasterKey, nil
	}
	if o.MasterKeyFile != "" {
		return keyring.LoadMasterKey(o.MasterKeyFile)
	}
	path := filepath.Join(o.Dir, masterKeyName)
	key, err := keyring.LoadMasterKey(path)
	if errors.Is(err, fs.ErrNotExist) {
		return keyring.CreateMasterKey(path)
	}
	return key, err
}

// ownsMasterKey reports whether the master key is the data directory's own file.
func ownsMasterKey(o Options) bool {
	own := filepath.Join(o.Dir, masterKeyName)
	return len(o.MasterKey) == 0 && (o.MasterKeyFile == "" || filepath.Clean(o.MasterKeyFile) == own)
}
