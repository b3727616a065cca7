package cli

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/millrace/millrace/internal/cli/lines"
)

// keyer returns what finds a line's partition key: "3" its third field, "/re/" what
// a regular expression matches, or its first group, "random" one of its own for
// each line. A line without the field or the match has the key "-".
func keyer(how, separators string) (func(line []byte) string, error) {
	if how == "random" {
		return func([]byte) string {
			var b [8]byte
			_, _ = rand.Read(b[:]) // never fails
			return hex.EncodeToString(b[:])
		}, nil
	}
	if len(how) > 2 && strings.HasPrefix(how, "/") && strings.HasSuffix(how, "/") {
		re, err := regexp.Compile(how[1 : len(how)-1])
		if err != nil {
			return nil, fmt.Errorf("--key: %w", err)
		}
		return func(line []byte) string {
			m := re.FindSubmatch(line)
			switch {
			case len(m) > 1:
				return lines.Key(m[1])
			case len(m) == 1:
				return lines.Key(m[0])
			}
			return lines.Key(nil)
		}, nil
	}
	n, err := strconv.Atoi(how)
	if err != nil || n < 1 {
		return nil, fmt.Errorf("--key: %q is none of a field's number (1 is the first), /a regular expression/ and random", how)
	}
	return func(line []byte) string { return lines.Key(lines.Field(line, n, separators)) }, nil
}
