package sqs

import (
	"strings"
	"testing"
)

func TestIsNumber(t *testing.T) {
	nines := strings.Repeat("9", 38)
	for s, want := range map[string]bool{
		"0": true, "-0": true, "+1": true, "007": true, "1493147359900": true, "1.5": true, ".5": true, "1e10": true, "1E-10": true, "1.5e+10": true,
		nines: true, "0.000" + nines: true, nines + "000": true, "1" + nines: false, nines + ".5": false,
		"1e126": true, "1.1e126": false, "1e127": false, "-1e126": true, "-1e128": true, "-1.1e128": false, "0.1e127": true, "0e9999": true, "1e-9999": true,
		"1" + strings.Repeat("0", 126): true, "1" + strings.Repeat("0", 127): false,
		"": false, "-": false, ".": false, "1.": false, "e1": false, "1e": false, "1e1.5": false, "1e99999": false, " 1": false, "1 ": false, "1,5": false, "0x10": false, "NaN": false, "Infinity": false, "--1": false, "1.2.3": false, "٣": false,
	} {
		if got := isNumber(s); got != want {
			t.Errorf("isNumber(%q) = %v", s, got)
		}
	}
}
