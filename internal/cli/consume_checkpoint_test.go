package cli

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/millrace/millrace/client/consumer"
)

func TestCheckpoint(t *testing.T) {
	path := filepath.Join(t.TempDir(), "place.json")
	c := checkpoint{Stream: "arn:s", Created: 7, Consumer: "c"}
	if s, err := c.read(path); s != nil || err != nil {
		t.Errorf("without a file: %v, %v", s, err)
	}
	state := consumer.State{"shardId-0": {Position: consumer.After("12"), Ended: true}, "shardId-1": {Position: consumer.TrimHorizon()}}
	for range 2 { // the second replaces the first
		if err := c.write(path, state); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := c.read(path); err != nil || !reflect.DeepEqual(got, state) {
		t.Errorf("%+v, %v", got, err)
	}
	for _, other := range []checkpoint{{Stream: "arn:t", Created: 7, Consumer: "c"}, {Stream: "arn:s", Created: 8, Consumer: "c"}, {Stream: "arn:s", Created: 7, Consumer: "d"}} {
		if _, err := other.read(path); err == nil || !strings.Contains(err.Error(), "name another file") {
			t.Errorf("%+v took the place of another: %v", other, err)
		}
	}
	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := c.read(path); err == nil || !strings.Contains(err.Error(), "no checkpoint") {
		t.Errorf("a broken file: %v", err)
	}
	files, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(files) != 1 {
		t.Errorf("left behind: %v, %v", files, err)
	}
}

func TestKeyer(t *testing.T) {
	for _, c := range []struct{ how, separators, line, want string }{
		{"1", "", "a b c", "a"}, {"2", "", "a b c", "b"}, {"4", "", "a b c", "-"}, {"2", ";", "a b;c", "c"},
		{`/user=(\w+)/`, "", "x user=eve y", "eve"}, {`/\d+/`, "", "a 17 b", "17"}, {`/\d+/`, "", "none", "-"},
	} {
		key, err := keyer(c.how, c.separators)
		if err != nil {
			t.Fatal(err)
		}
		if got := key([]byte(c.line)); got != c.want {
			t.Errorf("--key %s of %q: %q", c.how, c.line, got)
		}
	}
	key, err := keyer("random", "")
	if err != nil {
		t.Fatal(err)
	}
	if one, other := key(nil), key(nil); one == other {
		t.Errorf("random keys are alike: %s", one)
	}
	for _, how := range []string{"0", "-1", "x", "", "/(/", "//"} {
		if _, err := keyer(how, ""); err == nil {
			t.Errorf("--key %q was taken", how)
		}
	}
}
