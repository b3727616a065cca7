package scalar_test

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/api"
	"github.com/millrace/millrace/internal/wire"
	"github.com/millrace/millrace/internal/wire/scalar"
)

var plain = &api.Member{Schema: &api.Schema{Kind: api.KindString}}

// What is read is written as it was.
func TestRoundTrip(t *testing.T) {
	for _, c := range []struct {
		slot any
		text string
	}{
		{new(api.Opt[string]), "a b"}, {new(api.Opt[string]), ""},
		{new(api.Opt[bool]), "true"}, {new(bool), "false"},
		{new(api.Opt[int32]), "-2147483648"}, {new(int32), "2147483647"},
		{new(api.Opt[int64]), "-9223372036854775808"}, {new(int64), "9223372036854775807"},
		{new(api.Opt[float32]), "1.1"}, {new(float32), "NaN"}, {new(api.Opt[float64]), "-Infinity"}, {new(float64), "Infinity"},
		{new(float64), "100000000000000000000"}, {new(float64), "1e+21"}, {new(float64), "1e-07"}, {new(float64), "0"},
		{new([]byte), ""}, {new([]byte), "dmFsdWU="}, {new(api.Opt[[]byte]), "/+A="},
		{new(time.Time), "2014-04-29T18:30:38Z"}, {new(api.Opt[time.Time]), "0001-01-01T00:00:00.5Z"},
	} {
		o := scalar.Options{Timestamp: api.TimestampISO8601}
		if err := scalar.Parse(plain, c.slot, []byte(c.text), o); err != nil {
			t.Errorf("%T %q: %v", c.slot, c.text, err)
			continue
		}
		if got, ok := scalar.Append(nil, plain, c.slot, o); !ok || string(got) != c.text {
			t.Errorf("%T %q: written as %q, %t", c.slot, c.text, got, ok)
		}
	}
}

func TestNotOfTheirType(t *testing.T) {
	for text, slots := range map[string][]any{
		"":                      {new(bool), new(int32), new(int64), new(float32), new(float64), new(time.Time)},
		"True":                  {new(bool), new(int32)},
		"1.5":                   {new(int32), new(int64)},
		"2147483648":            {new(api.Opt[int32])},
		"9223372036854775808":   {new(api.Opt[int64])},
		"0x10":                  {new(int64), new(float64)},
		"1_0":                   {new(int64), new(float64)},
		"inf":                   {new(float64), new(float32)},
		"1e400":                 {new(float64)},
		"YQ":                    {new([]byte)},
		"2014-29-04":            {new(time.Time)},
		"2014-13-29T18:30:38Z":  {new(api.Opt[time.Time])},
		" 2014-04-29T18:30:38Z": {new(time.Time)},
	} {
		for _, slot := range slots {
			err := scalar.Parse(plain, slot, []byte(text), scalar.Options{Timestamp: api.TimestampISO8601})
			if _, ok := errors.AsType[*wire.TypeError](err); !ok {
				t.Errorf("%T %q: got %v", slot, text, err)
			}
			if wire.Present(slot) && isOpt(slot) {
				t.Errorf("%T %q: it is present", slot, text)
			}
		}
	}
}

func isOpt(slot any) bool { _, ok := slot.(api.Optional); return ok }

func TestTimes(t *testing.T) {
	at := time.Date(2000, 1, 2, 20, 34, 56, 123_000_000, time.UTC)
	stamp := func(format api.TimestampFormat) *api.Member {
		return &api.Member{Schema: plain.Schema, Timestamp: format}
	}
	for text, format := range map[string]api.TimestampFormat{
		"2000-01-02T20:34:56.123Z": api.TimestampISO8601, "946845296.123": api.TimestampUnix, "Sun, 02 Jan 2000 20:34:56.123 GMT": api.TimestampHTTPDate,
	} {
		var got time.Time
		if err := scalar.Parse(stamp(format), &got, []byte(text), scalar.Options{}); err != nil || !got.Equal(at) {
			t.Errorf("%q: got %v, %v", text, got, err)
		}
	}
	var opt api.Opt[time.Time]
	if err := scalar.Parse(stamp(api.TimestampHTTPDate), &opt, []byte("2000-01-02T20:34:56Z"), scalar.Options{}); err == nil || opt.Set {
		t.Errorf("got %v, %v", opt, err)
	}
	for want, format := range map[string]api.TimestampFormat{
		"2000-01-02T20:34:56.123Z": api.TimestampISO8601, "946845296.123": api.TimestampUnix, "Sun, 02 Jan 2000 20:34:56 GMT": api.TimestampHTTPDate,
	} {
		if got := scalar.AppendTime(nil, at, format); string(got) != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if got := scalar.AppendTime(nil, at.Truncate(time.Second), api.TimestampUnix); string(got) != "946845296" {
		t.Errorf("got %s", got)
	}
}

// The member's own format goes before that of the place.
func TestMemberFormat(t *testing.T) {
	m := &api.Member{Schema: plain.Schema, Timestamp: api.TimestampUnix}
	var at time.Time
	if err := scalar.Parse(m, &at, []byte("1"), scalar.Options{Timestamp: api.TimestampHTTPDate}); err != nil || at.Unix() != 1 {
		t.Errorf("got %v, %v", at, err)
	}
}

// A finite number is written so that it is read back as it was.
func FuzzFloat(f *testing.F) {
	f.Add(0.1)
	f.Add(math.MaxFloat64)
	f.Add(math.Copysign(0, -1))
	f.Fuzz(func(t *testing.T, v float64) {
		text, _ := scalar.Append(nil, plain, &v, scalar.Options{})
		var got float64
		if err := scalar.Parse(plain, &got, text, scalar.Options{}); err != nil || got != v && !math.IsNaN(v) {
			t.Errorf("%v is written %s, read %v, %v", v, text, got, err)
		}
	})
}
