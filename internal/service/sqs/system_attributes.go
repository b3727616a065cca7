package sqs

import (
	"crypto/md5"
	"math/bits"
	"slices"
	"strconv"

	"github.com/millrace/millrace/internal/api"
	sqsapi "github.com/millrace/millrace/internal/awsapi/sqs"
)

// systemAttributes is a set of the attributes that SQS gives to messages: bit i
// is systemAttributeNames[i].
type systemAttributes uint16

var systemAttributeNames = [...]string{
	sqsapi.MessageSystemAttributeNameSenderId,
	sqsapi.MessageSystemAttributeNameSentTimestamp,
	sqsapi.MessageSystemAttributeNameApproximateReceiveCount,
	sqsapi.MessageSystemAttributeNameApproximateFirstReceiveTimestamp,
	sqsapi.MessageSystemAttributeNameSequenceNumber,
	sqsapi.MessageSystemAttributeNameMessageDeduplicationId,
	sqsapi.MessageSystemAttributeNameMessageGroupId,
	sqsapi.MessageSystemAttributeNameAWSTraceHeader,
	sqsapi.MessageSystemAttributeNameDeadLetterQueueSourceArn,
}

// parseSystemAttributes reads which attributes a receive asks for. The older
// parameter, AttributeNames, counts where the younger is not given.
func parseSystemAttributes(younger, older []string) (set systemAttributes, err error) {
	names := younger
	if len(names) == 0 {
		names = older
	}
	for _, name := range names {
		i := slices.Index(systemAttributeNames[:], name)
		switch {
		case name == sqsapi.MessageSystemAttributeNameAll:
			set = 1<<len(systemAttributeNames) - 1
		case i < 0:
			return 0, unknownAttribute(name)
		default:
			set |= 1 << i
		}
	}
	return set, nil
}

// reception is what is known of a message that is being handed out, beside the
// message. Times are milliseconds since 1970.
type reception struct {
	count    uint32 // receives of it in this queue, this one among them
	first    int64  // when the first of them was
	sequence string // SequenceNumber; empty in a standard queue
}

// of returns the attributes of the set that a message has; nil for none.
func (set systemAttributes) of(m *message, r reception) map[string]string {
	var out map[string]string
	for i, name := range systemAttributeNames {
		if set&(1<<i) == 0 {
			continue
		}
		if v := m.systemAttribute(name, r); v != "" {
			if out == nil {
				out = make(map[string]string, bits.OnesCount16(uint16(set)))
			}
			out[name] = v
		}
	}
	return out
}

// systemAttribute returns one of systemAttributeNames; empty where the message
// has none of the name.
func (m *message) systemAttribute(name string, r reception) string {
	switch name {
	case sqsapi.MessageSystemAttributeNameSenderId:
		return m.sender
	case sqsapi.MessageSystemAttributeNameSentTimestamp:
		return strconv.FormatInt(m.sent, 10)
	case sqsapi.MessageSystemAttributeNameApproximateReceiveCount:
		return strconv.FormatUint(uint64(m.received)+uint64(r.count), 10)
	case sqsapi.MessageSystemAttributeNameApproximateFirstReceiveTimestamp:
		if m.first != 0 {
			return strconv.FormatInt(m.first, 10)
		}
		return strconv.FormatInt(r.first, 10)
	case sqsapi.MessageSystemAttributeNameSequenceNumber:
		return r.sequence
	case sqsapi.MessageSystemAttributeNameMessageDeduplicationId:
		return m.dedup
	case sqsapi.MessageSystemAttributeNameMessageGroupId:
		return m.group
	case sqsapi.MessageSystemAttributeNameAWSTraceHeader:
		return m.trace
	}
	return m.source
}

// sentSystemAttributes checks the attributes of SQS with which a message is sent,
// and returns the only one there is, AWSTraceHeader, and
// MD5OfMessageSystemAttributes. Both are empty where none was sent.
func sentSystemAttributes(given map[string]sqsapi.MessageSystemAttributeValue) (trace string, sum api.Opt[string], err error) {
	const name = sqsapi.MessageSystemAttributeNameForSendsAWSTraceHeader
	for k, v := range given {
		switch {
		case k != name:
			return "", sum, invalidParameter("Message system attribute name '%s' is invalid.", k)
		case v.DataType.V != "String":
			return "", sum, invalidParameter("The type of message system attribute '%s' is invalid. You must use only the following supported type: String.", name)
		case v.StringValue.V == "":
			return "", sum, invalidParameter("Message system attribute '%s' must contain a non-empty value of type 'String'.", name)
		case !validText(v.StringValue.V):
			return "", sum, invalidParameter(invalidCharacters)
		}
		trace = v.StringValue.V
		sum = api.Some(hexMD5(md5.Sum(appendAttribute(nil, name, "String", textValue, trace))))
	}
	return trace, sum, nil
}
