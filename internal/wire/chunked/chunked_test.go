package chunked_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/millrace/millrace/internal/wire"
	"github.com/millrace/millrace/internal/wire/chunked"
)

// The object, the key and the signatures of the examples in Amazon S3's API
// reference, "Signature calculations for the authorization header: transferring
// payload in multiple chunks" and "... including trailing headers".
const (
	secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"

	seed   = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"
	first  = "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648"
	second = "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497"
	last   = "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9"

	trailerSeed   = "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e"
	trailerFirst  = "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2"
	trailerSecond = "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7"
	trailerLast   = "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992"
	trailerSign   = "d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435"
	checksum      = "sOO8/Q=="
)

var object = bytes.Repeat([]byte{'a'}, 65*1024)

// chain is a signer of the example's date, region and service.
type chain struct{ previous string }

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

func (c *chain) sign(kind, rest string) string {
	key := mac(mac(mac(mac([]byte("AWS4"+secret), "20130524"), "us-east-1"), "s3"), "aws4_request")
	c.previous = hex.EncodeToString(mac(key, kind+"\n20130524T000000Z\n20130524/us-east-1/s3/aws4_request\n"+c.previous+"\n"+rest))
	return c.previous
}

var errSignature = errors.New("signature")

func (c *chain) Chunk(data []byte, signature string) error {
	if c.sign("AWS4-HMAC-SHA256-PAYLOAD", digest(nil)+"\n"+digest(data)) != signature {
		return errSignature
	}
	return nil
}

func (c *chain) Trailer(trailer []byte, signature string) error {
	if c.sign("AWS4-HMAC-SHA256-TRAILER", digest(trailer)) != signature {
		return errSignature
	}
	return nil
}

// signedBody is the first example's body, trailerBody the second's.
func signedBody() string {
	return fmt.Sprintf("10000;chunk-signature=%s\r\n%s\r\n400;chunk-signature=%s\r\n%s\r\n0;chunk-signature=%s\r\n\r\n",
		first, object[:65536], second, object[65536:], last)
}

func trailerBody() string {
	return fmt.Sprintf("10000;chunk-signature=%s\r\n%s\r\n400;chunk-signature=%s\r\n%s\r\n0;chunk-signature=%s\r\n"+
		"x-amz-checksum-crc32c:%s\r\nx-amz-trailer-signature:%s\r\n\r\n",
		trailerFirst, object[:65536], trailerSecond, object[65536:], trailerLast, checksum, trailerSign)
}

func signed() chunked.Options {
	return chunked.Options{Length: int64(len(object)), Verifier: &chain{seed}}
}

func trailing() chunked.Options {
	return chunked.Options{
		Length: int64(len(object)), Verifier: &chain{trailerSeed}, Trailer: true, Announced: []string{"x-amz-checksum-crc32c"},
	}
}

func unsigned(length int64, announced ...string) chunked.Options {
	return chunked.Options{Length: length, Trailer: true, Announced: announced}
}

func TestExamples(t *testing.T) {
	for name, c := range map[string]struct {
		body string
		opts func() chunked.Options
	}{"signed": {signedBody(), signed}, "trailer": {trailerBody(), trailing}} {
		for kind, wrap := range map[string]func(io.Reader) io.Reader{
			"whole": func(r io.Reader) io.Reader { return r }, "halves": iotest.HalfReader, "bytes": iotest.OneByteReader, "early end": iotest.DataErrReader,
		} {
			r := chunked.NewReader(wrap(strings.NewReader(c.body)), c.opts())
			if r.Trailer() != nil {
				t.Errorf("%s, %s: trailers before the end", name, kind)
			}
			data, err := io.ReadAll(r)
			if err != nil || !bytes.Equal(data, object) {
				t.Errorf("%s, %s: %d bytes, %v", name, kind, len(data), err)
			}
			if name == "trailer" && r.Trailer().Get("X-Amz-Checksum-Crc32c") != checksum {
				t.Errorf("%s: got trailers %v", kind, r.Trailer())
			}
		}
	}
	sum := binary.BigEndian.AppendUint32(nil, crc32.Checksum(object, crc32.MakeTable(crc32.Castagnoli)))
	if got := base64.StdEncoding.EncodeToString(sum); got != checksum {
		t.Errorf("the example's checksum is %s", got)
	}
}

func TestUnsigned(t *testing.T) {
	for _, c := range []struct {
		body, want string
		announced  []string
	}{
		{"3\r\nabc\r\n2\r\nde\r\n0\r\nx-amz-checksum-crc32:hYfYZQ==\r\n\r\n", "abcde", []string{" X-Amz-Checksum-Crc32"}},
		{"A\r\n0123456789\r\n0\r\n\r\n", "0123456789", nil},
		{"3;chunk-signature=unseen\r\nabc\r\n0;x=y\r\nb:1\na:  2 \n\r\n", "abc", []string{"a", "b"}},
		{"0\r\n\r\n", "", nil},
	} {
		err := iotest.TestReader(chunked.NewReader(strings.NewReader(c.body), unsigned(int64(len(c.want)), c.announced...)), []byte(c.want))
		if err != nil {
			t.Errorf("%q: %v", c.body, err)
		}
	}
}

func TestChecksums(t *testing.T) {
	for name, unknown := range map[string]bool{"crc32": false, "sha256": false, "crc64nvme": false, "xxhash3": true, "": true} {
		body := "3\r\nabc\r\n0\r\nx-amz-checksum-" + name + ":AAAAAA==\r\n\r\n"
		_, err := io.ReadAll(chunked.NewReader(strings.NewReader(body), unsigned(3, "x-amz-checksum-"+name)))
		e, ok := errors.AsType[*chunked.ChecksumError](err)
		if !ok || e.Algorithm != name || e.Unknown != unknown {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// Some clients set the signature of the trailers apart by an empty line.
func TestTrailerSignatureSetApart(t *testing.T) {
	body := strings.Replace(trailerBody(), checksum+"\r\n", checksum+"\n\r\n", 1)
	if data, err := io.ReadAll(chunked.NewReader(strings.NewReader(body), trailing())); err != nil || !bytes.Equal(data, object) {
		t.Errorf("%d bytes, %v", len(data), err)
	}
}

// Of a body that was changed nothing is handed out from the changed chunk on.
func TestChangedBodies(t *testing.T) {
	body := trailerBody()
	change := func(old, new string) string {
		if !strings.Contains(body, old) {
			t.Fatalf("the body has no %q", old)
		}
		return strings.Replace(body, old, new, 1)
	}
	for name, c := range map[string]struct {
		body string
		want int
	}{
		"first byte":       {change("\r\na", "\r\nb"), 0},
		"first signature":  {change(trailerFirst, trailerSecond), 0},
		"no signature":     {change(";chunk-signature="+trailerSecond, ""), 65536},
		"second signature": {change(trailerSecond, trailerFirst), 65536},
		"last signature":   {change(trailerLast, trailerFirst), len(object)},
		"trailer":          {change(checksum, "AAAAAA=="), len(object)},
		"trailers signed":  {change(trailerSign, trailerLast), len(object)},
	} {
		r := chunked.NewReader(strings.NewReader(c.body), trailing())
		data, err := io.ReadAll(r)
		if !errors.Is(err, errSignature) || len(data) != c.want || r.Trailer() != nil {
			t.Errorf("%s: %d bytes, %v", name, len(data), err)
		}
		if n, again := r.Read(make([]byte, 1)); n != 0 || !errors.Is(again, err) {
			t.Errorf("%s: then %d, %v", name, n, again)
		}
	}
}

func TestCutOff(t *testing.T) {
	body := "3\r\nabc\r\n0\r\na:1\r\n\r\n"
	for n := range len(body) {
		_, err := io.ReadAll(chunked.NewReader(strings.NewReader(body[:n]), unsigned(3, "a")))
		if !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("after %d bytes: %v", n, err)
		}
	}
	for _, n := range []int{10, 100, 65536, 65700, len(signedBody()) - 1} {
		if _, err := io.ReadAll(chunked.NewReader(strings.NewReader(signedBody()[:n]), signed())); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("signed, after %d bytes: %v", n, err)
		}
	}
}

func TestMalformed(t *testing.T) {
	long := strings.Repeat("x", 5000)
	for name, c := range map[string]struct {
		body string
		opts chunked.Options
	}{
		"no size":             {"\r\n", unsigned(1)},
		"sign":                {"+1\r\na\r\n", unsigned(1)},
		"negative":            {"-1\r\na\r\n", unsigned(1)},
		"no digit":            {"0x1\r\na\r\n", unsigned(1)},
		"huge":                {"FFFFFFFFFFFFFFFFF\r\n", unsigned(1)},
		"bare line feed":      {"1\na\r\n0\r\n\r\n", unsigned(1)},
		"long header":         {"1;" + strings.Repeat("x", 300) + "\r\na\r\n", unsigned(1)},
		"longer header":       {"1;" + long + "\r\na\r\n", unsigned(1)},
		"data too long":       {"1\r\nab\r\n", unsigned(1)},
		"not announced":       {"0\r\nb:1\r\n\r\n", unsigned(0, "a")},
		"none announced":      {"0\r\nb:1\r\n\r\n", unsigned(0)},
		"missing":             {"0\r\n\r\n", unsigned(0, "a")},
		"twice":               {"0\r\na:\r\na:1\r\n\r\n", unsigned(0, "a")},
		"nameless":            {"0\r\n:1\r\n\r\n", unsigned(0)},
		"no colon":            {"0\r\na\r\n\r\n", unsigned(0)},
		"long trailer":        {"0\r\na:" + long + "\r\n\r\n", unsigned(0, "a")},
		"something after":     {"0\r\n\r\nx", unsigned(0)},
		"after the signature": {"0\r\nx-amz-trailer-signature:x\r\na:1\r\n\r\n", unsigned(0, "a")},
		"too large to hold":   {"1000001;chunk-signature=x\r\n", chunked.Options{Length: 1 << 30, Verifier: &chain{seed}}},
	} {
		_, err := io.ReadAll(chunked.NewReader(strings.NewReader(c.body), c.opts))
		if _, ok := errors.AsType[*wire.SyntaxError](err); !ok {
			t.Errorf("%s: got %v", name, err)
		}
	}
	for body, length := range map[string]int64{"2\r\nab\r\n0\r\n\r\n": 1, "1\r\na\r\n0\r\n\r\n": 2, "7FFFFFFFFFFFFFFF\r\n": 5} {
		if _, err := io.ReadAll(chunked.NewReader(strings.NewReader(body), unsigned(length))); !errors.Is(err, chunked.ErrLength) {
			t.Errorf("%q of %d: got %v", body, length, err)
		}
	}
}

func TestSourceFails(t *testing.T) {
	gone := errors.New("the client is gone")
	for _, n := range []int64{0, 50, 70_000} {
		src := io.MultiReader(io.LimitReader(strings.NewReader(signedBody()), n), iotest.ErrReader(gone))
		if _, err := io.ReadAll(chunked.NewReader(src, signed())); !errors.Is(err, gone) {
			t.Errorf("after %d bytes: got %v", n, err)
		}
	}
}

// Whatever is sent, a body that is read to its end has its announced length.
func FuzzReader(f *testing.F) {
	c := &chain{seed}
	one := c.sign("AWS4-HMAC-SHA256-PAYLOAD", digest(nil)+"\n"+digest([]byte("a")))
	end := c.sign("AWS4-HMAC-SHA256-PAYLOAD", digest(nil)+"\n"+digest(nil))
	f.Add([]byte("1;chunk-signature="+one+"\r\na\r\n0;chunk-signature="+end+"\r\n\r\n"), int64(1), true, false)
	f.Add([]byte("3\r\nabc\r\n0\r\na:1\r\n\r\n"), int64(3), false, true)
	f.Add([]byte("0\r\n\r\n"), int64(0), false, false)
	f.Fuzz(func(t *testing.T, body []byte, length int64, sign, trailer bool) {
		opts := chunked.Options{Length: length, Trailer: trailer, Announced: []string{"a"}}
		if sign {
			opts.Verifier = &chain{seed}
		}
		n, err := io.Copy(io.Discard, chunked.NewReader(bytes.NewReader(body), opts))
		if err == nil && n != length || n > max(length, 0) {
			t.Errorf("%d bytes of %d, %v", n, length, err)
		}
	})
}

func BenchmarkUnsigned(b *testing.B) {
	body := []byte(fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(object), object))
	b.SetBytes(int64(len(object)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := io.Copy(io.Discard, chunked.NewReader(bytes.NewReader(body), unsigned(int64(len(object))))); err != nil {
			b.Fatal(err)
		}
	}
}
