package match

import (
	"regexp"
	"strings"
	"testing"
)

func FuzzHashKey(f *testing.F) {
	re := regexp.MustCompile(`^(0|([1-9]\d{0,38}))$`)
	for _, s := range []string{"", "0", "00", "01", "1", "-1", "1\n", "9x", strings.Repeat("9", 39), strings.Repeat("9", 40), "１"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if got, want := HashKey(s), re.MatchString(s); got != want {
			t.Errorf("%q: got %v, want %v", s, got, want)
		}
	})
}
