package awscbor_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/api"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
	"github.com/millrace/millrace/internal/wire"
	"github.com/millrace/millrace/internal/wire/awscbor"
	"github.com/millrace/millrace/internal/wire/awsjson"
	"github.com/millrace/millrace/internal/wire/rpccbor"
	"github.com/millrace/millrace/internal/wire/wiretest"
	"github.com/millrace/millrace/internal/wire/wiretest/shapes"
)

// Random values of every structure that Kinesis has, and of one that has members
// of every kind, come out of each codec as they went in.
func TestCodecsAgree(t *testing.T) {
	codecs := map[string]wire.Codec{"json": awsjson.V11, "cbor": awscbor.Codec{}, "rpc": rpccbor.Codec{}}
	type maker struct {
		name string
		make func() api.Struct
	}
	makers := []maker{{"KitchenSink", shapes.Suites["input/json.json"][7].NewInput}}
	for _, op := range kinesisapi.Service.Operations {
		if op.NewInput != nil {
			makers = append(makers, maker{op.Name + "Input", op.NewInput})
		}
		if op.NewOutput != nil {
			makers = append(makers, maker{op.Name + "Output", op.NewOutput})
		}
	}
	if len(makers) < 60 {
		t.Fatalf("only %d structures", len(makers))
	}
	const rounds = 10
	for i, m := range makers {
		for round := range rounds {
			seed := [2]uint64{uint64(i), uint64(round)}
			want := m.make()
			(&source{rand.New(rand.NewPCG(seed[0], seed[1]))}).fill(want, 3)
			for name, codec := range codecs {
				for _, alias := range []bool{false, true} {
					op := &api.Operation{Status: 200, Alias: alias}
					var w wire.Response
					if err := codec.Encode(op, want, "", &w); err != nil {
						t.Fatal(err)
					}
					sent := string(w.Body)
					got := m.make()
					if err := codec.Decode(op, &wire.Request{Body: w.Body}, got); err != nil {
						t.Fatalf("%s, %s, seed %v: %v\n%.300q", m.name, name, seed, err, sent)
					}
					if d := wiretest.Diff(got, want); d != nil {
						t.Fatalf("%s, %s, seed %v: %s\n%.300q", m.name, name, seed, strings.Join(d, "\n"), sent)
					}
				}
			}
		}
	}
}

// source makes random values.
type source struct{ *rand.Rand }

// fill sets about half of the members, and of structures no deeper than depth.
func (r *source) fill(s api.Struct, depth int) {
	for i := range s.Schema().Members {
		m := &s.Schema().Members[i]
		if r.IntN(2) == 0 || depth <= 0 {
			continue
		}
		if m.Schema.Kind == api.KindStruct {
			r.fill(s.Nested(i, true), depth-1)
			continue
		}
		r.value(m, s.Member(i), depth)
	}
}

func (r *source) value(m *api.Member, p any, depth int) {
	switch p := p.(type) {
	case api.Struct:
		r.fill(p, depth-1)
	case api.List:
		p.Make(0)
		for range r.IntN(4) {
			r.value(m.Schema.Elem, p.Append(), depth-1)
		}
	case api.Map:
		p.Make(0)
		for range r.IntN(4) {
			_ = p.Put(r.text(), func(v any) error { // fails where its function does: never
				r.value(m.Schema.Elem, v, depth-1)
				return nil
			})
		}
	case *api.Opt[string]:
		*p = api.Some(r.text())
	case *string:
		*p = r.text()
	case *[]byte:
		*p = r.blob()
	case *api.Opt[bool]:
		*p = api.Some(r.IntN(2) == 0)
	case *bool:
		*p = r.IntN(2) == 0
	case *api.Opt[int32]:
		*p = api.Some(int32(r.integer()))
	case *int32:
		*p = int32(r.integer())
	case *api.Opt[int64]:
		*p = api.Some(r.integer())
	case *int64:
		*p = r.integer()
	case *api.Opt[float32]:
		*p = api.Some(float32(r.float()))
	case *float32:
		*p = float32(r.float())
	case *api.Opt[float64]:
		*p = api.Some(r.float())
	case *float64:
		*p = r.float()
	case *api.Opt[time.Time]:
		*p = api.Some(r.time(m))
	case *time.Time:
		*p = r.time(m)
	default:
		panic(fmt.Sprintf("a member of type %T", p))
	}
}

func (r *source) text() string {
	alphabet := []rune("abcdefgh/+=\"\\\n\x00\x1f\x7fé€😀\u2028\ufffd")
	b := make([]rune, r.IntN(40))
	for i := range b {
		b[i] = alphabet[r.IntN(len(alphabet))]
	}
	return string(b)
}

func (r *source) blob() []byte {
	b := make([]byte, r.IntN(200))
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func (r *source) integer() int64 {
	return int64(r.Uint64() >> r.IntN(64))
}

func (r *source) float() float64 {
	special := []float64{0, 1.5, -1e-9, 1e30, math.NaN(), math.Inf(1), math.Inf(-1)}
	if i := r.IntN(2 * len(special)); i < len(special) {
		return special[i]
	}
	return r.NormFloat64() * 1e6
}

// time returns a time as exact as the member's format.
func (r *source) time(m *api.Member) time.Time {
	ms := r.Int64N(1<<43) - 1<<42
	if m.Timestamp == api.TimestampHTTPDate {
		ms -= ms % 1000
	}
	return time.UnixMilli(ms).UTC()
}
