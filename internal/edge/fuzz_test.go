package edge

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/millrace/millrace/internal/awsapi"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
)

// Whatever a stranger sends is answered with an error of the stranger's, never
// with a success and never with a fault.
func FuzzStranger(f *testing.F) {
	f.Add("POST", "/", "", "Kinesis_20131202.PutRecord", jsonType, "", putBody)
	f.Add("POST", "/", "", "Kinesis_20131202.PutRecord", cborType, "AWS4-HMAC-SHA256 Credential=AKID/20260102/r/kinesis/aws4_request, SignedHeaders=host, Signature=0", "\xa0")
	f.Add("GET", "/things/a/shadow", "X-Amz-Algorithm=AWS4-HMAC-SHA256", "", "", "", "")
	f.Add("POST", "/service/GraniteServiceVersion20100801/operation/PutMetricData", "", "", "application/cbor", "", "\xbf")
	f.Add("POST", "/", "Action=x", "", "application/x-www-form-urlencoded", "", "Action=ListUsers&Version=2010-05-08")
	s, _ := newServer(f, &streams{}, func(o *Options) {
		o.Services, o.Handlers = awsapi.Services, kinesisapi.Bind(&streams{})
		o.Observer = nil
	})
	f.Fuzz(func(t *testing.T, method, path, query, target, contentType, authorization, body string) {
		if strings.HasPrefix(path, internalPath) || !strings.HasPrefix(path, "/") {
			return
		}
		h := http.Header{"X-Amz-Date": {"20260102T030405Z"}}
		for name, value := range map[string]string{"X-Amz-Target": target, "Content-Type": contentType, "Authorization": authorization} {
			if value != "" {
				h.Set(name, value)
			}
		}
		if strings.Contains(path, "/operation/") {
			h.Set("Smithy-Protocol", "rpc-v2-cbor")
		}
		w := &sink{h: http.Header{}}
		s.ServeHTTP(w, &http.Request{Method: method, URL: &url.URL{Path: path, RawQuery: query}, RequestURI: path + "?" + query, Host: "localhost",
			Header: h, ContentLength: int64(len(body)), Body: io.NopCloser(strings.NewReader(body)), ProtoMajor: 1})
		// Some operations need no signature; none of them is built, so 404 and 501 are theirs.
		if w.status < 400 || w.status == 500 || w.status > 501 {
			t.Errorf("status %d", w.status)
		}
	})
}
