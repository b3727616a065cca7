package scalar

import (
	"strconv"
	"time"

	"github.com/millrace/millrace/internal/api"
	"github.com/millrace/millrace/internal/wire"
)

// parseTime reads a timestamp. It returns a *wire.TypeError where the text is not
// of the format.
func parseTime(text []byte, format api.TimestampFormat) (time.Time, error) {
	t, ok := wire.ParseTime(string(text), format)
	if !ok {
		return time.Time{}, wrong("timestamp", text)
	}
	return t, nil
}

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
