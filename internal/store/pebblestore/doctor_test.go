package pebblestore

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/millrace/millrace/internal/base/clock"
	"github.com/millrace/millrace/internal/store"
)

// diagnose returns where Doctor finds something, and what it looked at.
func diagnose(t *testing.T, fs vfs.FS, c clock.Clock) ([]string, Checked) {
	t.Helper()
	var where []string
	checked, err := Doctor(t.Context(), Options{Dir: "data", FS: fs, Clock: c, MasterKey: make([]byte, 32)},
		func(f Finding) { where = append(where, f.Where) }, func(Checked) {})
	if err != nil {
		t.Fatal(err)
	}
	return where, checked
}

func TestDoctorFindsWhatIsLostOrStrange(t *testing.T) {
	const blocks, size = 6, 1500
	last := appendPosition(nil, 0, 3*(blocks-1))[idPrefixLen:]
	for _, test := range []struct {
		name  string
		do    func(t *testing.T, s *Store, a *log) error
		where []string
	}{
		{"nothing", func(*testing.T, *Store, *log) error { return nil }, nil},
		{"last block of a sealed log", func(t *testing.T, s *Store, a *log) error {
			_, err := a.Seal(t.Context())
			return errors.Join(err, s.db.Delete(keyAt(t, a, 3*(blocks-1)), pebble.Sync))
		}, []string{"log a, positions 15 to 17"}},
		{"all blocks of a sealed log", func(t *testing.T, s *Store, a *log) error {
			_, err := a.Seal(t.Context())
			prefix := appendID(nil, kindBlock, a.id)
			return errors.Join(err, s.db.DeleteRange(prefix, prefixEnd(prefix), pebble.Sync))
		}, []string{"log a, positions 0 to 17"}},
		{"block within", func(t *testing.T, s *Store, a *log) error {
			return s.db.Delete(keyAt(t, a, 6), pebble.Sync)
		}, []string{"log a, positions 6 to 8"}},
		{"contents of a block", func(t *testing.T, s *Store, a *log) error {
			return s.db.Set(keyAt(t, a, 6), badBlock, pebble.Sync)
		}, []string{"log a, positions 6 to 8"}},
		{"key of a block", func(t *testing.T, s *Store, a *log) error {
			key := keyAt(t, a, 6)
			return errors.Join(s.db.Delete(key, pebble.Sync), s.db.Set(key[:len(key)-1], nil, pebble.Sync))
		}, []string{"log a, positions 6 to 8"}},
		{"row of a log", func(_ *testing.T, s *Store, _ *log) error {
			return s.db.Set(nameKey(kindLogName, "a"), []byte{rowVersion}, pebble.Sync)
		}, []string{"log a", "log with id 4294967298"}},
		{"row of a partition", func(_ *testing.T, s *Store, _ *log) error {
			return s.db.Set(nameKey(kindPartitionName, "p"), []byte{rowVersion}, pebble.Sync)
		}, []string{"partition p", "partition with id 8589934593"}}, // the first of the second start
		{"name of a log", func(_ *testing.T, s *Store, _ *log) error {
			return s.db.Delete(nameKey(kindLogName, "a"), pebble.Sync)
		}, []string{"log with id 4294967298"}},
		{"block of no log", func(_ *testing.T, s *Store, _ *log) error {
			return s.db.Set(append(appendID(nil, kindBlock, 7), last...), nil, pebble.Sync)
		}, []string{"log with id 7"}},
		{"row of no partition", func(_ *testing.T, s *Store, _ *log) error {
			return s.db.Set(appendID(nil, kindPartition, 1<<60), nil, pebble.Sync)
		}, []string{"partition with id 1152921504606846976"}},
		{"key that is cut", func(_ *testing.T, s *Store, _ *log) error {
			return s.db.Set([]byte{kindBlock, 9}, nil, pebble.Sync)
		}, []string{"log with id 648518346341351424"}},
		{"row of no kind", func(_ *testing.T, s *Store, _ *log) error {
			return s.db.Set([]byte{kindLogName + 1, 'x'}, nil, pebble.Sync)
		}, []string{"key 0478"}},
		{"count of the starts", func(_ *testing.T, s *Store, _ *log) error {
			return s.db.Set(metaStarts, []byte{9}, pebble.Sync)
		}, []string{`row "starts"`}},
	} {
		t.Run(test.name, func(t *testing.T) {
			fs, c := twoLogs(t, blocks, size)
			e := open(t, fs, c)
			if err := set(t, e.s, "p", "k", "v"); err != nil {
				t.Fatal(err)
			}
			l, err := e.s.OpenLog(t.Context(), "a")
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(test.do(t, e.s, l.(*log)), e.s.db.Flush()); err != nil {
				t.Fatal(err)
			}
			where, _ := diagnose(t, e.fs.CrashClone(vfs.CrashCloneCfg{}), c)
			if !slices.Equal(where, test.where) {
				t.Errorf("found %q, want %q", where, test.where)
			}
		})
	}
}

// set writes a row of a partition.
func set(t *testing.T, s *Store, partition, key, value string) error {
	return s.Partition(partition).Update(t.Context(), func(tx store.Tx) error {
		tx.Set([]byte(key), []byte(value))
		return nil
	})
}

// Doctor looks on behind each damaged place of a log.
func TestDoctorLooksBehindDamage(t *testing.T) {
	const blocks, size = 8, 3000
	fs, c := twoLogs(t, blocks, size)
	for _, record := range []int{7, 13, 3*blocks - 1} {
		flip(t, fs, []byte(content("a", record, size)))
	}
	where, checked := diagnose(t, fs, c)
	if len(where) != 3 || where[0] != "log a, positions 6 to 8" || where[1] != "log a, positions 12 to 14" || !strings.HasPrefix(where[2], "log a, positions 21 to ") {
		t.Errorf("found %q", where)
	}
	if want := int64(3*(blocks-3) + 3*blocks + 1); checked.Records != want || checked.Logs != 3 {
		t.Errorf("checked %+v, want %d records", checked, want)
	}
	if again, _ := diagnose(t, fs, c); !slices.Equal(again, where) {
		t.Errorf("found %q the second time: the first changed something", again)
	}
}

// Doctor reads what lies before and behind damage of the catalogue and of a
// partition's rows.
func TestDoctorLooksBehindDamagedRows(t *testing.T) {
	const n = 100
	fs, c := vfs.NewCrashableMem(), clock.NewFake(clock.Real.Now())
	e := open(t, fs, c)
	for i := range n {
		if err := set(t, e.s, "p", fmt.Sprintf("key %03d", i), content("value", i, 400)); err != nil {
			t.Fatal(err)
		}
		name := fmt.Sprintf("log %03d", i)
		if _, err := e.s.CreateLog(t.Context(), name+strings.Repeat("-", 300)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(e.s.db.Flush(), e.s.Close()); err != nil {
		t.Fatal(err)
	}
	if where, checked := diagnose(t, fs, c); len(where) > 0 || checked.Logs != n || checked.Rows != n {
		t.Fatalf("intact: found %q, checked %+v", where, checked)
	}
	flip(t, fs, []byte(content("value", 50, 400)))
	flip(t, fs, []byte("log 050-"))
	where, checked := diagnose(t, fs, c)
	if !slices.Contains(where, "partition p") || !slices.Contains(where, "names of logs") {
		t.Errorf("found %q", where)
	}
	if lost := n - int(checked.Rows); lost < 1 || lost > 30 {
		t.Errorf("%d rows are not read", lost)
	}
	if lost := n - checked.Logs; lost < 1 || lost > 30 {
		t.Errorf("%d logs are not read", lost)
	}
}
