package sqs

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/millrace/millrace/internal/api"
	sqsapi "github.com/millrace/millrace/internal/awsapi/sqs"
)

// attributes are the settings of a queue (reference sqs §4). Periods are in
// seconds, sizes in bytes.
type attributes struct {
	FIFO                         bool                `json:"fifo,omitempty"`
	DelaySeconds                 int32               `json:"delaySeconds"`
	MaximumMessageSize           int32               `json:"maximumMessageSize"`
	RetentionPeriod              int32               `json:"messageRetentionPeriod"`
	ReceiveWait                  int32               `json:"receiveMessageWaitTimeSeconds"`
	VisibilityTimeout            int32               `json:"visibilityTimeout"`
	Policy                       string              `json:"policy,omitempty"`
	RedrivePolicy                *redrivePolicy      `json:"redrivePolicy,omitempty"`
	RedriveAllowPolicy           *redriveAllowPolicy `json:"redriveAllowPolicy,omitempty"`
	KMSMasterKeyID               string              `json:"kmsMasterKeyId,omitempty"`
	KMSDataKeyReusePeriodSeconds int32               `json:"kmsDataKeyReusePeriodSeconds"`
	ManagedSSE                   bool                `json:"managedSse"`
	ContentBasedDeduplication    bool                `json:"contentBasedDeduplication,omitempty"`
	DeduplicationScope           string              `json:"deduplicationScope,omitempty"`  // of a FIFO queue
	FIFOThroughputLimit          string              `json:"fifoThroughputLimit,omitempty"` // of a FIFO queue
}

// Values of DeduplicationScope and FifoThroughputLimit.
const (
	scopeQueue           = "queue"
	scopeMessageGroup    = "messageGroup"
	limitPerQueue        = "perQueue"
	limitPerMessageGroup = "perMessageGroupId"
)

const (
	maxMessageBytes = 1 << 20
	defaultKeyReuse = 300 // seconds
)

// managedKey is the one key of KMS that there is: the server's own.
const managedKey = "alias/aws/sqs"

// numericAttributes are the attributes that are numbers, with their ranges.
var numericAttributes = []struct {
	name        string
	least, most int32
	of          func(a *attributes) *int32
}{
	{sqsapi.QueueAttributeNameDelaySeconds, 0, maxDelay, func(a *attributes) *int32 { return &a.DelaySeconds }},
	{sqsapi.QueueAttributeNameMaximumMessageSize, 1024, maxMessageBytes, func(a *attributes) *int32 { return &a.MaximumMessageSize }},
	{sqsapi.QueueAttributeNameMessageRetentionPeriod, 60, 14 * 24 * 60 * 60, func(a *attributes) *int32 { return &a.RetentionPeriod }},
	{sqsapi.QueueAttributeNameReceiveMessageWaitTimeSeconds, 0, maxWait, func(a *attributes) *int32 { return &a.ReceiveWait }},
	{sqsapi.QueueAttributeNameVisibilityTimeout, 0, maxVisibility, func(a *attributes) *int32 { return &a.VisibilityTimeout }},
	{sqsapi.QueueAttributeNameKmsDataKeyReusePeriodSeconds, 60, 24 * 60 * 60, func(a *attributes) *int32 { return &a.KMSDataKeyReusePeriodSeconds }},
}

// derivedAttributes are shown and never set.
var derivedAttributes = []string{
	sqsapi.QueueAttributeNameApproximateNumberOfMessages,
	sqsapi.QueueAttributeNameApproximateNumberOfMessagesDelayed,
	sqsapi.QueueAttributeNameApproximateNumberOfMessagesNotVisible,
	sqsapi.QueueAttributeNameCreatedTimestamp,
	sqsapi.QueueAttributeNameLastModifiedTimestamp,
	sqsapi.QueueAttributeNameQueueArn,
}

// ownAttributes are set and shown.
var ownAttributes = []string{
	sqsapi.QueueAttributeNameDelaySeconds,
	sqsapi.QueueAttributeNameKmsDataKeyReusePeriodSeconds,
	sqsapi.QueueAttributeNameKmsMasterKeyId,
	sqsapi.QueueAttributeNameMaximumMessageSize,
	sqsapi.QueueAttributeNameMessageRetentionPeriod,
	sqsapi.QueueAttributeNamePolicy,
	sqsapi.QueueAttributeNameReceiveMessageWaitTimeSeconds,
	sqsapi.QueueAttributeNameRedriveAllowPolicy,
	sqsapi.QueueAttributeNameRedrivePolicy,
	sqsapi.QueueAttributeNameSqsManagedSseEnabled,
	sqsapi.QueueAttributeNameVisibilityTimeout,
}

// fifoAttributes are set and shown for FIFO queues.
var fifoAttributes = []string{
	sqsapi.QueueAttributeNameContentBasedDeduplication,
	sqsapi.QueueAttributeNameDeduplicationScope,
	sqsapi.QueueAttributeNameFifoQueue,
	sqsapi.QueueAttributeNameFifoThroughputLimit,
}

// defaults returns the settings of a queue for which none were given.
func defaults(fifo bool) attributes {
	a := attributes{
		FIFO:                         fifo,
		MaximumMessageSize:           maxMessageBytes,
		RetentionPeriod:              4 * 24 * 60 * 60,
		VisibilityTimeout:            30,
		KMSDataKeyReusePeriodSeconds: defaultKeyReuse,
		ManagedSSE:                   true,
	}
	if fifo {
		a.DeduplicationScope, a.FIFOThroughputLimit = scopeQueue, limitPerQueue
	}
	return a
}

// newAttributes checks the name and the attributes with which a queue is to be
// made, and returns its settings. Whether the target of its redrive policy exists
// and allows the queue is not looked at.
func newAttributes(key queueKey, given map[string]string) (attributes, error) {
	fifo := false
	if v, ok := given[sqsapi.QueueAttributeNameFifoQueue]; ok {
		if err := setFlag(&fifo, sqsapi.QueueAttributeNameFifoQueue, v); err != nil {
			return attributes{}, err
		}
		if !fifo {
			return attributes{}, unknownAttribute(sqsapi.QueueAttributeNameFifoQueue)
		}
	}
	if err := checkName(key.name, fifo); err != nil {
		return attributes{}, err
	}
	return defaults(fifo).with(key, given)
}

// with returns the settings with those changed that are given: all of them or,
// where one is not right, none. As for newAttributes, the target of a redrive
// policy is the caller's to look at.
func (a attributes) with(key queueKey, given map[string]string) (attributes, error) {
	was := a
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if err := a.set(key, name, given[name]); err != nil {
			return was, err
		}
	}
	if a.KMSMasterKeyID != "" && a.ManagedSSE {
		return was, sqsapi.ErrInvalidAttributeName.New("You can use one type of server-side encryption (SSE) at one time. You can either enable KMS SSE or SQS SSE.")
	}
	if a.FIFOThroughputLimit == limitPerMessageGroup && a.DeduplicationScope != scopeMessageGroup {
		return was, invalidAttributeBecause(sqsapi.QueueAttributeNameFifoThroughputLimit, "The perMessageGroupId value is allowed only when the value for DeduplicationScope is messageGroup.")
	}
	return a, nil
}

// encrypts reports whether messages are encrypted, under the server's own key.
func (a *attributes) encrypts() bool { return a.ManagedSSE || a.KMSMasterKeyID != "" }

// perGroup reports whether deduplication ids are told apart by group.
func (a *attributes) perGroup() bool { return a.DeduplicationScope == scopeMessageGroup }

// set changes one setting.
func (a *attributes) set(key queueKey, name, value string) (err error) {
	if !a.FIFO && slices.Contains(fifoAttributes, name) {
		return notForStandard(name)
	}
	for _, n := range numericAttributes {
		if n.name == name {
			v, err := strconv.ParseInt(value, 10, 32)
			if err != nil || int32(v) < n.least || int32(v) > n.most {
				return invalidAttribute(name)
			}
			*n.of(a) = int32(v)
			return nil
		}
	}
	switch name {
	case sqsapi.QueueAttributeNamePolicy:
		a.Policy, err = value, checkPolicy(value)
	case sqsapi.QueueAttributeNameRedrivePolicy:
		a.RedrivePolicy, err = parseRedrivePolicy(key, value)
	case sqsapi.QueueAttributeNameRedriveAllowPolicy:
		a.RedriveAllowPolicy, err = parseRedriveAllowPolicy(value)
	case sqsapi.QueueAttributeNameKmsMasterKeyId:
		a.KMSMasterKeyID, err = value, checkKey(key, value)
		a.ManagedSSE = a.ManagedSSE && value == ""
	case sqsapi.QueueAttributeNameSqsManagedSseEnabled:
		err = setFlag(&a.ManagedSSE, name, value)
	case sqsapi.QueueAttributeNameContentBasedDeduplication:
		err = setFlag(&a.ContentBasedDeduplication, name, value)
	case sqsapi.QueueAttributeNameDeduplicationScope:
		err = setChoice(&a.DeduplicationScope, name, value, scopeQueue, scopeMessageGroup)
	case sqsapi.QueueAttributeNameFifoThroughputLimit:
		err = setChoice(&a.FIFOThroughputLimit, name, value, limitPerQueue, limitPerMessageGroup)
	case sqsapi.QueueAttributeNameFifoQueue:
		if !strings.EqualFold(value, "true") {
			err = invalidAttributeBecause(name, "Modifying queue type is not supported.")
		}
	default:
		err = unknownAttribute(name)
	}
	return err
}

// setFlag takes a truth in letters of either case, as AWS does.
func setFlag(to *bool, name, value string) error {
	*to = strings.EqualFold(value, "true")
	if !*to && !strings.EqualFold(value, "false") {
		return invalidAttribute(name)
	}
	return nil
}

func setChoice(to *string, name, value string, choices ...string) error {
	if !slices.Contains(choices, value) {
		return invalidAttribute(name)
	}
	*to = value
	return nil
}

// checkKey refuses a key of KMS that is not the server's own, named by its alias
// or by the alias' ARN in the queue's account and region. Empty is none.
func checkKey(key queueKey, id string) error {
	if id == "" || id == managedKey || id == "arn:aws:kms:"+key.region+":"+key.account+":"+managedKey {
		return nil
	}
	return sqsapi.ErrKmsNotFound.New("Key '%s' does not exist", id)
}

// notForStandard refuses an attribute that only FIFO queues have.
func notForStandard(name string) *api.Error {
	switch name {
	case sqsapi.QueueAttributeNameDeduplicationScope, sqsapi.QueueAttributeNameFifoThroughputLimit:
		return sqsapi.ErrInvalidAttributeName.New("You can specify the %s only when FifoQueue is set to true.", name)
	}
	return unknownAttribute(name)
}
