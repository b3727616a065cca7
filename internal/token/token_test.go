package token_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/api"
	"github.com/millrace/millrace/internal/store/memstore"
	"github.com/millrace/millrace/internal/token"
)

func open(t *testing.T, s *memstore.Store, partition string) *token.Sealer {
	t.Helper()
	sealer, err := token.Open(context.Background(), s, partition)
	if err != nil {
		t.Fatal(err)
	}
	return sealer
}

func TestSeal(t *testing.T) {
	s := memstore.New(memstore.Options{})
	defer s.Close()
	sealer := open(t, s, "sqs")
	sealed, err := sealer.Seal([]byte("receipt"), []byte("plain"))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(sealed, "-") {
		t.Errorf("%q has a hyphen", sealed)
	}
	again := open(t, s, "sqs") // as after a restart
	if b, err := again.Open(nil, []byte("receipt"), sealed); err != nil || string(b) != "plain" {
		t.Errorf("Open = %q, %v", b, err)
	}
	other := open(t, s, "kinesis")
	for what, try := range map[string]func() ([]byte, error){
		"another kind":    func() ([]byte, error) { return sealer.Open(nil, []byte("page"), sealed) },
		"another service": func() ([]byte, error) { return other.Open(nil, []byte("receipt"), sealed) },
		"no base64":       func() ([]byte, error) { return sealer.Open(nil, []byte("receipt"), "garbage!") },
		"empty":           func() ([]byte, error) { return sealer.Open(nil, []byte("receipt"), "") },
		"a changed byte": func() ([]byte, error) {
			return sealer.Open(nil, []byte("receipt"), sealed[:20]+string(sealed[20]^1)+sealed[21:])
		},
	} {
		if b, err := try(); !errors.Is(err, token.ErrForeign) {
			t.Errorf("%s opens: %q, %v", what, b, err)
		}
	}
}

func TestPage(t *testing.T) {
	s := memstore.New(memstore.Options{})
	defer s.Close()
	sealer := open(t, s, "sqs")
	call := &api.Call{Operation: &api.Operation{Name: "ListQueues"}, Account: "000000000000", Region: "us-east-1"}
	now := time.Unix(1_800_000_000, 0).UTC()
	sealed, err := sealer.SealPage(call, []byte("prefix"), "orders", now)
	if err != nil {
		t.Fatal(err)
	}
	p, err := sealer.OpenPage(call, sealed)
	if err != nil || p.After != "orders" || string(p.Of) != "prefix" || !p.Made.Equal(now) {
		t.Errorf("OpenPage = %+v, %v", p, err)
	}
	for _, foreign := range []*api.Call{
		{Operation: &api.Operation{Name: "ListDeadLetterSourceQueues"}, Account: call.Account, Region: call.Region},
		{Operation: call.Operation, Account: "111111111111", Region: call.Region},
		{Operation: call.Operation, Account: call.Account, Region: "eu-west-1"},
	} {
		if _, err := sealer.OpenPage(foreign, sealed); !errors.Is(err, token.ErrForeign) {
			t.Errorf("the page opens for %s, %s, %s: %v", foreign.Operation.Name, foreign.Account, foreign.Region, err)
		}
	}
}
