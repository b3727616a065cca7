package kinesis

import (
	"github.com/millrace/millrace/internal/api"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
)

// What several operations show of a stream.

func (st *streamState) modeDetails() *kinesisapi.StreamModeDetails {
	mode := kinesisapi.StreamModeProvisioned
	if st.OnDemand {
		mode = kinesisapi.StreamModeOnDemand
	}
	return &kinesisapi.StreamModeDetails{StreamMode: api.Some(mode)}
}

// monitoring is one entry, with an empty list when nothing is monitored.
func (st *streamState) monitoring() []kinesisapi.EnhancedMetrics {
	metrics := st.ShardMetrics
	if metrics == nil {
		metrics = []string{}
	}
	return []kinesisapi.EnhancedMetrics{{ShardLevelMetrics: metrics}}
}

func (st *streamState) encryption() string {
	if st.Key == 0 {
		return kinesisapi.EncryptionTypeNone
	}
	return kinesisapi.EncryptionTypeKms
}

func (st *streamState) keyID() api.Opt[string] {
	if st.Key == 0 {
		return api.Opt[string]{}
	}
	return api.Some(st.KeyName)
}

func (st *streamState) distribution() string {
	if st.AutoDistribution {
		return kinesisapi.RecordDistributionStrategyAuto
	}
	return kinesisapi.RecordDistributionStrategyUserPartitionKey
}

// warmThroughput is absent unless it was asked for.
func (st *streamState) warmThroughput() *kinesisapi.WarmThroughputObject {
	if st.WarmMiBps == 0 {
		return nil
	}
	return &kinesisapi.WarmThroughputObject{TargetMiBps: api.Some(st.wanted().WarmMiBps), CurrentMiBps: api.Some(st.WarmMiBps)}
}

// shape is a shard as the API shows it.
func (sh *shard) shape() kinesisapi.Shard {
	out := kinesisapi.Shard{
		ShardId:             api.Some(sh.id),
		HashKeyRange:        hashKeyRange(sh),
		SequenceNumberRange: &kinesisapi.SequenceNumberRange{StartingSequenceNumber: api.Some(sh.starting())},
	}
	if sh.Parent != nil {
		out.ParentShardId = api.Some(shardID(*sh.Parent))
	}
	if sh.Adjacent != nil {
		out.AdjacentParentShardId = api.Some(shardID(*sh.Adjacent))
	}
	if !sh.open() {
		out.SequenceNumberRange.EndingSequenceNumber = api.Some(sh.ending())
	}
	return out
}
