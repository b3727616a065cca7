package sqs

import (
	"math"
	"math/big"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
)

func TestMessageIDs(t *testing.T) {
	form := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	var ids messageIDs
	seen := make(map[messageID]bool)
	for range 1000 { // the random bytes are used up several times
		id := ids.next()
		if s := id.String(); !form.MatchString(s) {
			t.Fatalf("%q is no UUID of version 4", s)
		}
		if seen[id] {
			t.Fatalf("%v was given twice", id)
		}
		seen[id] = true
	}
	id := messageID{0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0x10, 0x32, 0x54, 0x76, 0x98, 0xba, 0xdc, 0xfe}
	if got := id.String(); got != "01234567-89ab-cdef-1032-547698badcfe" {
		t.Errorf("String = %q", got)
	}
}

func BenchmarkMessageID(b *testing.B) {
	var ids messageIDs
	b.ReportAllocs()
	for b.Loop() {
		ids.next()
	}
}

// TestSequenceNumber compares with the arithmetic of math/big.
func TestSequenceNumber(t *testing.T) {
	offset := new(big.Int).Exp(big.NewInt(10), big.NewInt(19), nil)
	check := func(seq uint64) {
		want := new(big.Int).Add(offset, new(big.Int).SetUint64(seq)).String()
		if got := sequenceNumber(seq); got != want || len(got) != 20 {
			t.Errorf("sequenceNumber(%d) = %q, want %q", seq, got, want)
		}
	}
	for _, seq := range []uint64{0, 1, 9, 1e19 - 1, 1e19, 1e19 + 1, math.MaxUint64, 1_800_000_000_000 << 20} {
		check(seq)
	}
	for range 1000 {
		check(rand.Uint64())
	}
}

func TestCheckFIFOID(t *testing.T) {
	all := "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~azAZ09"
	for _, id := range []string{"a", all, strings.Repeat("g", 128)} {
		wantError(t, id, checkFIFOID("MessageGroupId", id), "", "")
	}
	for _, id := range []string{"", strings.Repeat("g", 129), "group 123", "tab\t", "größe", "\x7f"} {
		wantError(t, id, checkFIFOID("MessageGroupId", id), "InvalidParameterValue", "Value "+id+" for parameter MessageGroupId is invalid. Reason: MessageGroupId can only include alphanumeric and punctuation characters. 1 to 128 in length.")
		wantError(t, id, checkFIFOID("MessageDeduplicationId", id), "InvalidParameterValue", "Value "+id+" for parameter MessageDeduplicationId is invalid. Reason: MessageDeduplicationId can only include alphanumeric and punctuation characters. 1 to 128 in length.")
	}
}

// The digest of "abc" is that of FIPS 180-4's example.
func TestContentDeduplicationID(t *testing.T) {
	if got := contentDeduplicationID("abc"); got != "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" {
		t.Errorf("contentDeduplicationID = %q", got)
	}
}
