package authz

import (
	"context"
	"errors"
	"testing"

	"github.com/millrace/millrace/internal/api"
)

func TestRootActsInItsOwnAccountOnly(t *testing.T) {
	root := &api.Principal{Account: "000000000000", ARN: "arn:aws:iam::000000000000:root", Root: true}
	user := &api.Principal{Account: "000000000000", ARN: "arn:aws:iam::000000000000:user/u"}
	nobody := &api.Principal{Account: "000000000000", Anonymous: true}
	put, open := &api.Operation{Action: "kinesis:PutRecord"}, &api.Operation{Action: "a:B", Unsigned: true}
	for _, c := range []struct {
		name    string
		who     *api.Principal
		account string
		op      *api.Operation
		want    bool
	}{
		{"root at home", root, "000000000000", put, true},
		{"root elsewhere", root, "111111111111", put, false},
		{"user", user, "000000000000", put, false},
		{"nobody", nobody, "000000000000", put, false},
		{"nobody, unsigned operation", nobody, "000000000000", open, true},
	} {
		err := RootOnly{}.Authorize(context.Background(), &api.Call{Principal: c.who, Account: c.account, Operation: c.op}, nil)
		if (err == nil) != c.want || err != nil && !errors.Is(err, &api.Error{Shape: api.ErrAccessDenied}) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
