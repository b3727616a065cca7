package wire

import (
	"bytes"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/millrace/millrace/internal/api"
)

// Seconds since the epoch of the first and the last second that codecs hand on,
// those of the years 1 and 9999: what ISO 8601 and HTTP dates can write.
const (
	MinSeconds = -62_135_596_800
	MaxSeconds = 253_402_300_799
)

// ParseSeconds returns the time of a decimal number of seconds since the epoch,
// which is well-formed JSON; finer than nanoseconds is cut off. Times before
// MinSeconds and after MaxSeconds become those.
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
	if negative {
		sec, nano = -sec, -nano
	}
	return within(time.Unix(sec, nano))
}

// FromSeconds returns the time of a number of seconds since the epoch, to the
// microsecond, which is about what a float64 holds; NaN is the epoch.
func FromSeconds(f float64) time.Time {
	if math.IsNaN(f) {
		f = 0
	}
	whole, fraction := math.Modf(min(max(f, MinSeconds), MaxSeconds))
	return within(time.Unix(int64(whole), int64(math.Round(fraction*1e6))*1e3))
}

// FromWholeSeconds returns the time of a whole number of seconds since the epoch.
func FromWholeSeconds(sec int64) time.Time {
	return time.Unix(min(max(sec, MinSeconds), MaxSeconds), 0).UTC()
}

// FromMillis returns the time of a number of milliseconds since the epoch.
func FromMillis(ms int64) time.Time {
	return within(time.UnixMilli(ms))
}

// within returns the time in UTC, or the nearest that codecs hand on.
func within(t time.Time) time.Time {
	switch {
	case t.Unix() < MinSeconds:
		return time.Unix(MinSeconds, 0).UTC()
	case t.Unix() > MaxSeconds:
		return time.Unix(MaxSeconds, 0).UTC()
	}
	return t.UTC()
}

// Layouts of times as text. Parsing accepts a fraction after the seconds in all of
// them, and a time in UTC where no zone is given.
const httpDate = "Mon, 02 Jan 2006 15:04:05 GMT"

var iso8601 = [...]string{time.RFC3339, "2006-01-02T15:04:05", time.DateOnly}

// ParseTime reads a time as text. TimestampISO8601 is with or without a fraction,
// with a zone or, taken as UTC, without; TimestampUnix is a decimal number of
// seconds since the epoch, not beyond the year 9999; TimestampDefault is either of
// the formats that are no number. The result is in UTC.
func ParseTime(text string, format api.TimestampFormat) (time.Time, bool) {
	if format == api.TimestampUnix {
		f, err := strconv.ParseFloat(text, 64)
		ok := err == nil && math.Abs(f) <= MaxSeconds && !strings.ContainsAny(text, "xX")
		return FromSeconds(f), ok
	}
	if format != api.TimestampHTTPDate {
		for _, layout := range iso8601 {
			if t, err := time.Parse(layout, text); err == nil {
				return within(t), true
			}
		}
	}
	if format != api.TimestampISO8601 {
		if t, err := time.Parse(httpDate, text); err == nil {
			return within(t), true
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
	return t.UTC().AppendFormat(dst, httpDate)
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
