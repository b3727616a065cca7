package conformance

import (
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/aws/smithy-go"

	"github.com/millrace/millrace/test/model"
)

// streamQueueRefusal is a call on queues of streams, and AWS's answer.
type streamQueueRefusal struct {
	operation     string
	in            model.Object
	code, message string // the message in part
}

const (
	validation  = "ValidationException"
	argument    = "InvalidArgumentException"
	notFound    = "ResourceNotFoundException"
	inUse       = "ResourceInUseException"
	serializing = "SerializationException"
)

// with returns an input with a member more, or another; nil takes it away.
func with(in model.Object, name string, v any) model.Object {
	out := maps.Clone(in)
	if out[name] = v; v == nil {
		delete(out, name)
	}
	return out
}

// TestStreamQueueRefusals: every rule of the model, and those beside it (reference
// kinesis-streams §4.7), by code and message in both encodings.
func TestStreamQueueRefusals(t *testing.T) {
	inBothEncodings(t, func(q streamQueues) {
		q.stream("s")
		q.call("CreateStream", model.Object{"StreamName": "provisioned", "ShardCount": 1})
		settled(q.T, q.s.client(), "provisioned")
		arn := q.queue("s", "q", nil)
		for _, x := range streamQueueRefusals(arn) {
			_, err := q.try(x.operation, x.in)
			var e smithy.APIError
			if !errors.As(err, &e) || e.ErrorCode() != x.code || !strings.Contains(e.ErrorMessage(), x.message) {
				q.Errorf("%s %v: got %v, want %s: %s", x.operation, x.in, err, x.code, x.message)
			}
		}
		// None of them has done anything.
		if all := q.call("ListQueues", nil)["QueueSummaries"].([]any); len(all) != 1 {
			q.Errorf("there are %v", all)
		}
	})
}

func streamQueueRefusals(arn string) []streamQueueRefusal {
	nowhere := "arn:aws:kinesis:" + region + ":" + account + ":queue/nowhere"
	var all []streamQueueRefusal
	add := func(operation string, in model.Object, code, message string) {
		all = append(all, streamQueueRefusal{operation, in, code, message})
	}

	on := func(stream string, position any) []any {
		return []any{with(model.Object{"StreamARN": streamARN(stream)}, "StartingPosition", position)}
	}
	creation := model.Object{"QueueName": "n", "StreamConfigurationList": on("s", nil)}
	create := func(name string, v any, code, message string) {
		add("CreateQueue", with(creation, name, v), code, message)
	}
	create("QueueName", nil, validation, "1 validation error detected: Value null at 'queueName' failed to satisfy constraint: Member must not be null")
	create("QueueName", "", validation, "Value '' at 'queueName' failed to satisfy constraint: Member must have length greater than or equal to 1")
	create("QueueName", "a b", validation, "Value 'a b' at 'queueName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+")
	create("QueueName", strings.Repeat("n", 129), validation, "at 'queueName' failed to satisfy constraint: Member must have length less than or equal to 128")
	create("QueueName", 7, serializing, "can not be converted to an String")
	create("QueueName", "q", inUse, "Queue q under account "+account+" already exists.")
	create("StreamConfigurationList", nil, validation, "Value null at 'streamConfigurationList' failed to satisfy constraint: Member must not be null")
	create("StreamConfigurationList", []any{}, validation, "at 'streamConfigurationList' failed to satisfy constraint: Member must have length greater than or equal to 1")
	create("StreamConfigurationList", "s", serializing, "Expected list or null")
	create("StreamConfigurationList", append(on("s", nil), on("s", nil)...), validation, "StreamConfigurationList must contain exactly one entry.")
	create("StreamConfigurationList", []any{model.Object{}}, validation, "Value null at 'streamConfigurationList.1.member.streamARN' failed to satisfy constraint: Member must not be null")
	create("StreamConfigurationList", []any{model.Object{"StreamARN": "s"}}, validation, "Value 's' at 'streamConfigurationList.1.member.streamARN' failed to satisfy constraint: Member must satisfy regular expression pattern")
	create("StreamConfigurationList", on("nowhere", nil), notFound, "Stream nowhere under account "+account+" not found.")
	create("StreamConfigurationList", on("provisioned", nil), validation, "ON_DEMAND")
	create("StreamConfigurationList", on("s", model.Object{}), validation, "at 'streamConfigurationList.1.member.startingPosition.type' failed to satisfy constraint: Member must not be null")
	create("StreamConfigurationList", on("s", model.Object{"Type": "NEWEST"}), validation, "Value 'NEWEST' at 'streamConfigurationList.1.member.startingPosition.type' failed to satisfy constraint: Member must satisfy enum value set: [")
	create("StreamConfigurationList", on("s", model.Object{"Type": "AT_TIMESTAMP"}), validation, "Timestamp")
	create("StreamConfigurationList", on("s", model.Object{"Type": "LATEST", "Timestamp": time.Now()}), validation, "Timestamp")
	create("StreamConfigurationList", on("s", model.Object{"Type": "TRIM_HORIZON", "Timestamp": time.Now()}), validation, "Timestamp")
	create("StreamConfigurationList", on("s", model.Object{"Type": "AT_TIMESTAMP", "Timestamp": time.Now().Add(time.Hour)}), argument, "greater than the currentTimestampInMillis")
	create("Tags", model.Object{"aws:x": "y"}, argument, "reserved for system use")
	create("Tags", model.Object{"a!": "y"}, argument, "invalid characters")
	create("Tags", model.Object{strings.Repeat("k", 129): "y"}, validation, "at 'tags' failed to satisfy constraint: Map keys must satisfy constraint: [")
	many := model.Object{}
	for i := range 51 {
		many[fmt.Sprint("k", i)] = ""
	}
	create("Tags", many, argument, "cannot have more than 50 tags")

	deadLetters := func(target string, count any) model.Object {
		return model.Object{"DeadLetterConfiguration": with(model.Object{"TargetType": target}, "MaxReceiveCount", count)}
	}
	for operation, in := range map[string]model.Object{"CreateQueue": creation, "UpdateQueue": {"QueueARN": arn}} {
		attributes := func(a model.Object, code, message string) {
			add(operation, with(in, "QueueAttributes", a), code, message)
		}
		attributes(model.Object{"VisibilityTimeoutSeconds": -1}, validation, "Value '-1' at 'queueAttributes.visibilityTimeoutSeconds' failed to satisfy constraint: Member must have value greater than or equal to 0")
		attributes(model.Object{"VisibilityTimeoutSeconds": 43201}, validation, "Value '43201' at 'queueAttributes.visibilityTimeoutSeconds' failed to satisfy constraint: Member must have value less than or equal to 43200")
		attributes(model.Object{"DeadLetterConfiguration": model.Object{}}, validation, "Value null at 'queueAttributes.deadLetterConfiguration.targetType' failed to satisfy constraint: Member must not be null")
		attributes(deadLetters("S3", nil), validation, "Value 'S3' at 'queueAttributes.deadLetterConfiguration.targetType' failed to satisfy constraint: Member must satisfy enum value set: [")
		attributes(deadLetters("BUILT_IN", nil), validation, "MaxReceiveCount")
		attributes(deadLetters("NONE", 3), validation, "MaxReceiveCount")
		attributes(deadLetters("BUILT_IN", 0), validation, "Value '0' at 'queueAttributes.deadLetterConfiguration.maxReceiveCount' failed to satisfy constraint: Member must have value greater than or equal to 1")
		attributes(deadLetters("BUILT_IN", 1001), validation, "Value '1001' at 'queueAttributes.deadLetterConfiguration.maxReceiveCount' failed to satisfy constraint: Member must have value less than or equal to 1000")
	}

	for _, operation := range []string{alive, dead} {
		receive := func(name string, v any, code, message string) {
			add(operation, with(model.Object{"QueueARN": arn}, name, v), code, message)
		}
		receive("Limit", 0, validation, "Value '0' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1")
		receive("Limit", 11, validation, "Value '11' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 10")
		receive("Limit", "1", serializing, "can not be converted to an Integer")
		receive("WaitTimeSeconds", 0, validation, "Value '0' at 'waitTimeSeconds' failed to satisfy constraint: Member must have value greater than or equal to 1")
		receive("WaitTimeSeconds", 21, validation, "Value '21' at 'waitTimeSeconds' failed to satisfy constraint: Member must have value less than or equal to 20")
		receive("VisibilityTimeoutSeconds", -1, validation, "Value '-1' at 'visibilityTimeoutSeconds' failed to satisfy constraint: Member must have value greater than or equal to 0")
		receive("VisibilityTimeoutSeconds", 43201, validation, "Value '43201' at 'visibilityTimeoutSeconds' failed to satisfy constraint: Member must have value less than or equal to 43200")
	}

	entry := model.Object{"ReceiptHandle": "x"}
	for _, operation := range []string{"AcknowledgeQueueRecords", "AcknowledgeDeadLetterQueueRecords", "RestoreDeadLetterQueueRecords", "UpdateQueueRecordsVisibility", "UpdateDeadLetterQueueRecordsVisibility"} {
		timed := strings.HasPrefix(operation, "Update")
		e := entry
		if timed {
			e = with(entry, "VisibilityTimeoutSeconds", 1)
		}
		entries := func(v any, code, message string) {
			add(operation, with(model.Object{"QueueARN": arn}, "Entries", v), code, message)
		}
		entries(nil, validation, "Value null at 'entries' failed to satisfy constraint: Member must not be null")
		entries([]any{}, validation, "at 'entries' failed to satisfy constraint: Member must have length greater than or equal to 1")
		entries([]any{e, e, e, e, e, e, e, e, e, e, e}, validation, "at 'entries' failed to satisfy constraint: Member must have length less than or equal to 10")
		entries([]any{e, with(e, "ReceiptHandle", nil)}, validation, "Value null at 'entries.2.member.receiptHandle' failed to satisfy constraint: Member must not be null")
		entries([]any{with(e, "ReceiptHandle", "")}, validation, "Value '' at 'entries.1.member.receiptHandle' failed to satisfy constraint: Member must have length greater than or equal to 1")
		entries([]any{with(e, "ReceiptHandle", strings.Repeat("x", 1025))}, validation, "at 'entries.1.member.receiptHandle' failed to satisfy constraint: Member must have length less than or equal to 1024")
		if timed {
			entries([]any{entry}, validation, "Value null at 'entries.1.member.visibilityTimeoutSeconds' failed to satisfy constraint: Member must not be null")
			entries([]any{with(e, "VisibilityTimeoutSeconds", 43201)}, validation, "Value '43201' at 'entries.1.member.visibilityTimeoutSeconds' failed to satisfy constraint: Member must have value less than or equal to 43200")
		}
		add(operation, model.Object{"QueueARN": nowhere, "Entries": []any{e}}, notFound, nowhere)
		add(operation, model.Object{"Entries": []any{e}}, validation, "Value null at 'queueARN' failed to satisfy constraint: Member must not be null")
	}

	for _, operation := range []string{"DescribeQueue", "DeleteQueue", "UpdateQueue", alive, dead} {
		of := func(arn any, code, message string) {
			in := model.Object{}
			if operation == "UpdateQueue" {
				in["QueueAttributes"] = model.Object{}
			}
			add(operation, with(in, "QueueARN", arn), code, message)
		}
		of(nil, validation, "1 validation error detected: Value null at 'queueARN' failed to satisfy constraint: Member must not be null")
		of("q", validation, "Value 'q' at 'queueARN' failed to satisfy constraint: Member must satisfy regular expression pattern: arn:aws.*:kinesis:.*:\\d{12}:queue/\\S+")
		of(streamARN("s"), validation, "at 'queueARN' failed to satisfy constraint: Member must satisfy regular expression pattern")
		of(nowhere, notFound, nowhere)
		of(strings.Replace(arn, region, "eu-west-1", 1), notFound, "eu-west-1")
	}
	add("UpdateQueue", model.Object{"QueueARN": arn}, validation, "Value null at 'queueAttributes' failed to satisfy constraint: Member must not be null")

	list := func(name string, v any, code, message string) {
		add("ListQueues", model.Object{name: v}, code, message)
	}
	list("MaxResults", 0, validation, "Value '0' at 'maxResults' failed to satisfy constraint: Member must have value greater than or equal to 1")
	list("MaxResults", 10001, validation, "Value '10001' at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to 10000")
	list("NextToken", "garbage", argument, "")
	list("StreamFilter", []any{}, validation, "at 'streamFilter' failed to satisfy constraint: Member must have length greater than or equal to 1")
	list("StreamFilter", []any{model.Object{}}, validation, "Value null at 'streamFilter.1.member.streamARN' failed to satisfy constraint: Member must not be null")

	// What a queue forbids its stream.
	add("DeleteStream", model.Object{"StreamName": "s"}, inUse, "")
	add("UpdateStreamMode", model.Object{"StreamARN": streamARN("s"), "StreamModeDetails": model.Object{"StreamMode": "PROVISIONED"}}, inUse, "")
	return all
}
