package cli

import (
	"encoding/json"
	"io"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"github.com/millrace/millrace/client/aggregation"
	"github.com/millrace/millrace/client/consumer"
)

// printer writes records, a line each. Shards may call it at the same time.
type printer struct {
	w    io.Writer
	json bool
	raw  bool
	max  uint64 // 0: no end

	mu      sync.Mutex
	printed uint64
	buf     []byte
	// Where the batch that reached max was broken off.
	shard string
	at    consumer.Position
}

// printedRecord is a record in the JSON form.
type printedRecord struct {
	ShardID         string  `json:"shardId"`
	SequenceNumber  string  `json:"sequenceNumber"`
	SubSequence     *int    `json:"subSequenceNumber,omitempty"` // of a record of an aggregated one
	PartitionKey    string  `json:"partitionKey"`
	ExplicitHashKey string  `json:"explicitHashKey,omitempty"`
	Arrival         string  `json:"approximateArrivalTimestamp,omitempty"`
	Data            *string `json:"data,omitempty"`
	DataBase64      []byte  `json:"dataBase64,omitempty"`
}

// batch prints a batch; errEnough says that no more are to come.
func (p *printer) batch(b *consumer.Batch) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.buf = p.buf[:0]
	enough := false
	for i := range b.Records {
		if p.full() {
			enough = true
			break
		}
		if err := p.record(b.Shard.ID, &b.Records[i]); err != nil {
			return err
		}
		if p.full() {
			p.shard, p.at = b.Shard.ID, consumer.After(aws.ToString(b.Records[i].SequenceNumber))
			enough = true
			break
		}
	}
	if len(p.buf) > 0 {
		if _, err := p.w.Write(p.buf); err != nil {
			return err
		}
	}
	if enough {
		return errEnough
	}
	return nil
}

func (p *printer) full() bool { return p.max > 0 && p.printed >= p.max }

// record appends one record, those inside of an aggregated one each: it is not
// broken off in the middle.
func (p *printer) record(shard string, r *types.Record) error {
	if !p.raw {
		if users, ok := aggregation.Open(r.Data); ok {
			for i, u := range users {
				if err := p.line(shard, r, u, &i); err != nil {
					return err
				}
			}
			return nil
		}
	}
	return p.line(shard, r, aggregation.Record{PartitionKey: aws.ToString(r.PartitionKey), Data: r.Data}, nil)
}

func (p *printer) line(shard string, r *types.Record, u aggregation.Record, sub *int) error {
	p.printed++
	if !p.json {
		p.buf = append(append(p.buf, u.Data...), '\n')
		return nil
	}
	out := printedRecord{
		ShardID: shard, SequenceNumber: aws.ToString(r.SequenceNumber), SubSequence: sub,
		PartitionKey: u.PartitionKey, ExplicitHashKey: u.ExplicitHashKey,
	}
	if t := r.ApproximateArrivalTimestamp; t != nil {
		out.Arrival = t.UTC().Format(time.RFC3339Nano)
	}
	if utf8.Valid(u.Data) {
		text := string(u.Data)
		out.Data = &text
	} else {
		out.DataBase64 = u.Data
	}
	text, err := json.Marshal(&out)
	p.buf = append(append(p.buf, text...), '\n')
	return err
}

// adjust returns the state with the place where the last batch was broken off.
func (p *printer) adjust(s consumer.State) consumer.State {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.shard != "" && s != nil {
		s[p.shard] = consumer.Progress{Position: p.at}
	}
	return s
}
