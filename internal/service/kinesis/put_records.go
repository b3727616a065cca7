package kinesis

import (
	"context"
	"errors"
	"strconv"
	"unsafe"

	"github.com/millrace/millrace/internal/api"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
	"github.com/millrace/millrace/internal/store"
)

// maxRequestBytes is the most data and keys of one PutRecords (reference §7).
const maxRequestBytes = 10 * mib

// PutRecords stores up to 500 records. Each either is durable when the answer
// names its sequence number, or was not stored and has an error code.
func (s *Service) PutRecords(ctx context.Context, in *kinesisapi.PutRecordsInput, out *kinesisapi.PutRecordsOutput) error {
	h, st, err := s.resolve(ctx, in.StreamName, in.StreamARN)
	if err != nil {
		return err
	}
	if err := s.checkRecords(st, in.Records); err != nil {
		return err
	}
	g := groups.Get().(*group)
	defer g.release()
	for i := range in.Records {
		r := &in.Records[i]
		hash, err := place(st, r.PartitionKey, r.ExplicitHashKey)
		if err != nil {
			return err
		}
		g.hashes = append(g.hashes, hash)
	}
	if err := dryRun(in.DryRun); err != nil {
		return err
	}
	out.MakeRecords(len(in.Records))
	out.Records = out.Records[:len(in.Records)]
	out.EncryptionType = encryptionType(st)
	p := putRecords{s: s, h: h, in: in.Records, out: out, g: g}
	if err := p.run(ctx, st); err != nil {
		return err
	}
	out.FailedRecordCount = api.Some(p.failed)
	return nil
}

// checkRecords refuses a request as a whole.
func (s *Service) checkRecords(st *streamState, records []kinesisapi.PutRecordsRequestEntry) error {
	if err := writable(st); err != nil {
		return err
	}
	total := 0
	for i := range records {
		r := &records[i]
		if err := checkRecord(st, r.PartitionKey, r.Data, func() string { return "records." + strconv.Itoa(i+1) + ".member.data" }); err != nil {
			return err
		}
		total += recordSize(r.PartitionKey, r.Data)
	}
	if total > maxRequestBytes {
		return kinesisapi.ErrInvalidArgumentException.New("Records size exceeds 10 MB limit")
	}
	return nil
}

// putRecords is one PutRecords under way.
type putRecords struct {
	s      *Service
	h      *stream
	in     []kinesisapi.PutRecordsRequestEntry
	out    *kinesisapi.PutRecordsOutput
	g      *group
	failed int32
	digits []byte // owns the sequence numbers of the answer
}

// run writes the entries, those of a shard that closed meanwhile once more to
// its children.
func (p *putRecords) run(ctx context.Context, st *streamState) error {
	now := p.s.o.Clock.Now()
	for i := range p.in {
		sh := st.route(p.g.hashes[i])
		b := p.g.batch(sh)
		size := recordSize(p.in[i].PartitionKey, p.in[i].Data)
		if !sh.runtime.admit(now, size) {
			b.throttled++
			p.fail(i, kinesisapi.ErrProvisionedThroughputExceededException.Code, throttledMessage(st, sh.id))
			continue
		}
		p.add(b, int32(i), size)
	}
	p.digits = make([]byte, 0, sequenceDigits*len(p.in))
	for {
		p.g.write(ctx, st)
		moved := p.collect(st)
		if len(moved) == 0 {
			return nil
		}
		var err error
		if st, err = p.h.waitChange(ctx, st); err != nil {
			return err
		}
		p.g.restart()
		for _, i := range moved {
			p.add(p.g.batch(st.route(p.g.hashes[i])), i, recordSize(p.in[i].PartitionKey, p.in[i].Data))
		}
	}
}

func (p *putRecords) add(b *batch, i int32, size int) {
	b.entries = append(b.entries, i)
	b.size += size
	addRecord(&b.block, p.in[i].PartitionKey, p.in[i].Data)
}

func (p *putRecords) fail(i int, code, message string) {
	p.failed++
	p.out.Records[i] = kinesisapi.PutRecordsResultEntry{ErrorCode: api.Some(code), ErrorMessage: api.Some(message)}
}

// collect turns the outcome of the batches into results, and returns the entries
// that are to be routed again.
func (p *putRecords) collect(st *streamState) (moved []int32) {
	for _, b := range p.g.batches[:p.g.used] {
		switch {
		case len(b.entries) == 0:
		case b.err == nil:
			p.succeed(b)
		case b.moved():
			moved = append(moved, b.entries...)
			b.entries = b.entries[:0]
		default:
			p.s.o.Logger.Error("records could not be stored", "stream", st.key.arn(), "shard", b.shard.id, "error", b.err)
			message := "Internal service failure."
			if errors.Is(b.err, store.ErrNoSpace) {
				message = "Internal service failure: the disk of the server is nearly full."
			}
			for _, i := range b.entries {
				p.fail(int(i), api.ErrInternalFailure.Code, message)
			}
			b.entries = b.entries[:0]
		}
		p.s.count(st, b)
	}
	return moved
}

func (p *putRecords) succeed(b *batch) {
	q := newSequencer(b.shard.sequenceOf(b.appended.First, b.appended.Stamp))
	for _, i := range b.entries {
		n := len(p.digits)
		p.digits = q.appendTo(p.digits)
		q.next()
		// digits has room for every entry, so it never moves.
		p.out.Records[i] = kinesisapi.PutRecordsResultEntry{
			SequenceNumber: api.Some(unsafe.String(&p.digits[n], sequenceDigits)),
			ShardId:        api.Some(b.shard.id),
		}
	}
}
