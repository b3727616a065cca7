package sqs

import (
	"encoding/json"
	"slices"
	"strconv"

	sqsapi "github.com/millrace/millrace/internal/awsapi/sqs"
)

// maxReceiveCount is the most that a redrive policy can allow.
const maxReceiveCount = 1000

// redrivePolicy says where messages go that were received too often.
type redrivePolicy struct {
	Text        string `json:"text"`        // as it was given, and is shown
	Target      string `json:"target"`      // ARN of the dead-letter queue
	MaxReceives uint32 `json:"maxReceives"` // a message that was received as often is dead
}

// parseRedrivePolicy reads the attribute RedrivePolicy of a queue; nil for an
// empty text, which is none. Whether the target exists and allows the queue is
// not looked at.
func parseRedrivePolicy(source queueKey, text string) (*redrivePolicy, error) {
	if text == "" {
		return nil, nil
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &members); err != nil || members == nil {
		return nil, sqsapi.ErrInvalidAttributeValue.New("Invalid value for the parameter RedrivePolicy. Reason: Redrive policy is not a valid JSON map.")
	}
	p := &redrivePolicy{Text: text}
	for _, name := range []string{"maxReceiveCount", "deadLetterTargetArn"} {
		if _, ok := members[name]; !ok {
			return nil, p.refuse("Redrive policy does not contain mandatory attribute: " + name + ".")
		}
	}
	if len(members) > 2 {
		return nil, p.refuse("Only following attributes are supported: [maxReceiveCount, deadLetterTargetArn].")
	}
	count := scalar(members["maxReceiveCount"])
	n, err := strconv.ParseUint(count, 10, 32)
	if err != nil || n < 1 || n > maxReceiveCount {
		return nil, p.refuse("Invalid value for maxReceiveCount: " + count + ", valid values are from 1 to 1000 both inclusive.")
	}
	p.MaxReceives, p.Target = uint32(n), scalar(members["deadLetterTargetArn"])
	return p, p.checkTarget(source)
}

// scalar returns the text of a JSON string, and any other value as it is written.
func scalar(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	return string(raw)
}

// refuse refuses the policy.
func (p *redrivePolicy) refuse(reason string) error {
	return invalidValue(p.Text, "RedrivePolicy", reason)
}

// checkTarget checks what the name of the target tells.
func (p *redrivePolicy) checkTarget(source queueKey) error {
	target, ok := parseQueueARN(p.Target)
	switch {
	case !ok:
		return p.refuse("Dead-letter target ARN should be fully qualified ARN.")
	case target.account != source.account:
		return p.refuse("Dead-letter target owner should be same as the source.")
	case target.region != source.region:
		return p.missingTarget()
	case target.fifo() != source.fifo():
		return p.refuse("Dead-letter queue must be same type of queue as the source.")
	case target == source:
		return p.refuse("Dead-letter queue must not be the source itself.")
	}
	return nil
}

// missingTarget refuses a policy whose target does not exist.
func (p *redrivePolicy) missingTarget() error { return p.refuse("Dead letter target does not exist.") }

// deniedTarget refuses a policy whose target does not allow the queue.
func (p *redrivePolicy) deniedTarget() error {
	return p.refuse("The redrive allow policy of the dead-letter queue does not allow the queue as a source.")
}

// same reports whether two policies mean the same; both may be nil.
func (p *redrivePolicy) same(q *redrivePolicy) bool {
	if p == nil || q == nil {
		return p == q
	}
	return p.Target == q.Target && p.MaxReceives == q.MaxReceives
}

// Who may use a queue as its dead-letter queue.
const (
	allowAll = "allowAll"
	denyAll  = "denyAll"
	byQueue  = "byQueue"
)

// maxSourceQueues is how many queues a redrive allow policy can name.
const maxSourceQueues = 10

// redriveAllowPolicy says which queues may use the queue as their dead-letter
// queue. Nil allows all.
type redriveAllowPolicy struct {
	Text       string   `json:"text"`       // as it was given, and is shown
	Permission string   `json:"permission"` // allowAll, denyAll or byQueue
	Sources    []string `json:"sources,omitempty"`
}

// parseRedriveAllowPolicy reads the attribute RedriveAllowPolicy; nil for an empty
// text, which is none.
func parseRedriveAllowPolicy(text string) (*redriveAllowPolicy, error) {
	if text == "" {
		return nil, nil
	}
	malformed := sqsapi.ErrInvalidAttributeValue.New("Invalid value for the parameter RedriveAllowPolicy. Reason: Amazon SQS can't create the redrive allow policy, as it’s in an unsupported format.")
	refuse := func(reason string) error {
		return invalidValue(text, "RedriveAllowPolicy", "Amazon SQS can't create the redrive allow policy. "+reason)
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &members); err != nil {
		return nil, malformed
	}
	p := &redriveAllowPolicy{Text: text}
	for name, raw := range members {
		var err error
		switch name {
		case "redrivePermission":
			err = json.Unmarshal(raw, &p.Permission)
		case "sourceQueueArns":
			err = json.Unmarshal(raw, &p.Sources)
		default:
			return nil, malformed
		}
		if err != nil {
			return nil, malformed
		}
	}
	switch p.Permission {
	case allowAll, denyAll:
		if len(p.Sources) > 0 {
			return nil, refuse("To specify one or more source queue ARNs, you must set redrivePermission to byQueue.")
		}
	case byQueue:
		if len(p.Sources) == 0 {
			return nil, refuse("When you specify the byQueue permission type, you must also specify one or more sourceQueueArns values.")
		}
		if len(p.Sources) > maxSourceQueues {
			return nil, refuse("The maximum number of source queue ARNs you can specify is 10.")
		}
	default:
		return nil, malformed
	}
	return p, nil
}

// allows reports whether a queue may use the policy's queue as its dead-letter
// queue.
func (p *redriveAllowPolicy) allows(source queueKey) bool {
	switch {
	case p == nil || p.Permission == allowAll:
		return true
	case p.Permission == denyAll:
		return false
	}
	return slices.Contains(p.Sources, source.arn())
}

// same reports whether two policies mean the same; both may be nil.
func (p *redriveAllowPolicy) same(q *redriveAllowPolicy) bool {
	none := &redriveAllowPolicy{Permission: allowAll}
	if p == nil {
		p = none
	}
	if q == nil {
		q = none
	}
	return p.Permission == q.Permission && slices.Equal(p.Sources, q.Sources)
}
