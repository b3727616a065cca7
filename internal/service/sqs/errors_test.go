package sqs

import (
	"context"
	"testing"

	"github.com/millrace/millrace/internal/api"
)

const (
	testAccount = "123456789012"
	testRegion  = "eu-west-1"
)

// testCall is a call by the test's account.
func testCall(h api.HTTP) *api.Call {
	return &api.Call{Account: testAccount, Region: testRegion, Carrier: testCarrier(h)}
}

// testCarrier is a request.
type testCarrier api.HTTP

func (c testCarrier) HTTP() api.HTTP                      { return api.HTTP(c) }
func (c testCarrier) Reserve(context.Context, int64) bool { return true }

// wantError checks an error of the API by its legacy code and its text; both empty
// for none.
func wantError(t *testing.T, what string, err error, code, text string) {
	t.Helper()
	e, ok := err.(*api.Error)
	switch {
	case code == "" && err != nil:
		t.Errorf("%s: %v", what, err)
	case code != "" && !ok:
		t.Errorf("%s: %v, want %s: %s", what, err, code, text)
	case code != "" && (e.Shape.QueryCode != code || e.Message != text):
		t.Errorf("%s:\n got %s: %s\nwant %s: %s", what, e.Shape.QueryCode, e.Message, code, text)
	}
}

func TestNoSuchQueue(t *testing.T) {
	const code = "AWS.SimpleQueueService.NonExistentQueue"
	wantError(t, "JSON", noSuchQueue(testCall(api.HTTP{Protocol: api.JSON10})), code, "The specified queue does not exist.")
	wantError(t, "Query", noSuchQueue(testCall(api.HTTP{Protocol: api.Query})), code, "The specified queue does not exist for this wsdl version.")
}
