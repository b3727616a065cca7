package wire

import (
	"math"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/api"
)

func TestParseSeconds(t *testing.T) {
	for text, want := range map[string]time.Time{
		"0": time.Unix(0, 0), "1506440188.749": time.UnixMilli(1506440188749), "1.5e9": time.Unix(1500000000, 0),
		"-0.25": time.Unix(0, -25e7), "-1.5": time.Unix(-2, 5e8), "1.1234567899": time.Unix(1, 123456789),
		"253402300799.999": time.Unix(MaxSeconds, 999e6), "253402300800": time.Unix(MaxSeconds, 0),
		"99999999999999999999": time.Unix(MaxSeconds, 0), "-1e400": time.Unix(MinSeconds, 0), "1506440188749": time.Unix(MaxSeconds, 0),
	} {
		if got := ParseSeconds([]byte(text)); !got.Equal(want) || got.Location() != time.UTC {
			t.Errorf("%s: got %v, want %v", text, got, want)
		}
	}
}

func TestFromNumbers(t *testing.T) {
	for got, want := range map[time.Time]time.Time{
		FromSeconds(946845296.123):      time.UnixMilli(946845296123),
		FromSeconds(-1.5):               time.UnixMilli(-1500),
		FromSeconds(math.NaN()):         time.Unix(0, 0),
		FromSeconds(math.Inf(1)):        time.Unix(MaxSeconds, 0),
		FromSeconds(math.Inf(-1)):       time.Unix(MinSeconds, 0),
		FromMillis(1787036486712):       time.UnixMilli(1787036486712),
		FromMillis(math.MaxInt64):       time.Unix(MaxSeconds, 0),
		FromMillis(math.MinInt64):       time.Unix(MinSeconds, 0),
		FromWholeSeconds(math.MinInt64): time.Unix(MinSeconds, 0),
		FromWholeSeconds(1787036486):    time.Unix(1787036486, 0),
	} {
		if !got.Equal(want) {
			t.Errorf("got %v, want %v", got, want)
		}
	}
}

func TestParseTime(t *testing.T) {
	want := time.UnixMilli(946845296120)
	for text, format := range map[string]api.TimestampFormat{
		"2000-01-02T20:34:56.12Z": api.TimestampISO8601, "2000-01-02T21:34:56.12+01:00": api.TimestampISO8601,
		"2000-01-02T20:34:56.12": api.TimestampISO8601, "Sun, 02 Jan 2000 20:34:56.12 GMT": api.TimestampHTTPDate,
		"946845296.12": api.TimestampUnix, "9.4684529612e8": api.TimestampUnix, "": 0, "soon": 0, "2000-13-02T20:34:56Z": 0,
		"NaN": 0, "1e300": 0, "Infinity": 0, "0x1p4": 0, "253402300800": 0,
	} {
		for _, f := range []api.TimestampFormat{api.TimestampDefault, api.TimestampISO8601, api.TimestampHTTPDate, api.TimestampUnix} {
			ok := f == format && f != api.TimestampDefault
			if f == api.TimestampDefault {
				ok = format == api.TimestampISO8601 || format == api.TimestampHTTPDate
			}
			got, parsed := ParseTime(text, f)
			if parsed != ok || ok && !got.Equal(want) {
				t.Errorf("%q in %d: %v, %v", text, f, got, parsed)
			}
		}
	}
	if got, ok := ParseTime("2000-01-02", api.TimestampISO8601); !ok || got.Unix() != 946771200 {
		t.Errorf("a date alone: %v, %v", got, ok)
	}
	if got, ok := ParseTime("-1", api.TimestampUnix); !ok || got.Unix() != -1 {
		t.Errorf("before the epoch: %v, %v", got, ok)
	}
}

func TestAppendTimes(t *testing.T) {
	at := time.UnixMilli(946845296120).In(time.FixedZone("", 3600))
	if got := string(AppendISO8601(nil, at)); got != "2000-01-02T20:34:56.12Z" {
		t.Error(got)
	}
	if got := string(AppendHTTPDate(nil, at)); got != "Sun, 02 Jan 2000 20:34:56 GMT" {
		t.Error(got)
	}
}

func TestFloor(t *testing.T) {
	for f, want := range map[float64]int64{
		1.9: 1, -1.1: -2, math.Inf(1): math.MaxInt64, math.Inf(-1): math.MinInt64, 9.3e18: math.MaxInt64, -9.3e18: math.MinInt64,
	} {
		if got := Floor(f); got != want {
			t.Errorf("%v: got %d, want %d", f, got, want)
		}
	}
	if Floor(math.NaN()) != 0 {
		t.Error("NaN")
	}
}
