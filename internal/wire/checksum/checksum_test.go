package checksum_test

import (
	"encoding/base64"
	"encoding/hex"
	"testing"

	"github.com/millrace/millrace/internal/wire/checksum"
)

// The check values of the algorithms' own catalogues, over the digits 1 to 9.
func TestCheckValues(t *testing.T) {
	for algorithm, want := range map[string]string{
		"crc32": "cbf43926", "crc32c": "e3069283", "crc64nvme": "ae8b14860a799888",
		"md5": "25f9e794323b453885f5181f1b624d0b", "sha1": "f7c3bc1d808e04732adf679965ccc34ca7ae3441",
		"sha256": "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225",
		"sha512": "d9e6762dd1c8eaf6d61b3c6192fc408d4d6d5f1176d0c29169bc24e71c3f274ad27fcd5811b313d681f7e55ec02d73d499c95455b6b5bb503acf574fba8ffe85",
	} {
		h := checksum.New(algorithm)
		h.Write([]byte("123456789"))
		sum, err := base64.StdEncoding.DecodeString(checksum.Text(h))
		if err != nil || hex.EncodeToString(sum) != want {
			t.Errorf("%s: got %x, want %s", algorithm, sum, want)
		}
	}
	if checksum.New("xxhash3") != nil || checksum.New("") != nil {
		t.Error("an algorithm that is not known has a hash")
	}
}

func TestAlgorithm(t *testing.T) {
	if name, ok := checksum.Algorithm("x-amz-checksum-crc32"); name != "crc32" || !ok {
		t.Errorf("got %q, %v", name, ok)
	}
	if _, ok := checksum.Algorithm("x-amz-meta-checksum"); ok {
		t.Error("a header of another kind is taken for a checksum")
	}
}
