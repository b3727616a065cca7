// Package match decides the patterns of the models that RE2 cannot express, or
// not fast enough. The overlays of cmd/mrgen name its functions; each takes the
// whole value. Its functions are pure and safe for concurrent use.
package match

// HashKey matches ^(0|([1-9]\d{0,38}))$, which every record of a KPL carries: as
// an automaton it takes twenty times as long as all other checks of a record.
func HashKey(s string) bool { return decimal(s, 39) }

// decimal reports whether s is a number of at most digits digits, without
// leading zeros.
func decimal(s string, digits int) bool {
	if s == "" || len(s) > digits || s[0] == '0' && s != "0" {
		return false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
