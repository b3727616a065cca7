package cbor

import (
	"encoding/hex"
	"math"
	"strings"
	"testing"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Numbers of RFC 8949, appendix A.
func TestNumbers(t *testing.T) {
	for s, want := range map[string]int64{
		"00": 0, "17": 23, "1818": 24, "1864": 100, "1903e8": 1000, "1a000f4240": 1000000, "1b000000e8d4a51000": 1000000000000,
		"1bffffffffffffffff": math.MaxInt64, "20": -1, "3863": -100, "3903e7": -1000, "3bffffffffffffffff": math.MinInt64, "1900ff": 255,
	} {
		r := NewReader(unhex(t, s))
		if r.Kind() != Int {
			t.Fatalf("%s is of kind %d", s, r.Kind())
		}
		got := r.Int()
		if r.End(); got != want || r.Err() != nil {
			t.Errorf("%s: got %d, %v, want %d", s, got, r.Err(), want)
		}
	}
	for s, want := range map[string]float64{
		"f90000": 0, "f98000": math.Copysign(0, -1), "f93c00": 1, "f93e00": 1.5, "f97bff": 65504, "f90001": 5.960464477539063e-8,
		"f90400": 0.00006103515625, "f9c400": -4, "fb3ff199999999999a": 1.1, "fa47c35000": 100000, "fa7f7fffff": 3.4028234663852886e+38,
		"fb7e37e43c8800759c": 1e300, "fbc010666666666666": -4.1, "f97c00": math.Inf(1), "fa7f800000": math.Inf(1),
		"fbfff0000000000000": math.Inf(-1), "f97e00": math.NaN(), "f97c01": math.NaN(),
	} {
		r := NewReader(unhex(t, s))
		if r.Kind() != Float {
			t.Fatalf("%s is of kind %d", s, r.Kind())
		}
		got := r.Float()
		same := math.Float64bits(got) == math.Float64bits(want) || math.IsNaN(got) && math.IsNaN(want)
		if r.End(); !same || r.Err() != nil {
			t.Errorf("%s: got %v, %v, want %v", s, got, r.Err(), want)
		}
	}
}

func TestStrings(t *testing.T) {
	for s, want := range map[string]string{
		"60": "", "6161": "a", "62c3bc": "ü", "6449455446": "IETF", "7f6161ff": "a", "7fff": "", "5f42010243030405ff": "\x01\x02\x03\x04\x05",
		"40": "", "4401020304": "\x01\x02\x03\x04", "7f657374726561646d696e67ff": "streaming", "7f61c361bcff": "ü",
	} {
		r := NewReader(unhex(t, s))
		got := r.Bytes()
		if r.End(); string(got) != want || r.Err() != nil || got == nil {
			t.Errorf("%s: got %q, %v, want %q", s, got, r.Err(), want)
		}
	}
}

func TestMessagesAreCheckedStrictly(t *testing.T) {
	deep := func(n int) string { return strings.Repeat("81", n-1) + "80" }
	tests := []struct {
		message string
		ok      bool
	}{
		{"80", true}, {"83010203", true}, {"8301820203820405", true}, {"9fff", true}, {"9f018202039f0405ffff", true},
		{"a0", true}, {"a201020304", true}, {"bf61610161629f0203ffff", true}, {"bfff", true}, {"f4", true}, {"f5", true}, {"f6", true},
		{"f7", true}, {"c074323031332d30332d32315432303a30343a30305a", true}, {"c11a514b67b0", true}, {"d818456449455446", true}, {"c1c1c100", true},
		{"c249010000000000000000", true}, {deep(MaxDepth), true}, {deep(MaxDepth + 1), false},
		{"", false}, {"0000", false}, {"18", false}, {"1901", false}, {"1a010203", false}, {"1b01020304050607", false}, {"1c", false}, {"1f", false},
		{"3f", false}, {"61", false}, {"61ff", false}, {"62c328", false}, {"7f61", false}, {"7f6161", false}, {"7f4161ff", false}, {"5f6161ff", false},
		{"7f7f6161ffff", false}, {"7f", false}, {"7b7fffffffffffffff61", false}, {"5bffffffffffffffff", false}, {"81", false},
		{"8101ff", false}, {"9f", false}, {"9f01", false}, {"a1", false}, {"a101", false}, {"bf01ff", false}, {"bf", false}, {"ff", false}, {"81ff", false},
		{"9bffffffffffffffff00", false}, {"bb7fffffffffffffff0000", false}, {"c1", false}, {"c1ff", false}, {"df00", false}, {"e0", false}, {"f8ff", false},
		{"fc", false}, {"f93c", false}, {"fa3c", false}, {"fb00", false},
	}
	for _, test := range tests {
		r := NewReader(unhex(t, test.message))
		r.Skip()
		r.End()
		if (r.Err() == nil) != test.ok {
			t.Errorf("%.40s: %v", test.message, r.Err())
		}
	}
}

func TestAppendedIsShortest(t *testing.T) {
	for want, n := range map[string]int64{
		"00": 0, "17": 23, "1818": 24, "18ff": 255, "190100": 256, "19ffff": 65535, "1a00010000": 65536, "1affffffff": 1<<32 - 1,
		"1b0000000100000000": 1 << 32, "1b7fffffffffffffff": math.MaxInt64, "20": -1, "3818": -25, "3b7fffffffffffffff": math.MinInt64,
	} {
		if got := hex.EncodeToString(AppendInt(nil, n)); got != want {
			t.Errorf("%d: got %s, want %s", n, got, want)
		}
	}
	for want, got := range map[string][]byte{
		"6161": AppendText(nil, "a"), "4101": AppendBytes(nil, []byte{1}), "40": AppendBytes(nil, nil), "f5": AppendBool(nil, true), "f4": AppendBool(nil, false),
		"fa7fc00000": AppendFloat32(nil, float32(math.NaN())), "fb3ff199999999999a": AppendFloat64(nil, 1.1),
	} {
		if hex.EncodeToString(got) != want {
			t.Errorf("got %x, want %s", got, want)
		}
	}
}

func FuzzReader(f *testing.F) {
	for _, seed := range []string{
		"bf61610161629f0203ffff", "7f657374726561646d696e67ff", "9bffffffffffffffff00", "c11b000001a013accc38", "a1616182f97c01fb3ff199999999999a",
		"5f42010243030405ff", "3bffffffffffffffff", strings.Repeat("81", 65) + "80", "7f61c361bcff",
	} {
		f.Add(unhex(f, seed))
	}
	f.Fuzz(func(t *testing.T, message []byte) {
		r := NewReader(append([]byte(nil), message...))
		r.Skip()
		r.End()
		if r.pos != len(r.buf) || r.Err() == nil && r.depth != 0 {
			t.Fatalf("at %d of %d, depth %d", r.pos, len(r.buf), r.depth)
		}
	})
}
