package sqs

import (
	"context"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/millrace/millrace/internal/inflight"
	"github.com/millrace/millrace/internal/store/memstore"
	"github.com/millrace/millrace/internal/token"
)

func testSealer(t testing.TB) *token.Sealer {
	t.Helper()
	s := memstore.New(memstore.Options{})
	t.Cleanup(func() { _ = s.Close() })
	sealer, err := token.Open(context.Background(), s, root)
	if err != nil {
		t.Fatal(err)
	}
	return sealer
}

func TestReceipt(t *testing.T) {
	sealer := testSealer(t)
	for i := range 500 {
		r := receipt{rand.Uint64(), rand.Uint64(), rand.Uint64(), inflight.Lease{Epoch: rand.Uint64(), N: rand.Uint64()}}
		if i == 0 {
			r = receipt{math.MaxUint64, 0, math.MaxUint64, inflight.Lease{}}
		}
		handle, err := r.seal(sealer)
		if err != nil {
			t.Fatal(err)
		}
		if len(handle) > 1024 || strings.Contains(handle, "-") {
			t.Fatalf("handle %q", handle)
		}
		if got, err := openReceipt(sealer, r.incarnation, handle); err != nil || got != r {
			t.Fatalf("openReceipt = %+v, %v; want %+v", got, err, r)
		}
		_, err = openReceipt(sealer, r.incarnation+1, handle)
		wantError(t, "another queue", err, "ReceiptHandleIsInvalid", `The input receipt handle "`+handle+`" is not a valid receipt handle.`)
	}
	page, err := sealer.Seal([]byte("page"), make([]byte, receiptBytes))
	if err != nil {
		t.Fatal(err)
	}
	short, err := sealer.Seal(receiptKind, []byte{receiptVersion, 0, 0})
	if err != nil {
		t.Fatal(err)
	}
	future, err := sealer.Seal(receiptKind, append([]byte{receiptVersion + 1}, make([]byte, receiptBytes-1)...))
	if err != nil {
		t.Fatal(err)
	}
	for _, handle := range []string{"", "garbage", page, short, future} {
		_, err := openReceipt(sealer, 0, handle)
		wantError(t, handle, err, "ReceiptHandleIsInvalid", `The input receipt handle "`+handle+`" is not a valid receipt handle.`)
	}
}

func TestReceiptErrors(t *testing.T) {
	const code = "InvalidParameterValue"
	wantError(t, "expired", expiredReceipt("H"), code, "Value H for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired.")
	wantError(t, "unavailable", unavailableMessage("H"), code, "Value H for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for visibility timeout change.")
	wantError(t, "too long", heldTooLong("43200"), code, "Value 43200 for parameter VisibilityTimeout is invalid. Reason: Total VisibilityTimeout for the message is beyond the limit [43200 seconds]")
}

func BenchmarkReceipt(b *testing.B) {
	sealer := testSealer(b)
	r := receipt{1, 2, 3, inflight.Lease{Epoch: 4, N: 5}}
	b.ReportAllocs()
	for b.Loop() {
		handle, err := r.seal(sealer)
		if err == nil {
			_, err = openReceipt(sealer, 1, handle)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}
