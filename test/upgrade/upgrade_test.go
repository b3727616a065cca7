package upgrade

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"

	"github.com/millrace/millrace/internal/child"
	"github.com/millrace/millrace/internal/store/pebblestore"
)

func clientsOf(p *child.Process) map[string]*kinesis.Client {
	clients := map[string]*kinesis.Client{}
	for _, region := range regions {
		clients[region] = client(p, region)
	}
	return clients
}

// TestEveryFormat opens the directory of each format: it is whole, all in it is
// as it was, and it goes on. Clocks do not matter: a directory that comes from
// elsewhere and is older than a day counts as a jump of the clock, after which
// nothing expires.
func TestEveryFormat(t *testing.T) {
	for format := 1; format <= pebblestore.Format; format++ {
		t.Run(fmt.Sprint(format), func(t *testing.T) {
			base := filepath.Join("testdata", fmt.Sprintf("format-%d", format))
			text, err := os.ReadFile(base + ".json")
			if err != nil {
				t.Fatal(err)
			}
			var want []answers
			if err := json.Unmarshal(text, &want); err != nil {
				t.Fatal(err)
			}
			data := filepath.Join(t.TempDir(), "data")
			unpack(t, base+".tar.gz", data)
			command(t, data, "doctor")
			if said := command(t, data, "admin", "upgrade"); format == pebblestore.Format && !strings.Contains(said, "nothing to do") {
				t.Errorf("admin upgrade said %s", said)
			}
			p := start(t, data)
			compare(t, p, want)
			goOn(t, p, want)
			// What today's binary has written into it is no less durable.
			p.Kill()
			command(t, data, "doctor")
			p = start(t, data)
			all, err := ask(t.Context(), clientsOf(p))
			if err != nil {
				t.Fatal(err)
			}
			if got, had := count(all), count(want); got != had+len(want) {
				t.Errorf("%d records of %d and %d new ones", got, had, len(want))
			}
		})
	}
}

// compare asserts that a server answers as was answered then.
func compare(t *testing.T, p *child.Process, want []answers) {
	t.Helper()
	got, err := ask(t.Context(), clientsOf(p))
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != len(want) || count(want) < 100 {
		t.Fatalf("%d streams of %d, which had %d records", len(got), len(want), count(want))
	}
	for i := range want {
		if len(got[i].Shards) != len(want[i].Shards) {
			t.Fatalf("%s: %d shards of %d", *want[i].Summary.StreamName, len(got[i].Shards), len(want[i].Shards))
		}
		for j := range want[i].Shards {
			if !reflect.DeepEqual(got[i].Shards[j], want[i].Shards[j]) {
				t.Errorf("%s: shard and records are\n%s\nand were\n%s", *want[i].Summary.StreamName, asText(got[i].Shards[j]), asText(want[i].Shards[j]))
			}
		}
		got[i].Shards = nil
		described := want[i]
		described.Shards = nil
		if !reflect.DeepEqual(got[i], described) {
			t.Errorf("the stream is\n%s\nand was\n%s", asText(got[i]), asText(described))
		}
	}
}

func asText(v any) string {
	text, _ := json.Marshal(v) // of strings, numbers and times
	return string(text)
}

func count(all []answers) (n int) {
	for _, a := range all {
		for _, sh := range a.Shards {
			n += len(sh.Records)
		}
	}
	return n
}

// goOn puts a record behind the last of each stream's first open shard.
func goOn(t *testing.T, p *child.Process, all []answers) {
	t.Helper()
	for _, a := range all {
		for _, sh := range a.Shards {
			if sh.Shard.SequenceNumberRange.EndingSequenceNumber != nil {
				continue
			}
			last := *sh.Shard.SequenceNumberRange.StartingSequenceNumber
			if n := len(sh.Records); n > 0 {
				last = sh.Records[n-1].Sequence
			}
			out, err := client(p, a.Region).PutRecord(t.Context(), &kinesis.PutRecordInput{
				StreamName: a.Summary.StreamName, PartitionKey: aws.String("k"), Data: []byte("more"), ExplicitHashKey: sh.Shard.HashKeyRange.StartingHashKey,
			})
			if err != nil {
				t.Fatal(err)
			}
			if *out.ShardId != *sh.Shard.ShardId || len(*out.SequenceNumber) < len(last) || len(*out.SequenceNumber) == len(last) && *out.SequenceNumber <= last {
				t.Errorf("%s: the next number is %s in %s, after %s in %s", *a.Summary.StreamName, *out.SequenceNumber, *out.ShardId, last, *sh.Shard.ShardId)
			}
			break
		}
	}
}
