package keyring_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/millrace/millrace/internal/store"
	"github.com/millrace/millrace/internal/store/keyring"
	"github.com/millrace/millrace/internal/store/memstore"
)

var bg = context.Background()

func open(t testing.TB, p store.Partition, master []byte) *keyring.Keyring {
	t.Helper()
	k, err := keyring.New(bg, p, master)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// newPartition returns a partition and a ring in it with the key 1.
func newPartition(t testing.TB) (store.Partition, *keyring.Keyring, []byte) {
	t.Helper()
	s := memstore.New(memstore.Options{})
	t.Cleanup(func() { s.Close() })
	p, master := s.Partition("keys"), bytes.Repeat([]byte{7}, 32)
	k := open(t, p, master)
	if id, err := k.Create(bg); id != 1 || err != nil {
		t.Fatalf("Create = %d, %v", id, err)
	}
	return p, k, master
}

// TestRings opens what one ring sealed with another on the same keys, and sees
// that the two never use the same salt.
func TestRings(t *testing.T) {
	p, one, master := newPartition(t)
	two := open(t, p, master)
	a, err := one.Seal(nil, 1, []byte("c"), []byte("text"))
	if err != nil {
		t.Fatal(err)
	}
	b, err := two.Seal(nil, 1, []byte("c"), []byte("text"))
	if err != nil {
		t.Fatal(err)
	}
	if len(a) != len("text")+keyring.Overhead || bytes.Equal(a[1:17], b[1:17]) {
		t.Errorf("sealed %x and %x", a, b)
	}
	for _, sealed := range [][]byte{a, b} {
		for _, k := range []*keyring.Keyring{one, two} {
			if got, err := k.Open(nil, 1, []byte("c"), sealed); string(got) != "text" || err != nil {
				t.Errorf("opened %q, %v", got, err)
			}
		}
	}
}

func TestUnknownKey(t *testing.T) {
	_, k, _ := newPartition(t)
	for _, id := range []store.KeyID{0, 2, 1 << 60} {
		if _, err := k.Seal(nil, id, nil, nil); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("Seal with key %d: %v", id, err)
		}
		if _, err := k.Open(nil, id, nil, make([]byte, 100)); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("Open with key %d: %v", id, err)
		}
	}
}

func TestMasterKey(t *testing.T) {
	p, _, master := newPartition(t)
	for _, other := range [][]byte{nil, master[:31], append(bytes.Clone(master), 0)} {
		if _, err := keyring.New(bg, p, other); err == nil {
			t.Errorf("a master key of %d bytes is accepted", len(other))
		}
	}
	if _, err := keyring.New(bg, p, make([]byte, 32)); !errors.Is(err, keyring.ErrMasterKey) {
		t.Errorf("another master key: %v", err)
	}
}

// TestRowsDiffer sees that two keys are stored in the layout that is documented,
// and differently.
func TestRowsDiffer(t *testing.T) {
	p, k, _ := newPartition(t)
	if _, err := k.Create(bg); err != nil {
		t.Fatal(err)
	}
	var rows [][]byte
	err := p.View(bg, func(r store.Reader) error {
		for kv, err := range r.Scan(nil, nil) {
			if err != nil {
				return err
			}
			rows = append(rows, bytes.Clone(kv.Value))
		}
		return nil
	})
	if err != nil || len(rows) != 2 || len(rows[0]) != 61 || rows[0][0] != 1 || bytes.Equal(rows[0], rows[1]) {
		t.Errorf("rows %x, %v", rows, err)
	}
}

// TestSwappedRows exchanges two rows: each is bound to its id.
func TestSwappedRows(t *testing.T) {
	p, k, master := newPartition(t)
	if _, err := k.Create(bg); err != nil {
		t.Fatal(err)
	}
	err := p.Update(bg, func(tx store.Tx) error {
		one, err := tx.Get([]byte("k\x00\x00\x00\x00\x00\x00\x00\x01"))
		if err == nil {
			tx.Set([]byte("k\x00\x00\x00\x00\x00\x00\x00\x02"), bytes.Clone(one))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := open(t, p, master).Seal(nil, 2, nil, nil); !errors.Is(err, keyring.ErrMasterKey) {
		t.Errorf("the row of another key: %v", err)
	}
}

func TestConcurrentUse(t *testing.T) {
	p, _, master := newPartition(t)
	k := open(t, p, master)
	var nonces sync.Map
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 200 {
				sealed, err := k.Seal(nil, 1, nil, []byte("x"))
				if err != nil {
					t.Error(err)
					return
				}
				if _, used := nonces.LoadOrStore(string(sealed[:25]), true); used {
					t.Error("salt and counter are used twice")
				}
				if _, err := k.Open(nil, 1, nil, sealed); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

func TestNoAllocations(t *testing.T) {
	_, k, _ := newPartition(t)
	plain, sealed, opened := make([]byte, 1000), make([]byte, 0, 2000), make([]byte, 0, 2000)
	n := testing.AllocsPerRun(100, func() {
		sealed, _ = k.Seal(sealed[:0], 1, plain[:8], plain)
		opened, _ = k.Open(opened[:0], 1, plain[:8], sealed)
	})
	if n != 0 || !bytes.Equal(opened, plain) {
		t.Errorf("%v allocations", n)
	}
}

func TestMasterKeyFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "master.key")
	if _, err := keyring.LoadMasterKey(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	key, err := keyring.CreateMasterKey(path)
	if err != nil || len(key) != 32 {
		t.Fatalf("created %x, %v", key, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if _, err := keyring.CreateMasterKey(path); !errors.Is(err, store.ErrExists) {
		t.Errorf("created twice: %v", err)
	}
	if got, err := keyring.LoadMasterKey(path); !bytes.Equal(got, key) || err != nil {
		t.Errorf("loaded %x, %v", got, err)
	}
	if names, _ := os.ReadDir(filepath.Dir(path)); len(names) != 1 {
		t.Errorf("left behind: %v", names)
	}
	for content, good := range map[string]bool{
		strings.Repeat("ab", 32):              true,
		" " + strings.Repeat("AB", 32):        true,
		strings.Repeat("\x00\xff", 16):        true,
		strings.Repeat("ab", 31):              false,
		strings.Repeat("xy", 32):              false,
		"":                                    false,
		strings.Repeat("\x00\xff", 16) + "\n": false,
	} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := keyring.LoadMasterKey(path); (err == nil) != good {
			t.Errorf("%q: %v", content, err)
		}
	}
}

func TestCopyOfAMasterKey(t *testing.T) {
	dir := t.TempDir()
	from, to := filepath.Join(dir, "from"), filepath.Join(dir, "to")
	if err := keyring.CopyMasterKey(from, to); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without a key: %v", err)
	}
	key, err := keyring.CreateMasterKey(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(from, 0o644); err != nil { // of a careless owner
		t.Fatal(err)
	}
	if err := keyring.CopyMasterKey(from, to); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(to)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := keyring.LoadMasterKey(to); err != nil || !bytes.Equal(got, key) || info.Mode().Perm() != 0o600 {
		t.Errorf("the copy: %v, mode %v", err, info.Mode())
	}
	if err := keyring.CopyMasterKey(from, to); !errors.Is(err, fs.ErrExist) {
		t.Errorf("over a key: %v", err)
	}
	if err := os.WriteFile(from, []byte("no key"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := keyring.CopyMasterKey(from, filepath.Join(dir, "third")); err == nil {
		t.Error("what is no key was copied")
	}
}

func benchmark(b *testing.B, size int, open bool) {
	_, k, _ := newPartition(b)
	plain := make([]byte, size)
	sealed, _ := k.Seal(nil, 1, nil, plain)
	b.SetBytes(int64(size))
	b.ReportAllocs()
	out := make([]byte, 0, 2*size+100)
	for b.Loop() {
		if open {
			out, _ = k.Open(out[:0], 1, nil, sealed)
		} else {
			out, _ = k.Seal(out[:0], 1, nil, plain)
		}
	}
}

func BenchmarkSeal1K(b *testing.B)   { benchmark(b, 1<<10, false) }
func BenchmarkSeal512K(b *testing.B) { benchmark(b, 512<<10, false) }
func BenchmarkOpen1K(b *testing.B)   { benchmark(b, 1<<10, true) }
func BenchmarkOpen512K(b *testing.B) { benchmark(b, 512<<10, true) }
