package bench

import (
	"context"
	"time"
)

// Queue is a queue to put load on.
type Queue struct {
	Target Target
	// ID is the URL of a queue of SQS, the ARN of a queue on a stream.
	ID string
}

// CreateQueue makes a queue of SQS unless it is there with the same attributes.
func CreateQueue(_ context.Context, t Target, name string, attributes map[string]string) (Queue, error) {
	return queueOf(t, "CreateQueue", map[string]any{"QueueName": name, "Attributes": attributes})
}

// FindQueue returns a queue of SQS that there is.
func FindQueue(_ context.Context, t Target, name string) (Queue, error) {
	return queueOf(t, "GetQueueUrl", map[string]any{"QueueName": name})
}

func queueOf(t Target, operation string, in any) (Queue, error) {
	c, err := dial(t.Host)
	if err != nil {
		return Queue{}, err
	}
	defer c.close()
	var out struct{ QueueUrl string }
	err = c.control(&t, sqs, operation, in, &out)
	return Queue{t, out.QueueUrl}, err
}

// MaxVisibility is for how long a message can be held at most: 12 hours, as on AWS.
const MaxVisibility = 12 * time.Hour

// Receive waits up to 20 s for one message, holds it for a while and deletes
// nothing. It reports whether there was one.
func (q *Queue) Receive(hold time.Duration) (bool, error) {
	c, err := dial(q.Target.Host)
	if err != nil {
		return false, err
	}
	defer c.close()
	var out struct{ Messages []struct{ MessageId string } }
	err = c.control(&q.Target, sqs, "ReceiveMessage", map[string]any{"QueueUrl": q.ID, "WaitTimeSeconds": 20, "VisibilityTimeout": int(hold.Seconds())}, &out)
	return len(out.Messages) > 0, err
}

// CreateOnDemand makes the stream on demand, of as many shards as that has at
// first, and waits until it is active.
func (s *Stream) CreateOnDemand(ctx context.Context) error {
	c, err := dial(s.Target.Host)
	if err != nil {
		return err
	}
	defer c.close()
	in := map[string]any{"StreamName": s.Name, "StreamModeDetails": map[string]string{"StreamMode": "ON_DEMAND"}}
	if err := c.control(&s.Target, kinesis, "CreateStream", in, nil); err != nil {
		return err
	}
	return s.waitActive(ctx, c)
}

// CreateQueue makes a queue on the stream that begins with its oldest record, and
// waits until it is active.
func (s *Stream) CreateQueue(ctx context.Context, name string, visibility time.Duration) (Queue, error) {
	c, err := dial(s.Target.Host)
	if err != nil {
		return Queue{}, err
	}
	defer c.close()
	arn, err := s.arn(c)
	if err != nil {
		return Queue{}, err
	}
	type description struct {
		QueueDescription struct{ QueueARN, QueueStatus string }
	}
	var made description
	err = c.control(&s.Target, kinesis, "CreateQueue", map[string]any{
		"QueueName":               name,
		"StreamConfigurationList": []any{map[string]any{"StreamARN": arn, "StartingPosition": map[string]string{"Type": "TRIM_HORIZON"}}},
		"QueueAttributes":         map[string]any{"VisibilityTimeoutSeconds": int(visibility.Seconds())},
	}, &made)
	if err != nil {
		return Queue{}, err
	}
	q := Queue{s.Target, made.QueueDescription.QueueARN}
	return q, poll(ctx, "queue "+name, func() (bool, error) {
		var d description
		err := c.control(&s.Target, kinesis, "DescribeQueue", map[string]any{"QueueARN": q.ID}, &d)
		return d.QueueDescription.QueueStatus == "ACTIVE", err
	})
}
