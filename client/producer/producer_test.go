package producer

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// fake is a stream that stores what it is given, unless it is told otherwise.
type fake struct {
	mu     sync.Mutex
	stored map[string][]int // key → data, as they were stored
	n      int
	sizes  []int
	bytes  []int
	under  map[string]bool // keys of requests under way
	// refuse refuses a record; fail fails a request, after it was stored where late.
	refuse func(key string) bool
	fail   func() (late bool, err error)
	took   time.Duration // of a request
	errs   []error
}

func (f *fake) PutRecords(_ context.Context, in *kinesis.PutRecordsInput, _ ...func(*kinesis.Options)) (*kinesis.PutRecordsOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	keys := map[string]bool{}
	for _, r := range in.Records {
		keys[*r.PartitionKey] = true
	}
	for k := range keys {
		if f.under[k] {
			f.errs = append(f.errs, fmt.Errorf("key %s is in two requests at a time", k))
		}
		f.under[k] = true
	}
	f.mu.Unlock()
	<-time.After(f.took)
	f.mu.Lock()
	for k := range keys {
		delete(f.under, k)
	}
	var err error
	if f.fail != nil {
		var late bool
		if late, err = f.fail(); err != nil && !late {
			return nil, err
		}
	}
	out := &kinesis.PutRecordsOutput{}
	total := 0
	for _, r := range in.Records {
		total += len(r.Data) + len(*r.PartitionKey)
		if f.refuse != nil && f.refuse(*r.PartitionKey) {
			out.Records = append(out.Records, types.PutRecordsResultEntry{ErrorCode: aws.String("ProvisionedThroughputExceededException"), ErrorMessage: aws.String("Rate exceeded")})
			continue
		}
		number, _, _ := strings.Cut(string(r.Data), " ")
		n, bad := strconv.Atoi(number)
		f.errs = append(f.errs, bad)
		f.stored[*r.PartitionKey] = append(f.stored[*r.PartitionKey], n)
		f.n++
		out.Records = append(out.Records, types.PutRecordsResultEntry{ShardId: aws.String("shardId-000000000000"), SequenceNumber: aws.String("1")})
	}
	f.sizes, f.bytes = append(f.sizes, len(in.Records)), append(f.bytes, total)
	return out, err
}

func newFake() *fake {
	return &fake{stored: map[string][]int{}, under: map[string]bool{}, took: 5 * time.Millisecond}
}

// lost is how the SDK tells of a connection that broke.
func lost() error {
	return &smithy.OperationError{ServiceID: "Kinesis", OperationName: "PutRecords", Err: &smithyhttp.RequestSendError{Err: errors.New("connection reset by peer")}}
}

func put(t *testing.T, p *Producer, n, keys int) {
	t.Helper()
	for i := range n {
		if err := p.Put(t.Context(), Record{Key: "key" + strconv.Itoa(i%keys), Data: []byte(strconv.Itoa(i)), ID: uint64(i)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestStoresAllInOrderAndInFullBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		told := 0
		var mu sync.Mutex
		p := New(t.Context(), Options{Client: f, Stream: "s", Stored: func(r []Record, results []types.PutRecordsResultEntry) {
			mu.Lock()
			defer mu.Unlock()
			if len(r) != len(results) {
				t.Errorf("%d records, %d results", len(r), len(results))
			}
			told += len(r)
		}})
		put(t, p, 20_000, 50)
		if err := p.Put(t.Context(), Record{Key: "k"}); !errors.Is(err, ErrClosed) {
			t.Errorf("Put after Close: %v", err)
		}
		if f.n != 20_000 || told != f.n {
			t.Errorf("%d stored, told of %d", f.n, told)
		}
		for k, ns := range f.stored {
			if !slices.IsSorted(ns) {
				t.Errorf("key %s out of order", k)
			}
		}
		if len(f.sizes) > 20_000/MaxRecords+10 || slices.Max(f.sizes) != MaxRecords {
			t.Errorf("%d requests, the largest of %d", len(f.sizes), slices.Max(f.sizes))
		}
		if err := errors.Join(f.errs...); err != nil {
			t.Error(err)
		}
	})
}

func TestBatchesKeepToTheirBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		p := New(t.Context(), Options{Client: f, Stream: "s", Lanes: 1, MaxBytes: 1000})
		for i := range 50 {
			data := fmt.Sprint(i, " ", strings.Repeat("x", []int{10, 300, 2000}[i%3]))
			if err := p.Put(t.Context(), Record{Key: "k", Data: []byte(data)}); err != nil {
				t.Fatal(err)
			}
		}
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
		for i, n := range f.bytes {
			if n > 1000 && f.sizes[i] > 1 {
				t.Errorf("a request of %d records has %d bytes", f.sizes[i], n)
			}
		}
		if f.n != 50 || !slices.IsSorted(f.stored["k"]) {
			t.Errorf("%d stored", f.n)
		}
	})
}

func TestLingerSendsWhatHasNoCompany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		p := New(t.Context(), Options{Client: f, Stream: "s"})
		if err := p.Put(t.Context(), Record{Key: "k", Data: []byte("1")}); err != nil {
			t.Fatal(err)
		}
		<-time.After(100 * time.Millisecond)
		synctest.Wait()
		f.mu.Lock()
		if f.n != 1 {
			t.Error("the record waits still")
		}
		f.mu.Unlock()
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestRefusedRecordsAreSentAgain(t *testing.T) {
	for _, strict := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake()
			r := rand.New(rand.NewPCG(1, 2))
			f.refuse = func(string) bool { return r.IntN(10) == 0 }
			retried := 0
			var mu sync.Mutex
			p := New(t.Context(), Options{Client: f, Stream: "s", StrictOrder: strict, Retry: func(n int, why error) {
				mu.Lock()
				defer mu.Unlock()
				retried += n
				if !strings.Contains(why.Error(), "ProvisionedThroughputExceeded") {
					t.Errorf("why: %v", why)
				}
			}})
			put(t, p, 5000, 40)
			if f.n != 5000 || retried == 0 {
				t.Errorf("%d stored, %d sent again", f.n, retried)
			}
			sorted := true
			for _, ns := range f.stored {
				sorted = sorted && slices.IsSorted(ns)
			}
			if strict && !sorted {
				t.Error("out of order in spite of StrictOrder")
			}
			if !strict && sorted {
				t.Error("the fake does not disturb the order: the test shows nothing")
			}
		})
	}
}

func TestUnansweredRequestsAreToldOf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		n := 0
		f.fail = func() (bool, error) {
			switch n++; n {
			case 2:
				return true, lost() // stored, and the answer is lost
			case 3:
				return false, &types.ProvisionedThroughputExceededException{}
			}
			return false, nil
		}
		resent := map[uint64]bool{}
		var mu sync.Mutex
		p := New(t.Context(), Options{Client: f, Stream: "s", Lanes: 1, Resent: func(records []Record) {
			mu.Lock()
			defer mu.Unlock()
			for _, r := range records {
				resent[r.ID] = true
			}
		}})
		put(t, p, 2000, 10)
		twice := 0
		for _, ns := range f.stored {
			seen := map[int]bool{}
			for _, n := range ns {
				if seen[n] {
					twice++
					if !resent[uint64(n)] {
						t.Errorf("record %d is there twice, and nobody was told", n)
					}
				}
				seen[n] = true
			}
		}
		if twice == 0 || len(resent) != twice || f.n-twice != 2000 {
			t.Errorf("%d stored, %d of them twice, told of %d", f.n, twice, len(resent))
		}
	})
}

func TestErrorsThatNoRetryMends(t *testing.T) {
	for name, failure := range map[string]error{
		"no such stream": &types.ResourceNotFoundException{Message: aws.String("no")},
		"unsigned":       &smithy.OperationError{Err: errors.New("no credentials")},
	} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake()
			f.fail = func() (bool, error) { return false, failure }
			p := New(t.Context(), Options{Client: f, Stream: "s", Lanes: 2})
			var err error
			for i := 0; err == nil && i < 100_000; i++ {
				err = p.Put(t.Context(), Record{Key: strconv.Itoa(i), Data: []byte("1")})
			}
			if !errors.Is(err, failure) {
				t.Errorf("%s: Put returned %v", name, err)
			}
			if err := p.Close(); !errors.Is(err, failure) {
				t.Errorf("%s: Close returned %v", name, err)
			}
		})
	}
}

func TestGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.fail = func() (bool, error) { return false, lost() }
		p := New(t.Context(), Options{Client: f, Stream: "s", GiveUpAfter: 30 * time.Second})
		if err := p.Put(t.Context(), Record{Key: "k", Data: []byte("1")}); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		err := p.Close()
		if took := time.Since(began); err == nil || !strings.Contains(err.Error(), "given up on 1 records after 30s") || took < 30*time.Second || took > time.Minute {
			t.Errorf("%v after %v", err, took)
		}
	})
}

func TestPutEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.took = time.Hour
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		p := New(t.Context(), Options{Client: f, Stream: "s", Lanes: 1, MaxRecords: 2})
		var err error
		n := 0
		for ; err == nil; n++ {
			err = p.Put(ctx, Record{Key: "k", Data: []byte("1")})
		}
		if !errors.Is(err, context.DeadlineExceeded) || n > 10 {
			t.Errorf("%v after %d", err, n)
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
}
