package sqs

import (
	"maps"
	"slices"
	"strconv"

	sqsapi "github.com/millrace/millrace/internal/awsapi/sqs"
)

// queueFacts are what a queue shows beside its settings. Times are milliseconds
// since 1970.
type queueFacts struct {
	key                        queueKey
	created, modified          int64
	visible, inFlight, delayed int64 // messages
}

// show returns the attributes of the given names that the queue has; nil for
// none.
func (a *attributes) show(names []string, facts queueFacts) (map[string]string, error) {
	var wanted []string
	for _, name := range names {
		switch {
		case name == sqsapi.QueueAttributeNameAll:
			wanted = append(append(append(wanted, derivedAttributes...), ownAttributes...), fifoAttributes...)
		case slices.Contains(derivedAttributes, name) || slices.Contains(ownAttributes, name) || a.FIFO && slices.Contains(fifoAttributes, name):
			wanted = append(wanted, name)
		default:
			return nil, unknownAttribute(name)
		}
	}
	var out map[string]string
	for _, name := range wanted {
		v := facts.value(name)
		if v == "" {
			v = a.value(name)
		}
		if v == "" {
			continue
		}
		if out == nil {
			out = make(map[string]string, len(wanted))
		}
		out[name] = v
	}
	return out, nil
}

// value returns a derived attribute as it is shown; empty for another one.
func (f *queueFacts) value(name string) string {
	switch name {
	case sqsapi.QueueAttributeNameApproximateNumberOfMessages:
		return strconv.FormatInt(f.visible, 10)
	case sqsapi.QueueAttributeNameApproximateNumberOfMessagesDelayed:
		return strconv.FormatInt(f.delayed, 10)
	case sqsapi.QueueAttributeNameApproximateNumberOfMessagesNotVisible:
		return strconv.FormatInt(f.inFlight, 10)
	case sqsapi.QueueAttributeNameCreatedTimestamp:
		return strconv.FormatInt(f.created/1000, 10)
	case sqsapi.QueueAttributeNameLastModifiedTimestamp:
		return strconv.FormatInt(f.modified/1000, 10)
	case sqsapi.QueueAttributeNameQueueArn:
		return f.key.arn()
	}
	return ""
}

// value returns a setting as it is shown; empty where the queue has none of the
// name.
func (a *attributes) value(name string) string {
	switch name {
	case sqsapi.QueueAttributeNamePolicy:
		return a.Policy
	case sqsapi.QueueAttributeNameRedrivePolicy:
		if a.RedrivePolicy != nil {
			return a.RedrivePolicy.Text
		}
	case sqsapi.QueueAttributeNameRedriveAllowPolicy:
		if a.RedriveAllowPolicy != nil {
			return a.RedriveAllowPolicy.Text
		}
	case sqsapi.QueueAttributeNameKmsMasterKeyId:
		return a.KMSMasterKeyID
	case sqsapi.QueueAttributeNameKmsDataKeyReusePeriodSeconds:
		if a.KMSMasterKeyID != "" || a.KMSDataKeyReusePeriodSeconds != defaultKeyReuse {
			return strconv.Itoa(int(a.KMSDataKeyReusePeriodSeconds))
		}
	case sqsapi.QueueAttributeNameSqsManagedSseEnabled:
		return strconv.FormatBool(a.ManagedSSE)
	default:
		for _, n := range numericAttributes {
			if n.name == name {
				return strconv.Itoa(int(*n.of(a)))
			}
		}
		return a.fifoValue(name)
	}
	return ""
}

func (a *attributes) fifoValue(name string) string {
	if !a.FIFO {
		return ""
	}
	switch name {
	case sqsapi.QueueAttributeNameFifoQueue:
		return "true"
	case sqsapi.QueueAttributeNameContentBasedDeduplication:
		return strconv.FormatBool(a.ContentBasedDeduplication)
	case sqsapi.QueueAttributeNameDeduplicationScope:
		return a.DeduplicationScope
	case sqsapi.QueueAttributeNameFifoThroughputLimit:
		return a.FIFOThroughputLimit
	}
	return ""
}

// differ returns the name of an attribute that is given and is another one in
// wanted, which newAttributes made of given; empty for none. CreateQueue asks it
// where there is a queue of the name: what is not given does not count.
func (a *attributes) differ(wanted attributes, given map[string]string) string {
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if !a.same(&wanted, name) {
			return name
		}
	}
	return ""
}

// same reports whether a setting is the same in a and b.
func (a *attributes) same(b *attributes, name string) bool {
	switch name {
	case sqsapi.QueueAttributeNameRedrivePolicy:
		return a.RedrivePolicy.same(b.RedrivePolicy)
	case sqsapi.QueueAttributeNameRedriveAllowPolicy:
		return a.RedriveAllowPolicy.same(b.RedriveAllowPolicy)
	case sqsapi.QueueAttributeNameKmsDataKeyReusePeriodSeconds:
		return a.KMSDataKeyReusePeriodSeconds == b.KMSDataKeyReusePeriodSeconds
	}
	return a.value(name) == b.value(name)
}
