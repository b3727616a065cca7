package scalar

import (
	"math"
	"strconv"
	"time"

	"github.com/millrace/millrace/internal/api"
	"github.com/millrace/millrace/internal/wire"
)

// httpDate is the layout of HTTP dates. Parsing accepts a fraction after the
// seconds.
const httpDate = "Mon, 02 Jan 2006 15:04:05 GMT"

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
		t = wire.FromSeconds(f)
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

// AppendTime writes a timestamp, to the millisecond where it has a fraction;
// HTTP dates have none.
func AppendTime(dst []byte, t time.Time, format api.TimestampFormat) []byte {
	switch format {
	case api.TimestampHTTPDate:
		return wire.AppendHTTPDate(dst, t)
	case api.TimestampUnix:
		if t.Nanosecond() < int(time.Millisecond) {
			return strconv.AppendInt(dst, t.Unix(), 10)
		}
		return strconv.AppendFloat(dst, float64(t.UnixMilli())/1e3, 'f', -1, 64)
	}
	return wire.AppendISO8601(dst, t)
}
