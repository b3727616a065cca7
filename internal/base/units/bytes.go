// Package units parses and prints quantities that people write in flags and
// files. Its values are plain numbers, safe for concurrent use.
package units

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Bytes is a number of bytes.
type Bytes int64

// The binary units.
const (
	KiB Bytes = 1 << 10
	MiB Bytes = 1 << 20
	GiB Bytes = 1 << 30
	TiB Bytes = 1 << 40
)

// scales are the units that ParseBytes knows, each after those that end like it.
var scales = []struct {
	suffix string
	scale  Bytes
}{
	{"TiB", TiB}, {"GiB", GiB}, {"MiB", MiB}, {"KiB", KiB},
	{"TB", 1e12}, {"GB", 1e9}, {"MB", 1e6}, {"kB", 1e3}, {"KB", 1e3}, {"B", 1}, {"", 1},
}

// ParseBytes reads "512", "64KiB", "1.5 GiB" or "10MB" (KB, MB, GB and TB are
// powers of 1000).
func ParseBytes(s string) (Bytes, error) {
	for _, u := range scales {
		number, ok := strings.CutSuffix(s, u.suffix)
		if !ok {
			continue
		}
		n, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
		n *= float64(u.scale)
		if err != nil || !(n >= 0 && n < math.MaxInt64) {
			break
		}
		return Bytes(n), nil
	}
	return 0, fmt.Errorf("%q is not a size, such as 512MiB or 2GB", s)
}

// UnmarshalText is ParseBytes.
func (b *Bytes) UnmarshalText(text []byte) (err error) {
	*b, err = ParseBytes(string(text))
	return err
}

// String prints the size in the largest binary unit that divides it, so that
// ParseBytes reads the same number back.
func (b Bytes) String() string {
	for _, u := range scales[:4] {
		if b != 0 && b%u.scale == 0 {
			return strconv.FormatInt(int64(b/u.scale), 10) + u.suffix
		}
	}
	return strconv.FormatInt(int64(b), 10)
}
