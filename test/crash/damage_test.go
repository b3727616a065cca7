package crash

import (
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"github.com/millrace/millrace/test/crash/history"
)

// killedSite is what the tests of damage start from: the directory of a server
// that was killed, and what it had acknowledged.
type killedSite struct {
	data    string
	writers []*writer
	streams map[string][]history.Shard // as they were before
}

// smallMemory makes a server flush often, so that there are files of all kinds.
var smallMemory = []string{"--min-free=0", "--shard-limits=off", "--transition-delay=1ms", "--memory=64MiB"}

// newKilledSite fills a server, of which one stream is encrypted, and kills it.
func newKilledSite(t *testing.T) *killedSite {
	ctx := t.Context()
	site := newSite(t, smallMemory...)
	srv := site.start()
	c := srv.client()
	k := &killedSite{data: site.data, streams: map[string][]history.Shard{}}
	for i, name := range []string{"clear", "sealed"} {
		if _, err := c.CreateStream(ctx, &kinesis.CreateStreamInput{StreamName: &name, ShardCount: aws.Int32(4)}); err != nil {
			t.Fatal(err)
		}
		if _, err := settled(ctx, c, name); err != nil {
			t.Fatal(err)
		}
		if name == "sealed" {
			if _, err := c.StartStreamEncryption(ctx, &kinesis.StartStreamEncryptionInput{StreamName: &name, EncryptionType: types.EncryptionTypeKms, KeyId: aws.String("alias/aws/kinesis")}); err != nil {
				t.Fatal(err)
			}
			if _, err := settled(ctx, c, name); err != nil {
				t.Fatal(err)
			}
		}
		// A damaged block costs Pebble a search for the bit that would explain it,
		// which takes 320,000 checksums of the block; so blocks are small here.
		w := newWriter(uint32(i), name, 100)
		w.maxBytes, w.even = 800, true
		k.writers = append(k.writers, w)
	}
	for range 400 {
		for _, w := range k.writers {
			if err := w.put(ctx, c); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, w := range k.writers {
		k.streams[w.stream] = checkStream(t, c, w.stream, w)
	}
	srv.Kill()
	return k
}

// clone copies the directory for a test that damages it.
func (k *killedSite) clone(t *testing.T) *site {
	t.Helper()
	s := newSite(t, smallMemory...)
	if err := os.CopyFS(s.data, os.DirFS(k.data)); err != nil {
		t.Fatal(err)
	}
	return s
}

// look reads all that a server still serves, and holds it against what was
// there. It returns the shards that could not be read whole.
func (k *killedSite) look(t *testing.T, c *kinesis.Client) (unreadable []string) {
	t.Helper()
	for _, w := range k.writers {
		shards, err := listShards(t.Context(), c, w.stream)
		if err != nil {
			if !internal(err) {
				t.Errorf("list the shards of %s: %v", w.stream, err)
			}
			unreadable = append(unreadable, w.stream)
			continue
		}
		for i := range shards {
			was := k.shard(w.stream, shards[i].ID)
			missing, err := readAround(t.Context(), c, w.stream, &shards[i], was.Records)
			if err != nil {
				t.Errorf("read %s of %s: %v", was.ID, w.stream, err)
			}
			if missing > 0 {
				unreadable = append(unreadable, w.stream+"/"+was.ID)
			}
			checkServed(t, w.stream, was, shards[i])
		}
	}
	return unreadable
}

func (k *killedSite) shard(stream, id string) history.Shard {
	shards := k.streams[stream]
	i := slices.IndexFunc(shards, func(sh history.Shard) bool { return sh.ID == id })
	if i < 0 {
		return history.Shard{ID: id}
	}
	return shards[i]
}

// checkServed: what is served is what was there, each record at its place.
func checkServed(t *testing.T, stream string, was, is history.Shard) {
	t.Helper()
	genuine := make(map[history.Stored]bool, len(was.Records))
	for _, r := range was.Records {
		genuine[r] = true
	}
	for i, r := range is.Records {
		if !genuine[r] {
			t.Errorf("%s of %s serves what never was there: %+v", is.ID, stream, r)
			return
		}
		if i > 0 && history.Compare(is.Records[i-1].Sequence, r.Sequence) >= 0 {
			t.Errorf("%s of %s serves %s twice or out of order", is.ID, stream, r.ID)
			return
		}
	}
}

// readAround reads a shard whole, going around what cannot be read, and returns
// how many of the records that were there it could not read.
func readAround(ctx context.Context, c *kinesis.Client, stream string, sh *history.Shard, was []history.Stored) (missing int, err error) {
	for {
		err := readShard(ctx, c, stream, sh)
		if err == nil {
			return len(was) - len(sh.Records), nil
		}
		if !internal(err) {
			return 0, err
		}
		// The first place from which on there is something to read.
		after := ""
		if n := len(sh.Records); n > 0 {
			after = sh.Records[n-1].Sequence
		}
		rest := slices.IndexFunc(was, func(r history.Stored) bool { return history.Compare(r.Sequence, after) > 0 })
		page, err := firstReadable(ctx, c, stream, sh.ID, was[max(rest, 0):])
		if err != nil {
			return 0, err
		}
		if page == nil {
			return len(was) - len(sh.Records), nil
		}
		sh.Records = appendRecords(sh.Records, page)
	}
}

// firstReadable returns records that can be read beyond damage, from a place
// that is at most as far behind the damage again as that is long.
func firstReadable(ctx context.Context, c *kinesis.Client, stream, shard string, was []history.Stored) ([]types.Record, error) {
	for i := 64; i < len(was); i *= 2 {
		it, err := c.GetShardIterator(ctx, &kinesis.GetShardIteratorInput{StreamName: &stream, ShardId: &shard, ShardIteratorType: types.ShardIteratorTypeAtSequenceNumber, StartingSequenceNumber: &was[i].Sequence})
		if internal(err) {
			return nil, nil // the shard cannot be opened at all
		} else if err != nil {
			return nil, err
		}
		out, err := c.GetRecords(ctx, &kinesis.GetRecordsInput{ShardIterator: it.ShardIterator})
		if err == nil && len(out.Records) > 0 {
			return out.Records, nil
		}
		if err != nil && !internal(err) {
			return nil, err
		}
	}
	return nil, nil
}

// internal reports whether the server answered that it has failed.
func internal(err error) bool {
	return code(err) == "InternalFailure" || code(err) == "InternalFailureException"
}

// files returns the files of a directory by a pattern, newest name last.
func files(t *testing.T, pattern string) []string {
	t.Helper()
	names, err := filepath.Glob(pattern)
	if err != nil || len(names) == 0 {
		t.Fatalf("no file %s: %v", pattern, err)
	}
	slices.Sort(names)
	return names
}

// flip changes one bit of a file.
func flip(t *testing.T, name string, at int64) {
	t.Helper()
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var b [1]byte
	if _, err := f.ReadAt(b[:], at); err != nil {
		t.Fatal(err)
	}
	b[0] ^= 0x10
	if _, err := f.WriteAt(b[:], at); err != nil {
		t.Fatal(err)
	}
}

func size(t *testing.T, name string) int64 {
	t.Helper()
	info, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

// TestDamage damages each kind of file of a killed server's directory in turn.
func TestDamage(t *testing.T) {
	k := newKilledSite(t)
	count := map[string]int{}
	_ = filepath.WalkDir(k.data, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			count[filepath.Ext(path)]++
		}
		return err
	})
	t.Logf("files by extension: %v", count)
	rnd := rand.New(rand.NewPCG(*crashSeed, 3))
	t.Logf("-crash.seed=%d", *crashSeed)

	t.Run("torn end of the log", func(t *testing.T) {
		for i := range 4 {
			s := k.clone(t)
			wal := files(t, filepath.Join(s.data, "pebble", "*.log"))
			newest := wal[len(wal)-1]
			at := rnd.Int64N(size(t, newest) + 1)
			if i == 0 {
				at = 0
			}
			if err := os.Truncate(newest, at); err != nil {
				t.Fatal(err)
			}
			srv, err := s.tryStart()
			if err != nil {
				t.Errorf("cut at %d: %v", at, err)
				continue
			}
			k.look(t, srv.client())
			k.wantPrefixes(t, srv.client())
			srv.Kill()
		}
	})
	// What a server cannot start without refuses the start where it is damaged, or
	// is whole. The end of the newest log is the exception.
	t.Run("bits of what is needed to start", func(t *testing.T) {
		for _, c := range []struct {
			pattern string
			places  int
			tail    bool // its end may be taken for torn
		}{{"pebble/*.log", 8, true}, {"pebble/MANIFEST-*", 12, false}, {"pebble/OPTIONS-*", 2, false}, {"master.key", 2, false}} {
			refused := 0
			for i := range c.places {
				s := k.clone(t)
				names := files(t, filepath.Join(s.data, c.pattern))
				name := names[len(names)-1]
				where := fmt.Sprintf("%s at %d of %d", filepath.Base(name), i, c.places)
				flip(t, name, size(t, name)*int64(i)/int64(c.places))
				srv, err := s.tryStart()
				switch {
				case err != nil:
					refused++
					// Pebble does not tell the file of a log; the directory is what a person gets.
					wantNamed(t, where, err.Error(), s.data)
				case c.tail:
					k.look(t, srv.client())
					k.wantPrefixes(t, srv.client())
				default:
					if unreadable := k.look(t, srv.client()); len(unreadable) > 0 {
						t.Errorf("%s: the server starts without %v", where, unreadable)
					}
				}
				srv.Kill()
			}
			if refused == 0 {
				t.Errorf("%s: no damage was met", c.pattern)
			}
		}
	})
	t.Run("bits of tables", func(t *testing.T) {
		seen := 0
		for range 8 {
			s := k.clone(t)
			tables := files(t, filepath.Join(s.data, "pebble", "*.sst"))
			table := tables[rnd.IntN(len(tables))]
			at := rnd.Int64N(size(t, table))
			flip(t, table, at)
			where := fmt.Sprintf("bit at %d of %s (%d bytes)", at, filepath.Base(table), size(t, table))
			srv, err := s.tryStart()
			if err != nil {
				wantNamed(t, where, err.Error(), table)
				continue
			}
			unreadable := k.look(t, srv.client())
			_, health := srv.own("GET", "health")
			damage := strings.Contains(health, "damaged")
			switch {
			case len(unreadable) > 0 && !damage:
				t.Errorf("%s: %v cannot be read, and health says %s", where, unreadable, health)
			case damage:
				seen++
				wantNamed(t, where, srv.Tail(6000), table)
			}
			if len(unreadable) > 2 {
				t.Logf("%s: unreadable: %v", where, unreadable)
			}
			k.wantWrites(t, where, srv.client(), unreadable)
			srv.Kill()
		}
		if seen == 0 {
			t.Error("no damage was met")
		}
	})
}

// wantNamed asserts that a text names the damaged file, or the directory.
func wantNamed(t *testing.T, where, text, file string) {
	t.Helper()
	if !strings.Contains(text, filepath.Base(file)) {
		t.Errorf("%s: %s is not named in\n%s", where, filepath.Base(file), text)
	}
}

// wantPrefixes asserts that each shard has all records up to one, and none after.
func (k *killedSite) wantPrefixes(t *testing.T, c *kinesis.Client) {
	t.Helper()
	for _, w := range k.writers {
		shards, err := readStream(t.Context(), c, w.stream, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, sh := range shards {
			was := k.shard(w.stream, sh.ID).Records
			if len(sh.Records) > len(was) || !slices.Equal(sh.Records, was[:len(sh.Records)]) {
				t.Errorf("%s of %s, with %d records, is no prefix of the %d that it had", sh.ID, w.stream, len(sh.Records), len(was))
			}
		}
	}
}

// wantWrites asserts that all shards take records, but those that are damaged
// may refuse them.
func (k *killedSite) wantWrites(t *testing.T, where string, c *kinesis.Client, unreadable []string) {
	t.Helper()
	for i, w := range k.writers {
		n := newWriter(uint32(100+i), w.stream, 100)
		if err := n.put(t.Context(), c); err != nil {
			t.Errorf("%s: %v", where, err)
		}
		for _, a := range n.attempts {
			if a.Outcome == history.Acknowledged || slices.Contains(unreadable, w.stream) {
				continue
			}
			shards := k.streams[w.stream]
			at := slices.IndexFunc(shards, func(sh history.Shard) bool { return sh.Contains(a.Hash) })
			if !slices.Contains(unreadable, w.stream+"/"+shards[at].ID) {
				t.Errorf("%s: a record to %s of %s was %s", where, shards[at].ID, w.stream, a.Outcome)
				break
			}
		}
	}
}
