package kinesis

import (
	"slices"
	"sort"
	"time"

	"github.com/millrace/millrace/internal/base/arn"
	"github.com/millrace/millrace/internal/base/hash128"
	"github.com/millrace/millrace/internal/store"
)

// streamKey names a stream. It is all that a request has to tell for its
// partition to be known.
type streamKey struct{ account, region, name string }

func (k streamKey) arn() string {
	return arn.New("kinesis", k.region, k.account, "stream/"+k.name).String()
}

// description is the one row of a stream that is neither a shard nor a consumer.
type description struct {
	// Incarnation tells streams of one name apart: it is in the names of the logs
	// and in every token.
	Incarnation uint64    `json:"incarnation"`
	CreatedAt   time.Time `json:"createdAt"`
	Status      string    `json:"status"`
	// Due is when the status CREATING, UPDATING or DELETING ends; Change is what
	// then takes effect.
	Due    time.Time `json:"due,omitzero"`
	Change *change   `json:"change,omitempty"`

	NextShard uint32 `json:"nextShard"`
	// LastConsumer is the highest creation second of a consumer that was
	// deregistered; later consumers get later ones.
	LastConsumer int64 `json:"lastConsumer,omitempty"`

	settings
	Tags   map[string]string `json:"tags,omitempty"`
	Policy string            `json:"policy,omitempty"`

	ModeSwitches []time.Time `json:"modeSwitches,omitempty"` // of the last 24 h
	CountUpdates []time.Time `json:"countUpdates,omitempty"` // UpdateShardCount, of the last 24 h
	KeyChanges   []time.Time `json:"keyChanges,omitempty"`   // encryption, of the last 24 h
	Peaks        []peak      `json:"peaks,omitempty"`        // on-demand scaling: of the last 24 h
	ScaledAt     time.Time   `json:"scaledAt,omitzero"`      // on-demand scaling: the last time
}

// settings are what changes of a stream at the end of an update.
type settings struct {
	OnDemand         bool        `json:"onDemand,omitempty"`
	RetentionHours   int32       `json:"retentionHours"`
	Key              store.KeyID `json:"key,omitempty"`     // the data key of new blocks; 0: not encrypted
	KeyName          string      `json:"keyName,omitempty"` // as the caller named it
	ShardMetrics     []string    `json:"shardMetrics,omitempty"`
	MaxRecordKiB     int32       `json:"maxRecordKiB"`
	WarmMiBps        int32       `json:"warmMiBps,omitempty"`
	AutoDistribution bool        `json:"autoDistribution,omitempty"`
}

// change is an update that is under way, kept so that it is resumed after a
// restart.
type change struct {
	Settings *settings `json:"settings,omitempty"` // what the settings become
	Reshard  *reshard  `json:"reshard,omitempty"`  // what becomes of the shards
}

// consumer is one registered consumer of a stream.
type consumer struct {
	Name      string            `json:"name"`
	CreatedAt time.Time         `json:"createdAt"` // whole seconds, unique among consumers that ever had the name
	Status    string            `json:"status"`
	Due       time.Time         `json:"due,omitzero"` // when CREATING or DELETING ends
	Tags      map[string]string `json:"tags,omitempty"`
	Policy    string            `json:"policy,omitempty"`
}

// streamState is all of a stream's rows at one version of its partition. It is
// immutable, and shared by everyone who reads the stream.
type streamState struct {
	version store.Version
	key     streamKey
	description
	shards    []*shard    // by index, ascending; those past retention are gone
	openShard []*shard    // by hash range, ascending; they cover the space without a gap
	consumers []*consumer // by name
	queues    []*queueLink
}

// route returns the open shard that holds the hash.
func (st *streamState) route(h hash128.Hash) *shard {
	lo, hi := 0, len(st.openShard)-1
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		if st.openShard[mid].End.Less(h) {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return st.openShard[lo]
}

// shard returns the shard with the index, or nil.
func (st *streamState) shard(index uint32) *shard {
	i := sort.Search(len(st.shards), func(i int) bool { return st.shards[i].Index >= index })
	if i < len(st.shards) && st.shards[i].Index == index {
		return st.shards[i]
	}
	return nil
}

// shardByID returns the shard that an id names, or nil.
func (st *streamState) shardByID(id string) *shard {
	index, ok := parseShardID(id)
	if !ok {
		return nil
	}
	return st.shard(index)
}

// children returns the shards that a reshard made of sh, by index.
func (st *streamState) children(sh *shard) []*shard {
	var out []*shard
	for _, c := range st.shards {
		if c.Parent != nil && *c.Parent == sh.Index || c.Adjacent != nil && *c.Adjacent == sh.Index {
			out = append(out, c)
		}
	}
	return out
}

// consumer returns the consumer of that name, or nil.
func (st *streamState) consumer(name string) *consumer {
	i, ok := slices.BinarySearchFunc(st.consumers, name, func(c *consumer, name string) int {
		switch {
		case c.Name < name:
			return -1
		case c.Name > name:
			return 1
		}
		return 0
	})
	if !ok {
		return nil
	}
	return st.consumers[i]
}

// queue returns the link of a queue, or nil.
func (st *streamState) queue(id string) *queueLink {
	i := slices.IndexFunc(st.queues, func(l *queueLink) bool { return l.ID == id })
	if i < 0 {
		return nil
	}
	return st.queues[i]
}

// retention is how long records are kept, in the unit that the server counts as
// an hour.
func (st *streamState) retention(hour time.Duration) time.Duration {
	return time.Duration(st.RetentionHours) * hour
}

// index sorts and completes what was read.
func (st *streamState) index() {
	slices.SortFunc(st.shards, func(a, b *shard) int { return int(int64(a.Index) - int64(b.Index)) })
	for _, sh := range st.shards {
		sh.id = shardID(sh.Index)
		if sh.open() {
			st.openShard = append(st.openShard, sh)
		}
	}
	slices.SortFunc(st.openShard, func(a, b *shard) int { return a.Start.Cmp(b.Start) })
}
