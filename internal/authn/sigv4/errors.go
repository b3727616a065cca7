package sigv4

import (
	"strconv"
	"time"

	"github.com/millrace/millrace/internal/api"
)

const mismatchText = "The request signature we calculated does not match the signature you provided. " +
	"Check your AWS Secret Access Key and signing method. Consult the service documentation for details."

const bothText = "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header."

func errMismatch() error { return api.ErrInvalidSignature.New(mismatchText) }

func errMissing() error { return api.ErrMissingAuthentication.New("Missing Authentication Token") }

// errIncompleteHeader names each part that the Authorization header lacks.
func errIncompleteHeader(s *Signature, header string) error {
	var text string
	if s.AccessKeyID == "" {
		text += "Authorization header requires 'Credential' parameter. "
	}
	if s.Signature == "" {
		text += "Authorization header requires 'Signature' parameter. "
	}
	if s.SignedHeaders == "" {
		text += "Authorization header requires 'SignedHeaders' parameter. "
	}
	if s.Timestamp == "" {
		text += "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. "
	}
	return &api.Error{Shape: api.ErrIncompleteSignature, Message: text + "Authorization=" + header}
}

// errIncompleteQuery names each parameter that a presigned request lacks.
func errIncompleteQuery(s *Signature) error {
	var text string
	for _, p := range []struct{ name, value string }{
		{"X-Amz-Credential", s.AccessKeyID},
		{"X-Amz-Signature", s.Signature},
		{"X-Amz-SignedHeaders", s.SignedHeaders},
		{"X-Amz-Date", s.Timestamp},
	} {
		if p.value == "" {
			text += "AWS query-string parameters must include '" + p.name + "'. "
		}
	}
	return &api.Error{Shape: api.ErrIncompleteSignature, Message: text + "Re-examine the query-string parameters."}
}

func errExpired(stamp string, now time.Time, allowed time.Duration) error {
	return &api.Error{Shape: api.ErrInvalidSignature, Message: "Signature expired: " + stamp + " is now earlier than " +
		FormatTime(now.Add(-allowed)) + " (" + FormatTime(now) + " - " + span(allowed) + ".)"}
}

func errEarly(stamp string, now time.Time) error {
	return &api.Error{Shape: api.ErrInvalidSignature, Message: "Signature not yet current: " + stamp + " is still later than " +
		FormatTime(now.Add(Skew)) + " (" + FormatTime(now) + " + " + span(Skew) + ".)"}
}

func span(d time.Duration) string {
	if d%time.Minute == 0 {
		return strconv.Itoa(int(d/time.Minute)) + " min"
	}
	return strconv.Itoa(int(d/time.Second)) + " sec"
}
