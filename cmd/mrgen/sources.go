package main

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// sumsFile holds the models' checksums, in the form of sha256sum.
const sumsFile = "models/SHA256SUMS"

// verifySources says whether the models are the ones that were taken in: every
// file has its checksum, and every checksum its file.
func verifySources(root string) error {
	data, err := os.ReadFile(filepath.Join(root, sumsFile))
	if err != nil {
		return err
	}
	want := map[string]string{}
	for s := bufio.NewScanner(bytes.NewReader(data)); s.Scan(); {
		sum, name, ok := strings.Cut(s.Text(), "  ")
		if !ok {
			return fmt.Errorf("%s: the line %q is no checksum", sumsFile, s.Text())
		}
		want[name] = sum
	}
	paths, err := filepath.Glob(filepath.Join(root, "models/*.json"))
	if err != nil {
		return err
	}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, sum := filepath.Base(path), sha256.Sum256(data)
		if want[name] != hex.EncodeToString(sum[:]) {
			return fmt.Errorf("models/%s is not the file of %s", name, sumsFile)
		}
		delete(want, name)
	}
	if len(want) > 0 {
		return fmt.Errorf("%s: no file for %v", sumsFile, keys(want))
	}
	return nil
}
