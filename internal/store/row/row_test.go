package row_test

import (
	"context"
	"errors"
	"testing"

	"github.com/millrace/millrace/internal/store"
	"github.com/millrace/millrace/internal/store/memstore"
	"github.com/millrace/millrace/internal/store/row"
)

type fact struct {
	Name string `json:"name"`
}

func TestRows(t *testing.T) {
	s := memstore.New(memstore.Options{})
	defer s.Close()
	p := s.Partition("p")
	err := p.Update(context.Background(), func(tx store.Tx) error {
		tx.Set([]byte("a/2"), row.Encode(fact{"two"}))
		tx.Set([]byte("a/1"), row.Encode(fact{"one"}))
		tx.Set([]byte("b"), []byte{9, '{', '}'})
		tx.Set([]byte("c"), []byte{1, '{'})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	err = p.View(context.Background(), func(r store.Reader) error {
		var all []*fact
		if err := row.Scan(r, []byte("a/"), &all); err != nil || len(all) != 2 || all[0].Name != "one" || all[1].Name != "two" {
			t.Errorf("Scan = %+v, %v", all, err)
		}
		var f fact
		if found, err := row.Find(r, []byte("a/2"), &f); !found || err != nil || f.Name != "two" {
			t.Errorf("Find = %v, %v, %+v", found, err, f)
		}
		if found, err := row.Find(r, []byte("none"), &f); found || err != nil {
			t.Errorf("Find of none = %v, %v", found, err)
		}
		if err := row.Get(r, []byte("none"), &f); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("Get of none = %v", err)
		}
		for _, damaged := range []string{"b", "c"} {
			if found, err := row.Find(r, []byte(damaged), &f); found || !errors.Is(err, store.ErrCorrupt) {
				t.Errorf("Find of damage = %v, %v", found, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestEnd(t *testing.T) {
	for prefix, want := range map[string]string{"a/": "a0", "a\xff": "b", "\xff\xff": "", "": ""} {
		if got := string(row.End([]byte(prefix))); got != want {
			t.Errorf("End(%q) = %q, want %q", prefix, got, want)
		}
	}
}
