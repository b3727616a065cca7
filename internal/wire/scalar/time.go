package scalar

import (
	"math"
	"strconv"
	"time"

	"github.com/millrace/millrace/internal/api"
)

// The layouts of textual timestamps. Parsing accepts a fraction of any length
// after the seconds; an ISO 8601 text may have an offset.
const (
	httpDate   = "Mon, 02 Jan 2006 15:04:05 GMT"
	isoSeconds = "2006-01-02T15:04:05Z"
	isoMillis  = "2006-01-02T15:04:05.000Z"
)

// ParseTime reads a timestamp. The result is in UTC. It returns a
// *wire.TypeError where the text is not of the format; TimestampDefault is none.
func ParseTime(text []byte, format api.TimestampFormat) (time.Time, error) {
	var t time.Time
	var err error
	switch format {
	case api.TimestampISO8601:
		t, err = time.Parse(time.RFC3339, string(text))
	case api.TimestampHTTPDate:
		t, err = time.Parse(httpDate, string(text))
	case api.TimestampUnix:
		var f float64
		f, err = parseFloat(text, 64)
		if err == nil && !(math.Abs(f) <= maxEpoch) {
			err = strconv.ErrRange
		}
		t = fromEpoch(f)
	default:
		err = strconv.ErrSyntax
	}
	if err != nil {
		return time.Time{}, wrong("timestamp", text)
	}
	return t.UTC(), nil
}

// maxEpoch bounds timestamps in seconds to the years that the other formats can
// write: to the end of 9999.
const maxEpoch = 253402300799

// fromEpoch rounds to microseconds, which is what a float64 holds of such times.
func fromEpoch(seconds float64) time.Time {
	whole, fraction := math.Modf(seconds)
	return time.Unix(int64(whole), int64(math.Round(fraction*1e6))*1e3)
}

// AppendTime writes a timestamp, to the millisecond where it has a fraction;
// HTTP dates have none.
func AppendTime(dst []byte, t time.Time, format api.TimestampFormat) []byte {
	t = t.UTC()
	millis := t.Nanosecond() / int(time.Millisecond)
	switch format {
	case api.TimestampHTTPDate:
		return t.AppendFormat(dst, httpDate)
	case api.TimestampUnix:
		if millis == 0 {
			return strconv.AppendInt(dst, t.Unix(), 10)
		}
		return strconv.AppendFloat(dst, float64(t.UnixMilli())/1e3, 'f', -1, 64)
	}
	if millis == 0 {
		return t.AppendFormat(dst, isoSeconds)
	}
	return t.AppendFormat(dst, isoMillis)
}
