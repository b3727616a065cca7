package wire

import (
	"bytes"
	"math"
	"strconv"
	"time"
)

// MaxSeconds bounds the times that codecs hand on, before and after the epoch:
// some four million years, so that milliseconds fit in an int64.
const MaxSeconds = 1 << 47

// ParseSeconds returns the time of a decimal number of seconds since the epoch,
// which is well-formed JSON; finer than nanoseconds is cut off. A time beyond
// MaxSeconds is MaxSeconds.
func ParseSeconds(text []byte) time.Time {
	whole, fraction, _ := bytes.Cut(text, []byte{'.'})
	if len(whole) > 16 || bytes.ContainsAny(text, "eE") {
		f, _ := strconv.ParseFloat(string(text), 64) // out of range: an infinity
		return FromSeconds(f)
	}
	negative := false
	if len(whole) > 0 && whole[0] == '-' {
		negative, whole = true, whole[1:]
	}
	var sec, nano int64
	for _, c := range whole {
		sec = sec*10 + int64(c-'0')
	}
	for i := range 9 {
		nano *= 10
		if i < len(fraction) {
			nano += int64(fraction[i] - '0')
		}
	}
	sec = min(sec, MaxSeconds)
	if negative {
		sec, nano = -sec, -nano
	}
	return time.Unix(sec, nano).UTC()
}

// FromSeconds returns the time of a number of seconds since the epoch, to the
// microsecond, which is about what a float64 holds. NaN is the epoch.
func FromSeconds(f float64) time.Time {
	if math.IsNaN(f) {
		f = 0
	}
	f = min(max(f, -MaxSeconds), MaxSeconds)
	whole, fraction := math.Modf(f)
	return time.Unix(int64(whole), int64(math.Round(fraction*1e6))*1e3).UTC()
}

// FromMillis returns the time of a number of milliseconds since the epoch,
// within MaxSeconds.
func FromMillis(ms int64) time.Time {
	return time.UnixMilli(min(max(ms, -MaxSeconds*1000), MaxSeconds*1000)).UTC()
}

// ParseTime reads a time as text: ISO 8601 with or without a fraction, with a
// zone or, taken as UTC, without; or an HTTP date, which may have a fraction.
func ParseTime(text string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339, "Mon, 02 Jan 2006 15:04:05 GMT", "2006-01-02T15:04:05", time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

// AppendISO8601 appends a time in UTC with the milliseconds it has.
func AppendISO8601(dst []byte, t time.Time) []byte {
	return t.UTC().AppendFormat(dst, "2006-01-02T15:04:05.999Z")
}

// AppendHTTPDate appends a time as HTTP headers have it, to the second.
func AppendHTTPDate(dst []byte, t time.Time) []byte {
	return t.UTC().AppendFormat(dst, "Mon, 02 Jan 2006 15:04:05 GMT")
}

// Floor returns the largest integer not above f, or the nearest there is. NaN is 0.
func Floor(f float64) int64 {
	switch f = math.Floor(f); {
	case math.IsNaN(f):
		return 0
	case f >= math.MaxInt64:
		return math.MaxInt64
	case f <= math.MinInt64:
		return math.MinInt64
	}
	return int64(f)
}
