// Package checksum makes the checksums that S3's clients send with an object, in
// a header or in a trailer. It keeps no state.
package checksum

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"strings"
)

// prefix begins the name of every header that carries a checksum.
const prefix = "x-amz-checksum-"

var (
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
	// The NVM Express polynomial, bits reversed as crc64.MakeTable wants it (NVM
	// Command Set Specification 1.0, §5.2.1.3.4).
	nvme = crc64.MakeTable(0x9a6c9329ac4bc9b5)
)

// Algorithm returns the algorithm that a header or trailer of this name in lower
// case is of: "crc32c" of "x-amz-checksum-crc32c". ok is false for other headers.
func Algorithm(header string) (name string, ok bool) { return strings.CutPrefix(header, prefix) }

// New returns a new hash of an algorithm that Algorithm returned, nil where it is
// not known. S3's XXHASH64, XXHASH3 and XXHASH128 are not.
func New(algorithm string) hash.Hash {
	switch algorithm {
	case "crc32":
		return crc32.NewIEEE()
	case "crc32c":
		return crc32.New(castagnoli)
	case "crc64nvme":
		return crc64.New(nvme)
	case "sha1":
		return sha1.New()
	case "sha256":
		return sha256.New()
	case "sha512":
		return sha512.New()
	case "md5":
		return md5.New()
	}
	return nil
}

// Text returns a hash's sum as headers and trailers have it: big-endian, in base64.
func Text(h hash.Hash) string { return base64.StdEncoding.EncodeToString(h.Sum(nil)) }
