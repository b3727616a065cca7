package hash128

import (
	"math/big"
	"math/rand/v2"
	"testing"
)

func toBig(h Hash) *big.Int {
	b := new(big.Int).SetUint64(h.Hi)
	return b.Or(b.Lsh(b, 64), new(big.Int).SetUint64(h.Lo))
}

var space = new(big.Int).Lsh(big.NewInt(1), 128)

func TestArithmeticAgreesWithBig(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	random := func() Hash {
		h := Hash{r.Uint64(), r.Uint64()}
		switch r.IntN(4) {
		case 0:
			h.Hi = 0
		case 1:
			h.Lo = ^uint64(0)
		}
		return h
	}
	for range 10_000 {
		a, b := random(), random()
		A, B := toBig(a), toBig(b)
		mod := func(x *big.Int) *big.Int { return x.Mod(x, space) }
		for name, pair := range map[string][2]*big.Int{
			"add":  {toBig(a.Add(b)), mod(new(big.Int).Add(A, B))},
			"sub":  {toBig(a.Sub(b)), mod(new(big.Int).Sub(A, B))},
			"half": {toBig(a.Half()), new(big.Int).Rsh(A, 1)},
			"next": {toBig(a.Next()), mod(new(big.Int).Add(A, big.NewInt(1)))},
		} {
			if pair[0].Cmp(pair[1]) != 0 {
				t.Fatalf("%s of %v and %v: got %v, want %v", name, a, b, pair[0], pair[1])
			}
		}
		if a.Cmp(b) != A.Cmp(B) {
			t.Fatalf("cmp of %v and %v", a, b)
		}
		if a.String() != A.String() {
			t.Fatalf("text of %v: %s", A, a)
		}
		if back, err := Parse(a.String()); err != nil || back != a {
			t.Fatalf("parse of %v: %v, %v", a, back, err)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, s := range []string{"", "-1", "+1", "01", "00", "1a", " 1", "340282366920938463463374607431768211456", "999999999999999999999999999999999999999", "1000000000000000000000000000000000000000"} {
		if h, err := Parse(s); err == nil {
			t.Errorf("Parse(%q) = %v", s, h)
		}
	}
}

func TestBounds(t *testing.T) {
	// Two shards meet at 2^127 (reference kinesis-streams §5.1).
	if got := Bound(1, 2).String(); got != "170141183460469231731687303715884105728" {
		t.Errorf("two shards meet at %s", got)
	}
	for _, n := range []int{1, 2, 3, 4, 5, 7, 10, 128, 1000, 4096, 9999} {
		width := new(big.Int).Div(space, big.NewInt(int64(n)))
		for _, i := range []int{0, 1, n / 2, n - 1} {
			want := new(big.Int).Mul(width, big.NewInt(int64(i)))
			if i < n && toBig(Bound(i, n)).Cmp(want) != 0 {
				t.Errorf("Bound(%d, %d) = %v, want %v", i, n, Bound(i, n), want)
			}
		}
		if end := Bound(n, n).Prev(); end != Max {
			t.Errorf("%d shards end at %v", n, end)
		}
	}
}

func TestOfKey(t *testing.T) {
	// md5("a") = 0cc175b9c0f1b6a831c399e269772661
	if got := OfKey("a"); got != (Hash{0x0cc175b9c0f1b6a8, 0x31c399e269772661}) {
		t.Errorf("OfKey(a) = %x", got)
	}
}

func BenchmarkOfKey(b *testing.B) {
	for b.Loop() {
		OfKey("user-0123456789abcdef")
	}
}
