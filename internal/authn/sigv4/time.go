package sigv4

import "time"

const timeLayout = "20060102T150405Z"

// FormatTime writes a time as signatures have it: 20260102T150405Z.
func FormatTime(t time.Time) string { return t.UTC().Format(timeLayout) }

// parseTime reads 20260102T150405Z. It is time.Parse without its cost.
func parseTime(s string) (time.Time, bool) {
	if len(s) != len(timeLayout) || s[8] != 'T' || s[15] != 'Z' {
		return time.Time{}, false
	}
	var n [6]int
	for i, f := range [6]struct{ at, len int }{{0, 4}, {4, 2}, {6, 2}, {9, 2}, {11, 2}, {13, 2}} {
		for _, c := range []byte(s[f.at : f.at+f.len]) {
			if c < '0' || c > '9' {
				return time.Time{}, false
			}
			n[i] = n[i]*10 + int(c-'0')
		}
	}
	t := time.Date(n[0], time.Month(n[1]), n[2], n[3], n[4], n[5], 0, time.UTC)
	// Date normalises what is out of range, which a date that exists never is.
	if t.Month() != time.Month(n[1]) || t.Day() != n[2] || t.Hour() != n[3] || t.Minute() != n[4] || t.Second() != n[5] {
		return time.Time{}, false
	}
	return t, true
}
