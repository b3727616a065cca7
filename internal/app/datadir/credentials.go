package datadir

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// Credentials are a root key.
type Credentials struct {
	AccessKeyID     string `json:"accessKeyId"`
	SecretAccessKey string `json:"secretAccessKey"`
}

const credentialsFile = "root-credentials.json"

// Variables of the environment that give the root key.
const (
	EnvAccessKeyID     = "MILLRACE_ROOT_ACCESS_KEY_ID"
	EnvSecretAccessKey = "MILLRACE_ROOT_SECRET_ACCESS_KEY"
)

// RootCredentials returns the root key: from the environment as it is, or the
// one that is kept, or a new one, which is then kept with mode 0600. made tells
// that it is new.
func (d *Dir) RootCredentials(getenv func(string) string) (c Credentials, made bool, err error) {
	c = Credentials{AccessKeyID: getenv(EnvAccessKeyID), SecretAccessKey: getenv(EnvSecretAccessKey)}
	if (c.AccessKeyID == "") != (c.SecretAccessKey == "") {
		return c, false, fmt.Errorf("%s and %s: set both or none", EnvAccessKeyID, EnvSecretAccessKey)
	}
	if c.AccessKeyID != "" {
		return c, false, nil
	}
	c, err = ReadCredentials(d.path)
	if !errors.Is(err, fs.ErrNotExist) {
		return c, false, err
	}
	c = newCredentials()
	text, err := json.MarshalIndent(c, "", "  ")
	if err == nil {
		err = WriteFile(d.Path(credentialsFile), append(text, '\n'), 0o600)
	}
	if err != nil {
		return c, false, fmt.Errorf("keep the root credentials: %w", err)
	}
	return c, true, nil
}

// ReadCredentials returns the root key that is kept in a data directory. The
// error is fs.ErrNotExist where there is none.
func ReadCredentials(path string) (Credentials, error) {
	d := &Dir{path: path}
	var c Credentials
	text, err := os.ReadFile(d.Path(credentialsFile))
	if err != nil {
		return c, fmt.Errorf("root credentials: %w", err)
	}
	if json.Unmarshal(text, &c) != nil || c.AccessKeyID == "" || c.SecretAccessKey == "" {
		return Credentials{}, fmt.Errorf("root credentials: %s is damaged; remove it to get a new key, or set %s and %s",
			d.Path(credentialsFile), EnvAccessKeyID, EnvSecretAccessKey)
	}
	return c, nil
}

// newCredentials makes a key of the form that AWS's have: 20 characters that
// begin with AKIA, and 40 characters of base64.
func newCredentials() Credentials {
	var secret [30]byte
	_, _ = rand.Read(secret[:]) // never fails: crypto/rand ends the process instead
	return Credentials{AccessKeyID: "AKIA" + rand.Text()[:16], SecretAccessKey: base64.StdEncoding.EncodeToString(secret[:])}
}
