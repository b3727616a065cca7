package api_test

import (
	"errors"
	"testing"

	"github.com/millrace/millrace/internal/api"
)

func TestMapOf(t *testing.T) {
	var plain map[string]int32
	m := (*api.MapOf[int32])(&plain)
	fail := errors.New("no")
	if err := m.Put("a", func(any) error { return fail }); !errors.Is(err, fail) || !m.IsNil() {
		t.Errorf("a failed Put: %v, %v", err, plain)
	}
	for k, v := range map[string]int32{"b": 2, "a": 1, "c": 3} {
		if err := m.Put(k, func(p any) error { *p.(*int32) = v; return nil }); err != nil {
			t.Fatal(err)
		}
	}
	var keys string
	err := m.Range(func(k string, v any) error {
		keys += k
		if *v.(*int32) != plain[k] {
			t.Errorf("%s: got %d", k, *v.(*int32))
		}
		if k == "b" {
			return fail
		}
		return nil
	})
	if keys != "ab" || !errors.Is(err, fail) {
		t.Errorf("Range went over %q and returned %v", keys, err)
	}
}

func TestSpareKeepsMemory(t *testing.T) {
	list := append(make([]string, 0, 100), "a", "b")
	spare := api.Spare(list, nil)
	if len(spare) != 0 || cap(spare) != 100 || list[0] != "" || list[1] != "" {
		t.Errorf("got %d of %d, with %q left", len(spare), cap(spare), list)
	}
	if again := api.Spare(nil, spare); cap(again) != 100 {
		t.Error("an absent list loses the memory that is kept")
	}
	if api.Spare(make([]string, 0, 10_001), spare) != nil {
		t.Error("too much memory is kept")
	}
	if made := api.MakeList(spare, 100); &made[:1][0] != &list[0] {
		t.Error("the memory is not used again")
	}
	if made := api.MakeList(spare, 101); made == nil || cap(made) != 101 {
		t.Errorf("got room for %d", cap(made))
	}
	if api.MakeList[string](nil, 0) == nil {
		t.Error("a list that is made is absent")
	}
}

func TestOptional(t *testing.T) {
	var o api.Opt[string]
	var p api.Optional = &o
	if p.IsSet() {
		t.Error("the zero value is present")
	}
	*p.Put().(*string) = "a"
	if o != api.Some("a") || p.Value() != any(&o.V) || !p.IsSet() {
		t.Errorf("got %v", o)
	}
}
