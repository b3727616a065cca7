package config

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/millrace/millrace/internal/base/units"
)

// MinFree is the reserve of disk space. The zero value is auto: the larger of
// 1 GiB and 2 % of the disk.
type MinFree struct {
	Set   bool
	Bytes units.Bytes // where Set; 0 for no reserve
}

// UnmarshalText reads "auto" or a size.
func (m *MinFree) UnmarshalText(text []byte) error {
	if string(text) == "auto" {
		*m = MinFree{}
		return nil
	}
	n, err := units.ParseBytes(string(text))
	if err != nil {
		return fmt.Errorf("%q is neither auto nor a size, such as 5GiB", text)
	}
	*m = MinFree{Set: true, Bytes: n}
	return nil
}

func (m MinFree) String() string {
	if !m.Set {
		return "auto"
	}
	return m.Bytes.String()
}

// ShardLimits is a multiple of the capacity of AWS's shards.
type ShardLimits struct {
	Off    bool
	Factor float64 // above zero where not Off; 1 is AWS's
}

// UnmarshalText reads "aws", "off" or "xN".
func (l *ShardLimits) UnmarshalText(text []byte) error {
	switch s := string(text); s {
	case "aws":
		*l = ShardLimits{Factor: 1}
	case "off":
		*l = ShardLimits{Off: true}
	default:
		number, ok := strings.CutPrefix(s, "x")
		n, err := strconv.ParseFloat(number, 64)
		if !ok || err != nil || !(n > 0 && n <= 1e6) {
			return fmt.Errorf("%q is none of aws, off and xN (x10: ten times AWS's)", s)
		}
		*l = ShardLimits{Factor: n}
	}
	return nil
}

func (l ShardLimits) String() string {
	switch {
	case l.Off:
		return "off"
	case l.Factor == 1:
		return "aws"
	}
	return "x" + strconv.FormatFloat(l.Factor, 'g', -1, 64)
}
