// Package store is the contract of everything that Millrace keeps: what a
// service may ask of storage, and what it may rely on.
//
// There are three kinds of things. A [Partition] is an ordered key space with
// one writer at a time; it is the unit of consistency, ownership and scaling. A
// [Log] is an append-only sequence of records with dense positions. A Blob (see
// [Blobs]) is a large immutable object. Each is placed and owned by itself: no
// transaction spans two.
//
// Invariants that every engine keeps, and storetest asserts:
//   - what was acknowledged is durable;
//   - nothing is visible to a reader before it is durable;
//   - an error leaves nothing half done, except that the outcome of a failed
//     commit may be unknown (ErrUnknownOutcome): it is then all or nothing.
//
// All types are safe for concurrent use unless they say otherwise. Engines:
// pebblestore (one machine) and memstore (in memory, with faults on demand).
package store

import (
	"context"
	"errors"
	"iter"
	"time"
)

// Errors of the contract. Engines wrap them with what was being attempted.
var (
	ErrNotFound = errors.New("not found")
	ErrExists   = errors.New("already exists")
	// ErrSealed: the log does not grow any more.
	ErrSealed = errors.New("log is sealed")
	// ErrNotOwner: another server owns the partition or log now.
	ErrNotOwner = errors.New("not the owner")
	// ErrUnknownOutcome: the commit failed after it may have taken effect.
	ErrUnknownOutcome = errors.New("outcome of the commit is unknown")
	// ErrNoSpace: the disk is below its reserve; only what frees space is accepted.
	ErrNoSpace = errors.New("not enough free disk space")
	// ErrCorrupt: stored bytes are damaged. The error names where.
	ErrCorrupt = errors.New("stored data is damaged")
	// ErrClosed: the store is closed.
	ErrClosed = errors.New("store is closed")
)

// Store is one engine, opened. Names of partitions and logs are paths of the
// service's own making ("kinesis/000000000000/us-east-1/orders"), at most 1024
// bytes, in separate name spaces.
type Store interface {
	// Partition returns the partition of that name. It exists as soon as it holds
	// a key; asking costs nothing.
	Partition(name string) Partition
	// Partitions returns, in order, the names under prefix that hold a key.
	Partitions(ctx context.Context, prefix string) ([]string, error)

	// CreateLog makes an empty log, durably. ErrExists where there is one.
	CreateLog(ctx context.Context, name string) (Log, error)
	// OpenLog returns a log. ErrNotFound where there is none.
	OpenLog(ctx context.Context, name string) (Log, error)
	// Logs returns, in order, the names of the logs under prefix.
	Logs(ctx context.Context, prefix string) ([]string, error)

	// Blobs returns the area of large objects.
	Blobs() Blobs
	// Keys returns the keyring, with which values and blocks are encrypted.
	Keys() Keyring

	// Health returns nil, or what is wrong with the store now: little space, a
	// clock that jumped, a damaged block that was met.
	Health() []Problem
	// TrimAllowed reports whether what has expired by the clock may be trimmed. It
	// may not while the clock is suspected to be ahead; Health says so then. It speaks
	// for times that were read before the call: the clock may jump after it.
	TrimAllowed() bool
	// Close waits for commits under way and closes the store.
	Close() error
}

// Problem is one thing that a person should know of.
type Problem struct {
	Code    string // "disk-low", "clock-jump", "damaged"
	Message string // what it is and what to do
	Fatal   bool   // the store refuses writes because of it
}

// Version identifies a state of a partition: two equal versions of one
// partition mean equal contents. A version is never used again, not after a
// restart or a change of owner either.
type Version struct{ Epoch, N uint64 }

// Partition is an ordered key space, of keys up to 4 KiB and values up to 16 MiB.
type Partition interface {
	// Name returns the partition's name.
	Name() string
	// Update runs f with exclusive right to write, and returns once what f wrote
	// is durable. f reads its own writes, and those of earlier updates even where
	// they are not durable yet. When f returns an error nothing is written and
	// Update returns that error. f may run again when it lost a race; it must have
	// no effect outside tx. A nil error means durable.
	Update(ctx context.Context, f func(tx Tx) error) error
	// View runs f on a consistent snapshot of durable state, which includes every
	// Update that returned before the call. It does not wait for commits.
	View(ctx context.Context, f func(r Reader) error) error
	// Version returns the version of the durable state. It is cheap enough for
	// every request: caches compare it.
	Version() Version
	// Changed returns a channel that is closed after the next durable change that
	// follows the call.
	Changed() <-chan struct{}
	// Drop removes all keys, durably.
	Drop(ctx context.Context) error
}

// Reader reads a partition. It is valid until the function that got it returns,
// and used by one goroutine. Slices it hands out are valid as long.
type Reader interface {
	// Version identifies what is read.
	Version() Version
	// Get returns a value, or ErrNotFound.
	Get(key []byte) ([]byte, error)
	// Scan yields keys in [from, to) in order; a nil to means the end. The error
	// is non-nil only in a last pair. Reverse is ScanReverse.
	Scan(from, to []byte) iter.Seq2[KeyValue, error]
	// ScanReverse is Scan from the end.
	ScanReverse(from, to []byte) iter.Seq2[KeyValue, error]
}

// KeyValue is one row, valid until the next step of its scan.
type KeyValue struct{ Key, Value []byte }

// Tx is a Reader that writes. It keeps no reference to the slices it is given.
type Tx interface {
	Reader
	Set(key, value []byte)
	Delete(key []byte)
	// DeleteRange removes the keys in [from, to).
	DeleteRange(from, to []byte)
}

// Position is a record's place in its log: dense, from 0.
type Position uint64

// Log is an append-only sequence of records.
type Log interface {
	// Name returns the log's name.
	Name() string
	// Append adds the block's records in order and calls done once they are
	// durable, or with the error that kept them from it, from a goroutine of the
	// engine: done must not block. The engine takes the block's contents before
	// Append returns. Appends of one log take effect in the order of the calls.
	// Errors: ErrSealed, ErrNotOwner, ErrNoSpace, ErrUnknownOutcome.
	Append(b *Block, done func(Appended, error))
	// Seal ends the log and returns the position after its last record. It is
	// durable when it returns, and idempotent.
	Seal(ctx context.Context) (Position, error)
	// State returns the log's bounds. It is cheap enough for every request.
	State() LogState
	// Read appends records to page, from the first one at or after from, until a
	// limit is reached or the durable tip. A trimmed position reads from the
	// horizon. At least one record is read where there is one. page.Next tells
	// where to go on. Errors: ErrCorrupt, as a *DamageError, where the first record
	// to read is damaged.
	Read(ctx context.Context, from Position, limit Limit, page *Page) error
	// Seek returns the position of the first record stamped at or after t, or the
	// tip where there is none.
	Seek(ctx context.Context, t time.Time) (Position, error)
	// Trim forgets the records before a position; space is freed later. Readers see
	// it at once; it is durable when it returns.
	Trim(ctx context.Context, before Position) error
	// Wait blocks until the log has a record at or after from, is sealed or
	// dropped, or ctx ends, and returns ctx's error in the last case.
	Wait(ctx context.Context, from Position) error
	// Changed returns a channel that is closed when the durable tip next moves, or
	// the log is sealed or dropped.
	Changed() <-chan struct{}
	// Size returns the stored bytes of the log, an estimate.
	Size() int64
	// Drop removes the log and its records, durably. Later calls get ErrNotFound.
	Drop(ctx context.Context) error
}

// LogState is what a log looks like to readers.
type LogState struct {
	First  Position  // the horizon: the oldest record kept
	Next   Position  // the durable tip: the position of the next record
	Last   time.Time // stamp of the newest durable record; zero where there was none
	Sealed bool
}

// Appended is the outcome of an append: the records have the positions First,
// First+1, … and one stamp.
type Appended struct {
	First Position
	// Stamp is the records' arrival: max(wall clock, last stamp of the log,
	// NotBefore of the block), cut to milliseconds.
	Stamp time.Time
}

// DamageError is the ErrCorrupt of a Read: the records from First to before Next
// are damaged, and perhaps more that follow.
type DamageError struct {
	First, Next Position
	Err         error // names the log and the cause; wraps ErrCorrupt
}

func (e *DamageError) Error() string { return e.Err.Error() }

// Unwrap returns Err.
func (e *DamageError) Unwrap() error { return e.Err }

// Limit bounds a read. Zero fields do not limit.
type Limit struct {
	Records int
	Bytes   int // of the records' contents; the record that would exceed it is not read, unless it is the first
}

// Page is what a read fills. It can be used again after Reset; records are
// valid until then.
type Page struct {
	Records []Record
	Next    Position // where the next read goes on
	Buffer  []byte   // owns the records' bytes
}

// Reset makes the page empty and keeps its memory.
func (p *Page) Reset() {
	clear(p.Records)
	p.Records, p.Buffer, p.Next = p.Records[:0], p.Buffer[:0], 0
}

// Record is one record of a log.
type Record struct {
	Position Position
	Stamp    time.Time
	Data     []byte
	Sealed   bool // it was stored encrypted
}

// KeyID names a data key. 0 means none.
type KeyID uint64

// Keyring holds data keys, wrapped by the store's master key.
type Keyring interface {
	// Create makes a data key, durably, and returns its name.
	Create(ctx context.Context) (KeyID, error)
	// Seal appends to dst the AES-256-GCM encryption of plaintext under the key,
	// bound to context.
	Seal(dst []byte, key KeyID, context, plaintext []byte) ([]byte, error)
	// Open reverses Seal. ErrCorrupt where the bytes or the context differ.
	Open(dst []byte, key KeyID, context, sealed []byte) ([]byte, error)
}

// Blobs is the area of large immutable objects.
type Blobs interface {
	// Create begins an object. It is not there before Commit.
	Create(ctx context.Context) (BlobWriter, error)
	// Open returns an object. ErrNotFound where there is none.
	Open(ctx context.Context, id string) (BlobReader, error)
	// Delete removes an object, durably; one that is not there is no error.
	Delete(ctx context.Context, id string) error
	// List returns the ids of all objects, in order.
	List(ctx context.Context) ([]string, error)
}

// BlobWriter writes one object. It is used by one goroutine.
type BlobWriter interface {
	Write(p []byte) (int, error)
	// Commit makes the object durable and returns its id, which the engine chose.
	Commit() (id string, err error)
	// Abort forgets what was written; after Commit it does nothing.
	Abort() error
}

// BlobReader reads one object. ReadAt is safe for concurrent use.
type BlobReader interface {
	ReadAt(p []byte, off int64) (int, error)
	Size() int64
	Close() error
}
