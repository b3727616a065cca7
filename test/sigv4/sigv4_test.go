// Package sigv4 checks our half of Signature Version 4 against the signer of
// AWS's own SDK, which only tests may import.
package sigv4

import (
	"context"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/millrace/millrace/internal/authn/sigv4"
)

var (
	credentials = aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"}
	signedAt    = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
)

var targets = []string{
	"http://localhost:4566/",
	"http://localhost:4566",
	"https://kinesis.us-east-1.amazonaws.com/",
	"http://127.0.0.1:4566/things/a%20b/shadow?name=x%2Fy",
	"http://127.0.0.1:4566/a/b+c/~d_e-f.g/%E1%88%B4?b=2&a=1&a=&c=%2B+x&A=%E1%88%B4",
	"http://[::1]:4566/topics/a%2Fb%2F%2Fc?qos=1",
	"http://localhost:4566/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Af/invocations",
}

func request(t *testing.T, target, body string) *http.Request {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, target, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.ContentLength = int64(len(body))
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", "Kinesis_20131202.PutRecord")
	r.Header.Set("X-Spaced", "  a   b  c ")
	r.Header.Set("User-Agent", "test")
	return r
}

func verify(t *testing.T, r *http.Request, body string) {
	t.Helper()
	host := r.Host
	if host == "" {
		host = r.URL.Host
	}
	req := &sigv4.Request{Method: r.Method, Path: r.URL.EscapedPath(), Query: r.URL.RawQuery, Host: host, Header: r.Header, ContentLength: r.ContentLength}
	var s sigv4.Signature
	if err := sigv4.Parse(req, &s); err != nil {
		t.Errorf("%s: %v", r.URL, err)
		return
	}
	var v sigv4.Verifier
	if err := v.Verify(req, &s, credentials.SecretAccessKey, sigv4.HashBody([]byte(body)), signedAt.Add(time.Minute)); err != nil {
		t.Errorf("%s: %v", r.URL, err)
	}
	if err := v.Verify(req, &s, credentials.SecretAccessKey, sigv4.HashBody([]byte(body+"x")), signedAt); err == nil {
		t.Errorf("%s: verified with another body", r.URL)
	}
}

func TestHeadersOfTheSDKVerify(t *testing.T) {
	for _, service := range []string{"kinesis", "s3"} {
		for _, target := range targets {
			for _, token := range []string{"", "session/token+="} {
				const body = `{"a":1}`
				r := request(t, target, body)
				c := credentials
				c.SessionToken = token
				err := v4.NewSigner().SignHTTP(context.Background(), c, r, sigv4.HashBody([]byte(body)), service, "eu-west-1", signedAt,
					func(o *v4.SignerOptions) { o.DisableURIPathEscaping = service == "s3" })
				if err != nil {
					t.Fatal(err)
				}
				verify(t, r, body)
			}
		}
	}
}

func TestPresignedURLsOfTheSDKVerify(t *testing.T) {
	for _, target := range targets {
		r := request(t, target, "")
		q := r.URL.Query()
		q.Set("X-Amz-Expires", "3600")
		r.URL.RawQuery = q.Encode()
		signed, header, err := v4.NewSigner().PresignHTTP(context.Background(), credentials, r, sigv4.EmptyHash, "iotdata", "eu-west-1", signedAt)
		if err != nil {
			t.Fatal(err)
		}
		u, err := url.Parse(signed)
		if err != nil {
			t.Fatal(err)
		}
		verify(t, &http.Request{Method: r.Method, URL: u, Host: header.Get("Host"), Header: header, ContentLength: 0}, "")
	}
}

func TestOurHeadersAreTheSDKs(t *testing.T) {
	for _, target := range targets {
		const body = `{"a":1}`
		ours, theirs := request(t, target, body), request(t, target, body)
		ours.ContentLength, theirs.ContentLength = -1, -1 // the SDK signs the length, which is ours to leave out
		sigv4.Sign(ours, sigv4.Credentials{AccessKeyID: credentials.AccessKeyID, SecretAccessKey: credentials.SecretAccessKey},
			sigv4.HashBody([]byte(body)), sigv4.Scope{Region: "eu-west-1", Service: "kinesis"}, signedAt)
		if err := v4.NewSigner().SignHTTP(context.Background(), credentials, theirs, sigv4.HashBody([]byte(body)), "kinesis", "eu-west-1", signedAt); err != nil {
			t.Fatal(err)
		}
		if got, want := ours.Header.Get("Authorization"), theirs.Header.Get("Authorization"); got != want {
			t.Errorf("%s:\n got %s\nwant %s", target, got, want)
		}
	}
}
