package jsontext

import (
	"math"
	"testing"
	"time"
)

func TestAppendString(t *testing.T) {
	for s, want := range map[string]string{
		"":                                 `""`,
		"plain, longer than eight":         `"plain, longer than eight"`,
		"<a href=\"x\">&\\":                `"<a href=\"x\">&\\"`,
		"\b\f\n\r\t\x00\x1f\x7f":           `"\u0008\u000c\n\r\t\u0000\u001f` + "\x7f" + `"`,
		"é😀\u2028":                         "\"é😀\u2028\"",
		"bad \xff\xc3 and cut \xe2\x82":    "\"bad \ufffd\ufffd and cut \ufffd\ufffd\"",
		"aaaaaaa\"aaaaaaaa\"aaaaaaaaa\"aa": `"aaaaaaa\"aaaaaaaa\"aaaaaaaaa\"aa"`,
	} {
		if got := string(AppendString(nil, s)); got != want {
			t.Errorf("%q: got %s, want %s", s, got, want)
		}
	}
}

func TestAppendBase64(t *testing.T) {
	for s, want := range map[string]string{"": `""`, "a": `"YQ=="`, "ab": `"YWI="`, "abc": `"YWJj"`, "\xfb\xff": `"+/8="`} {
		if got := string(AppendBase64(nil, []byte(s))); got != want {
			t.Errorf("%q: got %s, want %s", s, got, want)
		}
	}
}

func TestAppendFloat(t *testing.T) {
	tests := []struct {
		f    float64
		bits int
		want string
	}{
		{0, 64, "0"}, {1234.5, 64, "1234.5"}, {-1, 64, "-1"}, {1e20, 64, "100000000000000000000"}, {1e21, 64, "1e+21"},
		{1e-7, 64, "1e-07"}, {float64(float32(0.1)), 32, "0.1"}, {0.1, 64, "0.1"}, {math.NaN(), 64, `"NaN"`},
		{math.Inf(1), 32, `"Infinity"`}, {math.Inf(-1), 64, `"-Infinity"`},
	}
	for _, test := range tests {
		if got := string(AppendFloat(nil, test.f, test.bits)); got != test.want {
			t.Errorf("%v: got %s, want %s", test.f, got, test.want)
		}
	}
}

func TestAppendSeconds(t *testing.T) {
	for ms, want := range map[int64]string{
		0: "0", 1: "0.001", 10: "0.01", 100: "0.1", 1506440188749: "1506440188.749", 1506440188700: "1506440188.7",
		1780000000000: "1780000000", -1: "-0.001", -1500: "-1.5", -2000: "-2", 253402300799999: "253402300799.999",
	} {
		if got := string(AppendSeconds(nil, time.UnixMilli(ms))); got != want {
			t.Errorf("%d ms: got %s, want %s", ms, got, want)
		}
	}
}
