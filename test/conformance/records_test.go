package conformance

import (
	"bytes"
	"crypto/md5"
	"fmt"
	"math/big"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

// The SDK as it configures itself, its retries among that: what it was told is
// stored is there, in order, and beside it nothing but repetitions.
func TestClientOfTheDefaultConfiguration(t *testing.T) {
	s := start(t)
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": accessKey, "AWS_SECRET_ACCESS_KEY": secretKey, "AWS_REGION": region, "AWS_ENDPOINT_URL": s.url,
		"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "AWS_EC2_METADATA_DISABLED": "true",
	} {
		t.Setenv(name, value)
	}
	c := kinesis.NewFromConfig(must[aws.Config](t)(config.LoadDefaultConfig(t.Context())))
	newStream(t, c, "s", 1)
	numbers := make([]string, 300)
	for i := range numbers {
		numbers[i] = *put(t, c, "s", "a", fmt.Sprint(i)).SequenceNumber
	}
	at := 0
	for _, r := range read(t, c, iterator(t, c, "s", firstShard, types.ShardIteratorTypeTrimHorizon)).Records {
		if at < len(numbers) && *r.SequenceNumber == numbers[at] {
			if string(r.Data) != fmt.Sprint(at) {
				t.Fatalf("%q has the number of %d", r.Data, at)
			}
			at++
		} else if string(r.Data) != fmt.Sprint(at) {
			t.Fatalf("%q is stored before %d", r.Data, at)
		}
	}
	if at != len(numbers) {
		t.Errorf("%d of %d are there", at, len(numbers))
	}
}

// Row 4 in bulk: every key goes to the shard that holds its MD5.
func TestKeysGoWhereTheirHashSays(t *testing.T) {
	t.Parallel()
	c := start(t).client()
	newStream(t, c, "s", 7)
	shards, err := openShards(t.Context(), c, "s")
	if err != nil {
		t.Fatal(err)
	}
	in := &kinesis.PutRecordsInput{StreamName: aws.String("s")}
	for i := range 500 {
		in.Records = append(in.Records, types.PutRecordsRequestEntry{PartitionKey: aws.String(fmt.Sprint("клюt", i)), Data: []byte{1}})
	}
	out := must[*kinesis.PutRecordsOutput](t)(c.PutRecords(t.Context(), in))
	for i, r := range out.Records {
		sum := md5.Sum([]byte(*in.Records[i].PartitionKey))
		hash := new(big.Int).SetBytes(sum[:])
		for _, sh := range shards {
			inside := hash.Cmp(decimal(*sh.HashKeyRange.StartingHashKey)) >= 0 && hash.Cmp(decimal(*sh.HashKeyRange.EndingHashKey)) <= 0
			if inside != (*sh.ShardId == *r.ShardId) {
				t.Errorf("key %s of hash %v went to %s", *in.Records[i].PartitionKey, hash, *r.ShardId)
			}
		}
	}
}

// Row 5: what is wrong with one entry refuses the whole.
func TestABatchIsRefusedWhole(t *testing.T) {
	t.Parallel()
	c := start(t).client()
	newStream(t, c, "s", 1)
	good := types.PutRecordsRequestEntry{PartitionKey: aws.String("a"), Data: []byte{0, 255, 10}}
	with := func(change func(*types.PutRecordsRequestEntry)) []types.PutRecordsRequestEntry {
		bad := good
		change(&bad)
		return []types.PutRecordsRequestEntry{good, bad, good}
	}
	for name, bad := range map[string]struct {
		records []types.PutRecordsRequestEntry
		code    string
	}{
		"501 entries":              {slices.Repeat([]types.PutRecordsRequestEntry{good}, 501), "ValidationException"},
		"no entry":                 {[]types.PutRecordsRequestEntry{}, "ValidationException"},
		"a key of 257 characters":  {with(func(r *types.PutRecordsRequestEntry) { r.PartitionKey = aws.String(strings.Repeat("k", 257)) }), "ValidationException"},
		"an empty key":             {with(func(r *types.PutRecordsRequestEntry) { r.PartitionKey = aws.String("") }), "ValidationException"},
		"more than 1 MiB with key": {with(func(r *types.PutRecordsRequestEntry) { r.Data = make([]byte, 1<<20) }), "ValidationException"},
		"a hash of 2^128": {with(func(r *types.PutRecordsRequestEntry) {
			r.ExplicitHashKey = aws.String("340282366920938463463374607431768211456")
		}), "InvalidArgumentException"},
		"a hash that is no number": {with(func(r *types.PutRecordsRequestEntry) { r.ExplicitHashKey = aws.String("12a") }), "ValidationException"},
	} {
		_, err := c.PutRecords(t.Context(), &kinesis.PutRecordsInput{StreamName: aws.String("s"), Records: bad.records})
		t.Log(name)
		wantCode(t, err, bad.code)
	}
	trimHorizon := iterator(t, c, "s", firstShard, types.ShardIteratorTypeTrimHorizon)
	if got := read(t, c, trimHorizon).Records; len(got) != 0 {
		t.Errorf("%d records are stored", len(got))
	}
	longest := types.PutRecordsRequestEntry{PartitionKey: aws.String(strings.Repeat("ü", 256)), Data: make([]byte, 1<<20-512)}
	if out := must[*kinesis.PutRecordsOutput](t)(c.PutRecords(t.Context(), &kinesis.PutRecordsInput{StreamName: aws.String("s"), Records: []types.PutRecordsRequestEntry{good, longest}})); *out.FailedRecordCount != 0 {
		t.Errorf("%+v", out)
	}
	got := read(t, c, trimHorizon).Records
	if len(got) != 2 || !bytes.Equal(got[0].Data, good.Data) || *got[1].PartitionKey != *longest.PartitionKey || len(got[1].Data) != len(longest.Data) {
		t.Errorf("%d records are stored", len(got))
	}
	near(t, "arrival", got[0].ApproximateArrivalTimestamp)
}

// Row 6, and the other positions that an iterator may have.
func TestIterators(t *testing.T) {
	t.Parallel()
	c := start(t).client()
	newStream(t, c, "s", 2)
	at := func(kind types.ShardIteratorType, number *string, when *time.Time) (*string, error) {
		out, err := c.GetShardIterator(t.Context(), &kinesis.GetShardIteratorInput{
			StreamARN: arnOf("s"), ShardId: aws.String(firstShard), ShardIteratorType: kind, StartingSequenceNumber: number, Timestamp: when,
		})
		if err != nil {
			return nil, err
		}
		return out.ShardIterator, nil
	}
	const (
		horizon, latest = types.ShardIteratorTypeTrimHorizon, types.ShardIteratorTypeLatest
		exact, after    = types.ShardIteratorTypeAtSequenceNumber, types.ShardIteratorTypeAfterSequenceNumber
		timestamp       = types.ShardIteratorTypeAtTimestamp
	)
	beforeAnyPut := must[*string](t)(at(latest, nil, nil))
	begin := must[*kinesis.ListShardsOutput](t)(c.ListShards(t.Context(), &kinesis.ListShardsInput{StreamName: aws.String("s")})).Shards[0].SequenceNumberRange.StartingSequenceNumber
	var numbers []*string
	for i := range 4 {
		out := must[*kinesis.PutRecordOutput](t)(c.PutRecord(t.Context(), &kinesis.PutRecordInput{
			StreamName: aws.String("s"), PartitionKey: aws.String("a"), ExplicitHashKey: aws.String("0"), Data: []byte(fmt.Sprint(i)),
		}))
		if !regexp.MustCompile(`^49\d{54}$`).MatchString(*out.SequenceNumber) {
			t.Errorf("sequence number %s", *out.SequenceNumber)
		}
		numbers = append(numbers, out.SequenceNumber)
	}
	records := read(t, c, must[*string](t)(at(horizon, nil, nil))).Records
	minute := time.Now().Add(-time.Minute)
	for _, x := range []struct {
		kind   types.ShardIteratorType
		number *string
		when   *time.Time
		want   string
	}{
		{horizon, nil, nil, "0123"},
		{latest, nil, nil, ""},
		{exact, begin, nil, "0123"},
		{after, begin, nil, "0123"},
		{exact, numbers[1], nil, "123"},
		{after, numbers[1], nil, "23"},
		{after, numbers[3], nil, ""},
		{timestamp, nil, &minute, "0123"},
		{timestamp, nil, records[0].ApproximateArrivalTimestamp, "0123"},
	} {
		if got := strings.Join(text(read(t, c, must[*string](t)(at(x.kind, x.number, x.when))).Records), ""); got != x.want {
			t.Errorf("%s %v %v: %s, want %s", x.kind, aws.ToString(x.number), x.when, got, x.want)
		}
	}
	if got := strings.Join(text(read(t, c, beforeAnyPut).Records), ""); got != "0123" {
		t.Errorf("LATEST from before the puts: %s", got)
	}
	hour := time.Now().Add(time.Hour)
	elsewhere := must[*kinesis.PutRecordOutput](t)(c.PutRecord(t.Context(), &kinesis.PutRecordInput{
		StreamName: aws.String("s"), PartitionKey: aws.String("a"), ExplicitHashKey: aws.String("340282366920938463463374607431768211455"), Data: []byte("x"),
	})).SequenceNumber
	for _, x := range []struct {
		kind   types.ShardIteratorType
		number *string
		when   *time.Time
	}{{exact, nil, nil}, {after, nil, nil}, {horizon, numbers[0], nil}, {latest, numbers[0], nil}, {timestamp, nil, nil}, {timestamp, nil, &hour}, {exact, elsewhere, nil}} {
		_, err := at(x.kind, x.number, x.when)
		t.Log(x.kind, aws.ToString(x.number), x.when)
		wantCode(t, err, "InvalidArgumentException")
	}
	_, err := c.GetShardIterator(t.Context(), &kinesis.GetShardIteratorInput{StreamName: aws.String("s"), ShardId: aws.String("shardId-000000000009"), ShardIteratorType: latest})
	wantCode(t, err, "ResourceNotFoundException")
	_, err = c.GetRecords(t.Context(), &kinesis.GetRecordsInput{ShardIterator: aws.String("AAAAAAAAAAGnonsense")})
	wantCode(t, err, "InvalidArgumentException")
	_, err = c.GetRecords(t.Context(), &kinesis.GetRecordsInput{ShardIterator: beforeAnyPut, Limit: aws.Int32(10_001)})
	wantCode(t, err, "ValidationException")
}

// Rows 7 and 8.
func TestPages(t *testing.T) {
	t.Parallel()
	c := start(t).client()
	newStream(t, c, "s", 1)
	for i := range 12 {
		put(t, c, "s", "a", strings.Repeat(string(rune('a'+i)), 1<<20-1))
	}
	it := iterator(t, c, "s", firstShard, types.ShardIteratorTypeTrimHorizon)
	page, again := read(t, c, it), read(t, c, it)
	if !reflect.DeepEqual(page.Records, again.Records) {
		t.Error("the same iterator gives another page")
	}
	size, order := 0, ""
	for _, r := range page.Records {
		size += len(r.Data) + len(*r.PartitionKey)
	}
	if size == 0 || size > 10<<20 || *page.MillisBehindLatest <= 0 {
		t.Errorf("a page of %d bytes, %d ms behind", size, *page.MillisBehindLatest)
	}
	rest := read(t, c, page.NextShardIterator)
	for _, r := range slices.Concat(page.Records, rest.Records) {
		order += string(r.Data[:1])
	}
	if order != "abcdefghijkl" || *rest.MillisBehindLatest != 0 || rest.NextShardIterator == nil || len(rest.ChildShards) != 0 {
		t.Errorf("%s, then %d ms behind", order, *rest.MillisBehindLatest)
	}
	two := must[*kinesis.GetRecordsOutput](t)(c.GetRecords(t.Context(), &kinesis.GetRecordsInput{ShardIterator: it, Limit: aws.Int32(2)}))
	if len(two.Records) != 2 {
		t.Errorf("%d records with a limit of 2", len(two.Records))
	}
}

// Row 20, for each operation that can be tried.
func TestDryRun(t *testing.T) {
	t.Parallel()
	c := start(t).client()
	newStream(t, c, "s", 1)
	it := iterator(t, c, "s", firstShard, types.ShardIteratorTypeTrimHorizon)
	consumer := newConsumer(t, c, "s")
	for name, try := range map[string]func(yes *bool) error{
		"PutRecord": func(yes *bool) error {
			_, err := c.PutRecord(t.Context(), &kinesis.PutRecordInput{StreamName: aws.String("s"), PartitionKey: aws.String("a"), Data: []byte("x"), DryRun: yes})
			return err
		},
		"PutRecords": func(yes *bool) error {
			_, err := c.PutRecords(t.Context(), &kinesis.PutRecordsInput{StreamName: aws.String("s"), Records: []types.PutRecordsRequestEntry{{PartitionKey: aws.String("a"), Data: []byte("x")}}, DryRun: yes})
			return err
		},
		"GetShardIterator": func(yes *bool) error {
			_, err := c.GetShardIterator(t.Context(), &kinesis.GetShardIteratorInput{StreamName: aws.String("s"), ShardId: aws.String(firstShard), ShardIteratorType: types.ShardIteratorTypeLatest, DryRun: yes})
			return err
		},
		"GetRecords": func(yes *bool) error {
			_, err := c.GetRecords(t.Context(), &kinesis.GetRecordsInput{ShardIterator: it, DryRun: yes})
			return err
		},
		"SubscribeToShard": func(yes *bool) error {
			_, err := c.SubscribeToShard(t.Context(), &kinesis.SubscribeToShardInput{ConsumerARN: consumer, ShardId: aws.String(firstShard), StartingPosition: &types.StartingPosition{Type: types.ShardIteratorTypeLatest}, DryRun: yes})
			return err
		},
	} {
		t.Log(name)
		wantCode(t, try(aws.Bool(true)), "DryRunOperationException")
	}
	_, err := c.PutRecord(t.Context(), &kinesis.PutRecordInput{StreamName: aws.String("nowhere"), PartitionKey: aws.String("a"), Data: []byte("x"), DryRun: aws.Bool(true)})
	wantCode(t, err, "ResourceNotFoundException")
	if got := read(t, c, it).Records; len(got) != 0 {
		t.Errorf("%d records are stored", len(got))
	}
}

// Row 18: a shard beyond its limit fails alone, and what failed was not stored.
func TestAShardBeyondItsLimitFailsAlone(t *testing.T) {
	t.Parallel()
	c := start(t, "--shard-limits=aws").client()
	newStream(t, c, "s", 2)
	hot, cold := aws.String("0"), aws.String("340282366920938463463374607431768211455")
	in := &kinesis.PutRecordsInput{StreamName: aws.String("s")}
	for i := range 20 { // 2 MB for one shard
		in.Records = append(in.Records, types.PutRecordsRequestEntry{PartitionKey: aws.String(fmt.Sprint("hot", i)), ExplicitHashKey: hot, Data: bytes.Repeat([]byte{1}, 100<<10)})
	}
	in.Records = append(in.Records, types.PutRecordsRequestEntry{PartitionKey: aws.String("cold"), ExplicitHashKey: cold, Data: bytes.Repeat([]byte{1}, 10<<10)})
	out := must[*kinesis.PutRecordsOutput](t)(c.PutRecords(t.Context(), in))
	failed := int32(0)
	for i, r := range out.Records {
		if r.ErrorCode == nil {
			continue
		}
		failed++
		if i == 20 || *r.ErrorCode != "ProvisionedThroughputExceededException" || r.SequenceNumber != nil ||
			*r.ErrorMessage != "Rate exceeded for shard shardId-000000000000 in stream s under account "+account+"." {
			t.Errorf("entry %d: %s, %s", i, *r.ErrorCode, *r.ErrorMessage)
		}
	}
	if failed == 0 || failed > 15 || failed != *out.FailedRecordCount {
		t.Errorf("%d entries failed, %d are counted", failed, *out.FailedRecordCount)
	}
	if got := read(t, c, iterator(t, c, "s", firstShard, types.ShardIteratorTypeTrimHorizon)); len(got.Records) != int(20-failed) {
		t.Errorf("%d records are stored, %d were acknowledged", len(got.Records), 20-failed)
	}
	// 5 reads in a second, and the sixth is refused.
	it := iterator(t, c, "s", "shardId-000000000001", types.ShardIteratorTypeTrimHorizon)
	var err error
	for range 7 {
		if _, err = c.GetRecords(t.Context(), &kinesis.GetRecordsInput{ShardIterator: it}); err != nil {
			break
		}
	}
	wantCode(t, err, "ProvisionedThroughputExceededException")
}

// Row 19, and 7's last part: what was acknowledged survives kill -9, iterators too.
func TestKillKeepsWhatWasAcknowledged(t *testing.T) {
	t.Parallel()
	s := start(t)
	newStream(t, s.client(), "s", 1)
	it := iterator(t, s.client(), "s", firstShard, types.ShardIteratorTypeLatest)
	var want []string
	last := ""
	for round := range 3 {
		c := s.client()
		for i := range 50 {
			data := fmt.Sprint(round, "/", i)
			out := put(t, c, "s", "a", data)
			if *out.SequenceNumber <= last {
				t.Fatalf("%s does not follow %s", *out.SequenceNumber, last)
			}
			last = *out.SequenceNumber
			want = append(want, data)
		}
		s.crash()
	}
	if got := text(read(t, s.client(), it).Records); !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}
