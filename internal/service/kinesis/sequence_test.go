package kinesis

import (
	"math/big"
	"math/rand/v2"
	"testing"
)

func TestSequenceNumbersOfAWS(t *testing.T) {
	for text, want := range map[string]sequence{
		// Seen from AWS in 2019, and the worked example (reference kinesis-streams §5.3).
		"49594189147623985939251953501666965394405037144469929986": {created: 1553568712, shard: 0, index: 195, arrival: 1553568735},
		"49678550650261262749836279709563150227156739466073210930": {created: 1790000000, shard: 3, index: 0, arrival: 1790000000},
	} {
		got, err := parseSequence(text)
		if err != nil || got != want {
			t.Errorf("%s: got %+v, %v; want %+v", text, got, err, want)
		}
		if got.String() != text {
			t.Errorf("%s: written again as %s", text, got)
		}
	}
}

func randomSequence(r *rand.Rand) sequence {
	return sequence{
		created: 1_500_000_000 + r.Int64N(1_000_000_000),
		shard:   r.Uint32() >> r.IntN(32),
		index:   r.Uint64() >> (1 + r.IntN(63)),
		after:   r.IntN(4) == 0,
		arrival: 1_500_000_000 + r.Int64N(1_000_000_000),
	}
}

func TestSequenceProperties(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	value := func(text string) *big.Int { n, _ := new(big.Int).SetString(text, 10); return n }
	for range 20_000 {
		s := randomSequence(r)
		text := s.String()
		if back, err := parseSequence(text); err != nil || back != s || len(text) != sequenceDigits || text[:2] != "49" && s.created < 1_900_000_000 && s.created > 1_530_000_000 {
			t.Fatalf("%+v is written %s and read %+v, %v", s, text, back, err)
		}
		// One more index is one more number, whatever the arrival; a later
		// creation beats every index.
		q := newSequencer(s)
		q.next()
		after := s
		after.index++
		if got := string(q.appendTo(nil)); after.index <= closedIndex && got != after.String() {
			t.Fatalf("after %s comes %s, want %s", text, got, after)
		}
		child := s
		child.created, child.index, child.shard = s.created+1, 0, r.Uint32()
		if value(child.String()).Cmp(value(text)) <= 0 {
			t.Fatalf("child %s does not follow %s", child, text)
		}
	}
}

func TestSequenceRefuses(t *testing.T) {
	for _, text := range []string{"", "0", "1", "-1", "abc", "049678550650261262749836279709563150227156739466073210930", "49678550650261262749836279709563150227156739466073210931",
		"99999999999999999999999999999999999999999999999999999999", "9999999999999999999999999999999999999999999999999999999999"} {
		if s, err := parseSequence(text); err == nil {
			t.Errorf("%q is read as %+v", text, s)
		}
	}
}

func FuzzParseSequence(f *testing.F) {
	f.Add("49678550650261262749836279709563150227156739466073210930")
	f.Add("0")
	f.Fuzz(func(t *testing.T, text string) {
		if s, err := parseSequence(text); err == nil && s.String() != text {
			t.Fatalf("%q is read as %+v and written %s", text, s, s)
		}
	})
}

func BenchmarkSequencer(b *testing.B) {
	q := newSequencer(sequence{created: 1790000000, shard: 3, arrival: 1790000000})
	buf := make([]byte, 0, sequenceDigits)
	b.ReportAllocs()
	for b.Loop() {
		buf = q.appendTo(buf[:0])
		q.next()
	}
}
