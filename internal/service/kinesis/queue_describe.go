package kinesis

import (
	"time"

	"github.com/millrace/millrace/internal/api"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
)

// shape is a queue as the API shows it.
func (d *queueDescription) shape(key queueKey) *kinesisapi.QueueDescription {
	return &kinesisapi.QueueDescription{
		QueueName:              api.Some(d.Name),
		QueueARN:               api.Some(key.arn()),
		QueueStatus:            api.Some(d.Status),
		QueueCreationTimestamp: api.Some(d.CreatedAt),
		StreamConfigurationList: []kinesisapi.QueueStreamConfiguration{{
			StreamARN:        api.Some(d.streamKey(key).arn()),
			StartingPosition: &kinesisapi.QueueStartingPosition{Type: api.Some(d.Start.Type), Timestamp: d.startTime()},
		}},
		QueueAttributes: d.queueAttributes.shape(),
	}
}

func (d *queueDescription) streamKey(key queueKey) streamKey {
	return streamKey{key.account, key.region, d.Stream}
}

// startTime is when what is delivered begins, which a queue that is being created
// does not tell yet.
func (d *queueDescription) startTime() api.Opt[time.Time] {
	switch {
	case d.Status != creating:
		return api.Some(d.Start.Effective)
	case !d.Start.Asked.IsZero():
		return api.Some(d.Start.Asked)
	}
	return api.Opt[time.Time]{}
}

func (a queueAttributes) shape() *kinesisapi.QueueAttributes {
	dead := &kinesisapi.DeadLetterConfiguration{TargetType: api.Some(kinesisapi.TargetTypeNone)}
	if a.MaxReceives > 0 {
		dead.TargetType, dead.MaxReceiveCount = api.Some(kinesisapi.TargetTypeBuiltIn), api.Some(int32(a.MaxReceives))
	}
	return &kinesisapi.QueueAttributes{VisibilityTimeoutSeconds: api.Some(a.Visibility), DeadLetterConfiguration: dead}
}
