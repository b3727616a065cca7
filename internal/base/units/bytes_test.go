package units

import "testing"

func TestParseBytes(t *testing.T) {
	for in, want := range map[string]Bytes{
		"0": 0, "512": 512, "1B": 1, "64KiB": 65536, "1.5GiB": 3 << 29, "1 MiB": MiB,
		"10MB": 10e6, "2kB": 2000, "3TB": 3e12, "1TiB": TiB,
	} {
		if got, err := ParseBytes(in); err != nil || got != want {
			t.Errorf("ParseBytes(%q) = %d, %v; want %d", in, got, err, want)
		}
	}
	for _, in := range []string{"", "MiB", "-1", "1XB", "NaN", "Inf", "9999999999GiB", "1 2"} {
		if got, err := ParseBytes(in); err == nil {
			t.Errorf("ParseBytes(%q) = %d, want an error", in, got)
		}
	}
}

func FuzzBytesPrintAndParse(f *testing.F) {
	for _, n := range []int64{0, 1, 1023, 1 << 20, 3 << 29, 10e6} {
		f.Add(n)
	}
	f.Fuzz(func(t *testing.T, n int64) {
		if n < 0 || n > 1<<53 {
			return // a float64 holds no more whole numbers than these
		}
		if got, err := ParseBytes(Bytes(n).String()); err != nil || got != Bytes(n) {
			t.Errorf("%d prints as %s and is read as %d, %v", n, Bytes(n), got, err)
		}
	})
}
