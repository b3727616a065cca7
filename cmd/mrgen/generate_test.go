package main

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const root = "../.."

// TestFresh says whether the tree is what the generator makes of it, twice.
func TestFresh(t *testing.T) {
	out, err := generate(root)
	if err != nil {
		t.Fatal(err)
	}
	again, err := generate(root)
	if err != nil {
		t.Fatal(err)
	}
	if !maps.EqualFunc(out, again, bytes.Equal) {
		t.Error("two generations differ")
	}
	paths, err := out.diff(root, folders)
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) > 0 {
		t.Errorf("go run ./cmd/mrgen changes %v", paths)
	}
}

func TestWriteRemovesWhatIsStale(t *testing.T) {
	dir := t.TempDir()
	put := func(path, text string) {
		t.Helper()
		full := filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	put("gen/old.gen.go", mark+" from x. DO NOT EDIT.\n")
	put("gen/hand.gen.go", "package gen\n")
	put("gen/old.md", docMark+"\n")
	put("gen/hand.go", mark+"\n")
	put("gen/same.gen.go", "same")
	out := output{"gen/new.gen.go": []byte("new"), "gen/same.gen.go": []byte("same")}
	if paths, err := out.diff(dir, []string{"gen", "absent"}); err != nil || !slices.Equal(paths, []string{"gen/new.gen.go", "gen/old.gen.go", "gen/old.md"}) {
		t.Errorf("diff: got %v, %v", paths, err)
	}
	if err := out.write(dir, []string{"gen", "absent"}); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(filepath.Join(dir, "gen"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if want := []string{"hand.gen.go", "hand.go", "new.gen.go", "same.gen.go"}; !slices.Equal(names, want) {
		t.Errorf("got %v, want %v", names, want)
	}
}

func TestVerifySources(t *testing.T) {
	const sumOfA = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"
	for _, test := range []struct {
		name, sums, want string
		files            map[string]string
	}{
		{"good", sumOfA + "  x.json\n", "", map[string]string{"x.json": "a"}},
		{"changed", sumOfA + "  x.json\n", "x.json is not the file", map[string]string{"x.json": "b"}},
		{"unknown", "", "x.json is not the file", map[string]string{"x.json": "a"}},
		{"missing", sumOfA + "  x.json\n", "no file for [x.json]", nil},
		{"malformed", sumOfA, "is no checksum", nil},
	} {
		dir := t.TempDir()
		if err := os.Mkdir(filepath.Join(dir, "models"), 0o755); err != nil {
			t.Fatal(err)
		}
		files := map[string]string{"SHA256SUMS": test.sums}
		maps.Copy(files, test.files)
		for name, text := range files {
			if err := os.WriteFile(filepath.Join(dir, "models", name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		err := verifySources(dir)
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", test.name, err, test.want)
		}
	}
}
