package crash

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/smithy-go"
)

// putCBOR returns PutRecord in CBOR, which the Go SDK does not speak, to the
// endpoint of a client, by the root of the default account.
func putCBOR(c *kinesis.Client) func(context.Context, *kinesis.PutRecordInput, ...func(*kinesis.Options)) (*kinesis.PutRecordOutput, error) {
	o := c.Options()
	return func(ctx context.Context, in *kinesis.PutRecordInput, _ ...func(*kinesis.Options)) (*kinesis.PutRecordOutput, error) {
		body := []byte{0xbf} // a map, to its end mark
		for name, value := range map[string]*string{"StreamName": in.StreamName, "PartitionKey": in.PartitionKey, "ExplicitHashKey": in.ExplicitHashKey} {
			if value != nil {
				body = appendCBOR(appendCBOR(body, cborText, name), cborText, *value)
			}
		}
		body = append(appendCBOR(appendCBOR(body, cborText, "Data"), cborBytes, string(in.Data)), 0xff)
		r, err := signedRequest(ctx, *o.BaseEndpoint, "PutRecord", cborBody, string(body))
		if err != nil {
			return nil, err
		}
		resp, err := o.HTTPClient.Do(r)
		if err != nil {
			return nil, err
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		if err != nil {
			return nil, err
		}
		if resp.StatusCode != http.StatusOK {
			return nil, &smithy.GenericAPIError{Code: fmt.Sprint("status ", resp.StatusCode), Message: fmt.Sprintf("%q", text)}
		}
		answer, err := textsOfCBOR(text)
		if err != nil || answer["ShardId"] == "" || answer["SequenceNumber"] == "" {
			return nil, &smithy.GenericAPIError{Code: "bad CBOR", Message: fmt.Sprintf("%x: %v", text, err)}
		}
		shard, sequence := answer["ShardId"], answer["SequenceNumber"]
		return &kinesis.PutRecordOutput{ShardId: &shard, SequenceNumber: &sequence}, nil
	}
}

// Major types of CBOR (RFC 8949 §3.1), in place.
const (
	cborBytes = 2 << 5
	cborText  = 3 << 5
	cborMap   = 5 << 5
)

// appendCBOR appends a string of bytes or of text, of less than 4 GiB.
func appendCBOR(b []byte, major byte, s string) []byte {
	b = binary.BigEndian.AppendUint32(append(b, major|26), uint32(len(s)))
	return append(b, s...)
}

// textsOfCBOR parses a map of texts to texts of less than 256 bytes.
func textsOfCBOR(b []byte) (map[string]string, error) {
	if len(b) == 0 || b[0]&0xe0 != cborMap {
		return nil, fmt.Errorf("no map")
	}
	open := b[0] == 0xbf
	n := int(b[0] & 0x1f)
	b = b[1:]
	next := func() (s string, err error) {
		switch {
		case len(b) > 0 && b[0]&0xe0 == cborText && b[0]&0x1f < 24:
			n := int(b[0] & 0x1f)
			b = b[1:]
			if n <= len(b) {
				s, b = string(b[:n]), b[n:]
				return s, nil
			}
		case len(b) > 1 && b[0] == cborText|24:
			n := int(b[1])
			b = b[2:]
			if n <= len(b) {
				s, b = string(b[:n]), b[n:]
				return s, nil
			}
		}
		return "", fmt.Errorf("no text at %x", b)
	}
	m := map[string]string{}
	for i := 0; open && (len(b) == 0 || b[0] != 0xff) || !open && i < n; i++ {
		key, err := next()
		if err != nil {
			return nil, err
		}
		if m[key], err = next(); err != nil {
			return nil, err
		}
	}
	return m, nil
}
