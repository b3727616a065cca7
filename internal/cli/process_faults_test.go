//go:build faults

package cli

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// create asks for a stream in open mode; the error is of the connection.
func (s *server) create(name string) error {
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.http+"/", strings.NewReader(`{"StreamName":"`+name+`","ShardCount":1}`))
	if err != nil {
		return err
	}
	now := time.Now().UTC()
	r.Header.Set("X-Amz-Target", "Kinesis_20131202.CreateStream")
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Date", now.Format("20060102T150405Z"))
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=any/"+now.Format("20060102")+"/us-east-1/kinesis/aws4_request, SignedHeaders=host;x-amz-date, Signature="+strings.Repeat("0", 64))
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	return resp.Body.Close()
}

func TestFaultPointKillsTheServer(t *testing.T) {
	s := start(t, []string{"MILLRACE_FAULT=kinesis.create.reserved:2"}, dataDir(t), "--auth=open")
	if err := s.create("one"); err != nil {
		t.Fatalf("the first pass: %v", err)
	}
	if _, body := s.get("/_millrace/faults/points"); !strings.Contains(body, `"kinesis.create.reserved":1`) {
		t.Errorf("points passed: %s", body)
	}
	if err := s.create("two"); err == nil {
		t.Error("the server answered a call that it should have died in")
	}
	if got := s.Ended(); got != "signal: killed" {
		t.Errorf("ended with %q", got)
	}
}

func TestFaultEndpoints(t *testing.T) {
	s := start(t, nil, dataDir(t), "--auth=open")
	if status, body := s.do(http.MethodPost, "/_millrace/faults/clock?move=48h", "", ""); status != 200 || !strings.Contains(body, time.Now().Add(48*time.Hour).UTC().Format("2006-01-02")) {
		t.Errorf("moving the clock: status %d, %s", status, body)
	}
	for _, path := range []string{"clock?move=soon", "arm?points=a:0"} {
		if status, _ := s.do(http.MethodPost, "/_millrace/faults/"+path, "", ""); status != 400 {
			t.Errorf("%s: status %d", path, status)
		}
	}
	if status, _ := s.do(http.MethodPost, "/_millrace/faults/arm?points=kinesis.create.reserved", "", ""); status != 200 {
		t.Error("arming was refused")
	}
	if err := s.create("one"); err == nil {
		t.Error("the armed point did not kill")
	}
}
