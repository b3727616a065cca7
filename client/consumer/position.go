package consumer

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

// Position is a place in a shard.
type Position struct {
	Type           types.ShardIteratorType `json:"type"`
	SequenceNumber string                  `json:"sequenceNumber,omitempty"` // of AT_ and AFTER_SEQUENCE_NUMBER
	Timestamp      time.Time               `json:"timestamp,omitzero"`       // of AT_TIMESTAMP

	// iterator is at the place within this run: what Latest meant when it was asked
	// for first cannot be asked for again.
	iterator *string
}

// Latest is behind the newest record.
func Latest() Position { return Position{Type: types.ShardIteratorTypeLatest} }

// TrimHorizon is before the oldest record.
func TrimHorizon() Position { return Position{Type: types.ShardIteratorTypeTrimHorizon} }

// Since is before the first record that arrived at t or later.
func Since(t time.Time) Position {
	return Position{Type: types.ShardIteratorTypeAtTimestamp, Timestamp: t}
}

// After is behind the record with a sequence number.
func After(sequenceNumber string) Position {
	return Position{Type: types.ShardIteratorTypeAfterSequenceNumber, SequenceNumber: sequenceNumber}
}

// filter asks for the shards that were open at the position.
func (p Position) filter() *types.ShardFilter {
	switch p.Type {
	case types.ShardIteratorTypeTrimHorizon:
		return &types.ShardFilter{Type: types.ShardFilterTypeAtTrimHorizon}
	case types.ShardIteratorTypeAtTimestamp:
		return &types.ShardFilter{Type: types.ShardFilterTypeAtTimestamp, Timestamp: aws.Time(p.Timestamp)}
	}
	return &types.ShardFilter{Type: types.ShardFilterTypeAtLatest}
}

func (p Position) sequenceNumber() *string {
	if p.SequenceNumber == "" {
		return nil
	}
	return &p.SequenceNumber
}

func (p Position) timestamp() *time.Time {
	if p.Timestamp.IsZero() {
		return nil
	}
	return &p.Timestamp
}
