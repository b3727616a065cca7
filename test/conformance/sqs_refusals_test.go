package conformance

import (
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// queueRefusal is an input that SQS refuses, and how. Words in braces stand for
// the fixtures of TestQueueRefusals, {N*x} for N times x.
type queueRefusal struct {
	operation, input string

	shape   string // of queueErrors
	message string // as AWS writes it; empty: not known
}

// queueErrors are the errors' names in JSON, with their legacy codes and statuses
// (the table of §2).
var queueErrors = map[string]struct {
	code   string
	status int
}{
	"QueueDoesNotExist":                 {"AWS.SimpleQueueService.NonExistentQueue", 400},
	"QueueNameExists":                   {"QueueAlreadyExists", 400},
	"ReceiptHandleIsInvalid":            {"ReceiptHandleIsInvalid", 404},
	"EmptyBatchRequest":                 {"AWS.SimpleQueueService.EmptyBatchRequest", 400},
	"TooManyEntriesInBatchRequest":      {"AWS.SimpleQueueService.TooManyEntriesInBatchRequest", 400},
	"BatchEntryIdsNotDistinct":          {"AWS.SimpleQueueService.BatchEntryIdsNotDistinct", 400},
	"InvalidBatchEntryId":               {"AWS.SimpleQueueService.InvalidBatchEntryId", 400},
	"BatchRequestTooLong":               {"AWS.SimpleQueueService.BatchRequestTooLong", 400},
	"InvalidAttributeName":              {"InvalidAttributeName", 400},
	"InvalidAttributeValue":             {"InvalidAttributeValue", 400},
	"InvalidMessageContents":            {"InvalidMessageContents", 400},
	"OverLimit":                         {"OverLimit", 403},
	"ResourceNotFoundException":         {"ResourceNotFoundException", 404},
	"InvalidAddress":                    {"InvalidAddress", 404},
	"InvalidParameterValueException":    {"InvalidParameterValue", 400},
	"MissingRequiredParameterException": {"MissingParameter", 400},
}

const (
	invalidParameter = "InvalidParameterValueException"
	missingParameter = "MissingRequiredParameterException"

	nameRule   = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"
	entryRule  = "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long."
	groupRule  = " can only include alphanumeric and punctuation characters. 1 to 128 in length."
	notForThis = "The request include parameter that is not valid for this queue type."
	sseRule    = "You can use one type of server-side encryption (SSE) at one time. You can either enable KMS SSE or SQS SSE."
	noContent  = "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly"
)

var queueRefusals = map[string][]queueRefusal{
	"names": {
		{"CreateQueue", `{}`, missingParameter, "The request must contain the parameter QueueName."},
		{"CreateQueue", `{"QueueName":"a b"}`, invalidParameter, nameRule},
		{"CreateQueue", `{"QueueName":"a.b"}`, invalidParameter, nameRule},
		{"CreateQueue", `{"QueueName":"ä"}`, invalidParameter, nameRule},
		{"CreateQueue", `{"QueueName":"{81*a}"}`, invalidParameter, nameRule},
		{"CreateQueue", `{"QueueName":"{76*a}.fifo","Attributes":{"FifoQueue":"true"}}`, invalidParameter, nameRule},
		{"CreateQueue", `{"QueueName":"a.fifo"}`, invalidParameter, nameRule},
		{"CreateQueue", `{"QueueName":".fifo","Attributes":{"FifoQueue":"true"}}`, invalidParameter, nameRule},
		{"GetQueueUrl", `{}`, missingParameter, "The request must contain the parameter QueueName."},
		{"GetQueueUrl", `{"QueueName":"nowhere"}`, "QueueDoesNotExist", "{nowhere}"},
		{"SendMessage", `{"MessageBody":"x"}`, missingParameter, "The request must contain the parameter QueueUrl."},
		{"ListQueues", `{"MaxResults":0}`, invalidParameter, ""},
		{"ListQueues", `{"MaxResults":1001}`, invalidParameter, ""},
		{"ListDeadLetterSourceQueues", `{"QueueUrl":"{q}","MaxResults":1001}`, invalidParameter, ""},
	},
	"attributes": {
		{"CreateQueue", `{"QueueName":"a","Attributes":{"Foobar":"1"}}`, "InvalidAttributeName", "Unknown Attribute Foobar."},
		{"CreateQueue", `{"QueueName":"a","Attributes":{"FifoQueue":"false"}}`, "InvalidAttributeName", "Unknown Attribute FifoQueue."},
		{"CreateQueue", `{"QueueName":"a","Attributes":{"ContentBasedDeduplication":"true"}}`, "InvalidAttributeName", "Unknown Attribute ContentBasedDeduplication."},
		{"CreateQueue", `{"QueueName":"a","Attributes":{"DeduplicationScope":"queue"}}`, "InvalidAttributeName", "You can specify the DeduplicationScope only when FifoQueue is set to true."},
		{"CreateQueue", `{"QueueName":"a","Attributes":{"FifoThroughputLimit":"perQueue"}}`, "InvalidAttributeName", "You can specify the FifoThroughputLimit only when FifoQueue is set to true."},
		{"CreateQueue", `{"QueueName":"a","Attributes":{"QueueArn":"x"}}`, "InvalidAttributeName", "Unknown Attribute QueueArn."},
		{"CreateQueue", `{"QueueName":"a","Attributes":{"DelaySeconds":"901"}}`, "InvalidAttributeValue", "Invalid value for the parameter DelaySeconds."},
		{"CreateQueue", `{"QueueName":"a","Attributes":{"DelaySeconds":"-1"}}`, "InvalidAttributeValue", "Invalid value for the parameter DelaySeconds."},
		{"CreateQueue", `{"QueueName":"a","Attributes":{"DelaySeconds":"x"}}`, "InvalidAttributeValue", "Invalid value for the parameter DelaySeconds."},
		{"CreateQueue", `{"QueueName":"a","Attributes":{"MaximumMessageSize":"1023"}}`, "InvalidAttributeValue", "Invalid value for the parameter MaximumMessageSize."},
		{"CreateQueue", `{"QueueName":"a","Attributes":{"MaximumMessageSize":"1048577"}}`, "InvalidAttributeValue", "Invalid value for the parameter MaximumMessageSize."},
		{"CreateQueue", `{"QueueName":"a","Attributes":{"MessageRetentionPeriod":"59"}}`, "InvalidAttributeValue", "Invalid value for the parameter MessageRetentionPeriod."},
		{"CreateQueue", `{"QueueName":"a","Attributes":{"MessageRetentionPeriod":"1209601"}}`, "InvalidAttributeValue", "Invalid value for the parameter MessageRetentionPeriod."},
		{"CreateQueue", `{"QueueName":"a","Attributes":{"ReceiveMessageWaitTimeSeconds":"21"}}`, "InvalidAttributeValue", "Invalid value for the parameter ReceiveMessageWaitTimeSeconds."},
		{"CreateQueue", `{"QueueName":"a","Attributes":{"VisibilityTimeout":"43201"}}`, "InvalidAttributeValue", "Invalid value for the parameter VisibilityTimeout."},
		{"CreateQueue", `{"QueueName":"a","Attributes":{"KmsDataKeyReusePeriodSeconds":"59"}}`, "InvalidAttributeValue", "Invalid value for the parameter KmsDataKeyReusePeriodSeconds."},
		{"CreateQueue", `{"QueueName":"a","Attributes":{"KmsMasterKeyId":"alias/aws/sqs","SqsManagedSseEnabled":"true"}}`, "InvalidAttributeName", sseRule},
		{"CreateQueue", `{"QueueName":"a","Attributes":{"Policy":"{"}}`, "InvalidAttributeValue", ""},
		{"CreateQueue", `{"QueueName":"a.fifo","Attributes":{"FifoQueue":"true","FifoThroughputLimit":"perMessageGroupId"}}`, "{anything}", ""},
		{"CreateQueue", `{"QueueName":"small","Attributes":{"MaximumMessageSize":"2048"}}`, "QueueNameExists", "A queue already exists with the same name and a different value for attribute MaximumMessageSize"},
		{"SetQueueAttributes", `{"QueueUrl":"{q}","Attributes":{"Foobar":"1"}}`, "InvalidAttributeName", "Unknown Attribute Foobar."},
		{"SetQueueAttributes", `{"QueueUrl":"{q}","Attributes":{"QueueArn":"1"}}`, "InvalidAttributeName", "Unknown Attribute QueueArn."},
		{"SetQueueAttributes", `{"QueueUrl":"{q}","Attributes":{"ApproximateNumberOfMessages":"1"}}`, "InvalidAttributeName", "Unknown Attribute ApproximateNumberOfMessages."},
		{"SetQueueAttributes", `{"QueueUrl":"{q}","Attributes":{"VisibilityTimeout":"43201"}}`, "InvalidAttributeValue", "Invalid value for the parameter VisibilityTimeout."},
		{"SetQueueAttributes", `{"QueueUrl":"{fifo}","Attributes":{"FifoQueue":"false"}}`, "InvalidAttributeValue", "Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not supported."},
		{"SetQueueAttributes", `{"QueueUrl":"{nowhere url}","Attributes":{"VisibilityTimeout":"1"}}`, "QueueDoesNotExist", "{nowhere}"},
		{"GetQueueAttributes", `{"QueueUrl":"{q}","AttributeNames":["Foobar"]}`, "InvalidAttributeName", "Unknown Attribute Foobar."},
		{"GetQueueAttributes", `{"QueueUrl":"{nowhere url}","AttributeNames":["All"]}`, "QueueDoesNotExist", "{nowhere}"},
	},
	"redrive policies": {
		{"SetQueueAttributes", `{"QueueUrl":"{q}","Attributes":{"RedrivePolicy":"{\"deadLetterTargetArn\":\"{dead arn}\"}"}}`, invalidParameter, ""},
		{"SetQueueAttributes", `{"QueueUrl":"{q}","Attributes":{"RedrivePolicy":"{\"maxReceiveCount\":1}"}}`, invalidParameter, ""},
		{"SetQueueAttributes", `{"QueueUrl":"{q}","Attributes":{"RedrivePolicy":"nonsense"}}`, "{anything}", ""},
		{
			"SetQueueAttributes", `{"QueueUrl":"{q}","Attributes":{"RedrivePolicy":"{\"deadLetterTargetArn\":\"{dead arn}\",\"maxReceiveCount\":0}"}}`, invalidParameter,
			`Value {"deadLetterTargetArn":"{dead arn}","maxReceiveCount":0} for parameter RedrivePolicy is invalid. Reason: Invalid value for maxReceiveCount: 0, valid values are from 1 to 1000 both inclusive.`,
		},
		{
			"SetQueueAttributes", `{"QueueUrl":"{q}","Attributes":{"RedrivePolicy":"{\"deadLetterTargetArn\":\"{dead arn}\",\"maxReceiveCount\":\"1001\"}"}}`, invalidParameter,
			`Value {"deadLetterTargetArn":"{dead arn}","maxReceiveCount":"1001"} for parameter RedrivePolicy is invalid. Reason: Invalid value for maxReceiveCount: 1001, valid values are from 1 to 1000 both inclusive.`,
		},
		{"SetQueueAttributes", `{"QueueUrl":"{q}","Attributes":{"RedrivePolicy":"{\"deadLetterTargetArn\":\"{closed arn}\",\"maxReceiveCount\":3}"}}`, invalidParameter, ""},
		{"SetQueueAttributes", `{"QueueUrl":"{fifo}","Attributes":{"RedrivePolicy":"{\"deadLetterTargetArn\":\"{dead arn}\",\"maxReceiveCount\":3}"}}`, invalidParameter, ""},
		{"SetQueueAttributes", `{"QueueUrl":"{q}","Attributes":{"RedriveAllowPolicy":"{\"redrivePermission\":\"perhaps\"}"}}`, "{anything}", ""},
	},
	"bodies": {
		{"SendMessage", `{"QueueUrl":"{q}"}`, missingParameter, "The request must contain the parameter MessageBody."},
		{"SendMessage", `{"QueueUrl":"{q}","MessageBody":""}`, missingParameter, "The request must contain the parameter MessageBody."},
		{"SendMessage", `{"QueueUrl":"{nowhere url}","MessageBody":"x"}`, "QueueDoesNotExist", "{nowhere}"},
		{"SendMessage", `{"QueueUrl":"{small}","MessageBody":"{1025*x}"}`, invalidParameter, "One or more parameters are invalid. Reason: Message must be shorter than 1024 bytes."},
		{"SendMessage", `{"QueueUrl":"{small}","MessageBody":"{1015*x}","MessageAttributes":{"a":{"DataType":"Number","StringValue":"123"}}}`, invalidParameter, "One or more parameters are invalid. Reason: Message must be shorter than 1024 bytes."},
		{"SendMessage", `{"QueueUrl":"{q}","MessageBody":"{1048577*x}"}`, invalidParameter, "One or more parameters are invalid. Reason: Message must be shorter than 1048576 bytes."},
		{"SendMessage", `{"QueueUrl":"{q}","MessageBody":"a\u0000b"}`, "InvalidMessageContents", ""},
		{"SendMessage", `{"QueueUrl":"{q}","MessageBody":"\ufffe"}`, "InvalidMessageContents", ""},
		{"SendMessage", `{"QueueUrl":"{q}","MessageBody":"x","DelaySeconds":901}`, invalidParameter, "Value 901 for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900."},
		{"SendMessage", `{"QueueUrl":"{q}","MessageBody":"x","DelaySeconds":-1}`, invalidParameter, "Value -1 for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900."},
	},
	"message attributes": {
		{"SendMessage", `{"QueueUrl":"{q}","MessageBody":"x","MessageAttributes":{` + elevenAttributes() + `}}`, invalidParameter, "Number of message attributes [11] exceeds the allowed maximum [10]."},
		{"SendMessage", `{"QueueUrl":"{q}","MessageBody":"x","MessageAttributes":{"N":{"DataType":"String","StringValue":""}}}`, invalidParameter, "Message (user) attribute 'N' must contain a non-empty value of type 'String'."},
		{"SendMessage", `{"QueueUrl":"{q}","MessageBody":"x","MessageAttributes":{"N":{"DataType":"Text","StringValue":"x"}}}`, invalidParameter, ""},
		{"SendMessage", `{"QueueUrl":"{q}","MessageBody":"x","MessageAttributes":{"N":{"StringValue":"x"}}}`, invalidParameter, ""},
		{"SendMessage", `{"QueueUrl":"{q}","MessageBody":"x","MessageAttributes":{"N":{"DataType":"Number","StringValue":"seven"}}}`, invalidParameter, ""},
		{"SendMessage", `{"QueueUrl":"{q}","MessageBody":"x","MessageAttributes":{"N":{"DataType":"Number","StringValue":"{39*7}"}}}`, invalidParameter, ""},
		{"SendMessage", `{"QueueUrl":"{q}","MessageBody":"x","MessageAttributes":{"N":{"DataType":"String","StringValue":"\u0001"}}}`, invalidParameter, ""},
		{"SendMessage", `{"QueueUrl":"{q}","MessageBody":"x","MessageAttributes":{"aws.x":{"DataType":"String","StringValue":"x"}}}`, invalidParameter, ""},
		{"SendMessage", `{"QueueUrl":"{q}","MessageBody":"x","MessageAttributes":{"AmazoN.x":{"DataType":"String","StringValue":"x"}}}`, invalidParameter, ""},
		{"SendMessage", `{"QueueUrl":"{q}","MessageBody":"x","MessageAttributes":{".a":{"DataType":"String","StringValue":"x"}}}`, invalidParameter, ""},
		{"SendMessage", `{"QueueUrl":"{q}","MessageBody":"x","MessageAttributes":{"a.":{"DataType":"String","StringValue":"x"}}}`, invalidParameter, ""},
		{"SendMessage", `{"QueueUrl":"{q}","MessageBody":"x","MessageAttributes":{"a..b":{"DataType":"String","StringValue":"x"}}}`, invalidParameter, ""},
		{"SendMessage", `{"QueueUrl":"{q}","MessageBody":"x","MessageAttributes":{"a b":{"DataType":"String","StringValue":"x"}}}`, invalidParameter, ""},
		{"SendMessage", `{"QueueUrl":"{q}","MessageBody":"x","MessageAttributes":{"{257*a}":{"DataType":"String","StringValue":"x"}}}`, invalidParameter, ""},
		{"SendMessage", `{"QueueUrl":"{q}","MessageBody":"x","MessageSystemAttributes":{"AWSTraceHeader":{"DataType":"Number","StringValue":"1"}}}`, invalidParameter, ""},
		{"SendMessage", `{"QueueUrl":"{q}","MessageBody":"x","MessageSystemAttributes":{"SenderId":{"DataType":"String","StringValue":"1"}}}`, invalidParameter, ""},
	},
	"FIFO": {
		{"SendMessage", `{"QueueUrl":"{fifo}","MessageBody":"x","MessageDeduplicationId":"1"}`, missingParameter, "The request must contain the parameter MessageGroupId."},
		{"SendMessage", `{"QueueUrl":"{fifo}","MessageBody":"x","MessageGroupId":"g"}`, invalidParameter, noContent},
		{"SendMessage", `{"QueueUrl":"{fifo}","MessageBody":"x","MessageGroupId":"a b","MessageDeduplicationId":"1"}`, invalidParameter, "Value a b for parameter MessageGroupId is invalid. Reason: MessageGroupId" + groupRule},
		{"SendMessage", `{"QueueUrl":"{fifo}","MessageBody":"x","MessageGroupId":"{129*g}","MessageDeduplicationId":"1"}`, invalidParameter, "Value {129*g} for parameter MessageGroupId is invalid. Reason: MessageGroupId" + groupRule},
		{"SendMessage", `{"QueueUrl":"{fifo}","MessageBody":"x","MessageGroupId":"g","MessageDeduplicationId":"a b"}`, invalidParameter, "Value a b for parameter MessageDeduplicationId is invalid. Reason: MessageDeduplicationId" + groupRule},
		{"SendMessage", `{"QueueUrl":"{fifo}","MessageBody":"x","MessageGroupId":"g","MessageDeduplicationId":"1","DelaySeconds":2}`, invalidParameter, "Value 2 for parameter DelaySeconds is invalid. Reason: " + notForThis},
		{"SendMessage", `{"QueueUrl":"{q}","MessageBody":"x","MessageDeduplicationId":"1"}`, invalidParameter, "Value 1 for parameter MessageDeduplicationId is invalid. Reason: The request includes a parameter that is not valid for this queue type."},
		{"SendMessage", `{"QueueUrl":"{q}","MessageBody":"x","MessageGroupId":"a b"}`, invalidParameter, "Value a b for parameter MessageGroupId is invalid. Reason: MessageGroupId" + groupRule},
		{"SendMessageBatch", `{"QueueUrl":"{fifo}","Entries":[{"Id":"1","MessageBody":"x","MessageDeduplicationId":"1"}]}`, invalidParameter, "The request must contain the parameter MessageGroupId."},
		{"SendMessageBatch", `{"QueueUrl":"{fifo}","Entries":[{"Id":"1","MessageBody":"x","MessageGroupId":"g","MessageDeduplicationId":"1"},{"Id":"2","MessageBody":"x","MessageGroupId":"g"}]}`, invalidParameter, noContent},
		{"ReceiveMessage", `{"QueueUrl":"{q}","ReceiveRequestAttemptId":"x"}`, invalidParameter, ""},
		{"ReceiveMessage", `{"QueueUrl":"{fifo}","ReceiveRequestAttemptId":"{129*x}"}`, invalidParameter, ""},
	},
	"batches": {
		{"SendMessageBatch", `{"QueueUrl":"{q}","Entries":[]}`, "EmptyBatchRequest", "There should be at least one SendMessageBatchRequestEntry in the request."},
		{"SendMessageBatch", `{"QueueUrl":"{q}","Entries":[` + entries(20, `"MessageBody":"x"`) + `]}`, "TooManyEntriesInBatchRequest", "Maximum number of entries per request are 10. You have sent 20."},
		{"SendMessageBatch", `{"QueueUrl":"{q}","Entries":[{"Id":"a","MessageBody":"x"},{"Id":"a","MessageBody":"y"}]}`, "BatchEntryIdsNotDistinct", "Id a repeated."},
		{"SendMessageBatch", `{"QueueUrl":"{q}","Entries":[{"Id":"a b","MessageBody":"x"}]}`, "InvalidBatchEntryId", entryRule},
		{"SendMessageBatch", `{"QueueUrl":"{q}","Entries":[{"Id":"{81*a}","MessageBody":"x"}]}`, "InvalidBatchEntryId", entryRule},
		{"SendMessageBatch", `{"QueueUrl":"{q}","Entries":[{"Id":"1","MessageBody":"{1048576*x}"},{"Id":"2","MessageBody":"x"}]}`, "BatchRequestTooLong", "Batch requests cannot be longer than 1048576 bytes. You have sent 1048577 bytes."},
		{"SendMessageBatch", `{"QueueUrl":"{nowhere url}","Entries":[{"Id":"a","MessageBody":"x"}]}`, "QueueDoesNotExist", "{nowhere}"},
		{"DeleteMessageBatch", `{"QueueUrl":"{q}","Entries":[]}`, "EmptyBatchRequest", "There should be at least one DeleteMessageBatchRequestEntry in the request."},
		{"DeleteMessageBatch", `{"QueueUrl":"{q}","Entries":[` + entries(11, `"ReceiptHandle":"x"`) + `]}`, "TooManyEntriesInBatchRequest", "Maximum number of entries per request are 10. You have sent 11."},
		{"DeleteMessageBatch", `{"QueueUrl":"{q}","Entries":[{"Id":"a","ReceiptHandle":"x"},{"Id":"a","ReceiptHandle":"y"}]}`, "BatchEntryIdsNotDistinct", "Id a repeated."},
		{"DeleteMessageBatch", `{"QueueUrl":"{q}","Entries":[{"Id":"!","ReceiptHandle":"x"}]}`, "InvalidBatchEntryId", entryRule},
		{"ChangeMessageVisibilityBatch", `{"QueueUrl":"{q}","Entries":[]}`, "EmptyBatchRequest", "There should be at least one ChangeMessageVisibilityBatchRequestEntry in the request."},
		{"ChangeMessageVisibilityBatch", `{"QueueUrl":"{q}","Entries":[` + entries(11, `"ReceiptHandle":"x","VisibilityTimeout":1`) + `]}`, "TooManyEntriesInBatchRequest", "Maximum number of entries per request are 10. You have sent 11."},
	},
	"receives": {
		{"ReceiveMessage", `{"QueueUrl":"{q}","MaxNumberOfMessages":0}`, invalidParameter, "Value 0 for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided."},
		{"ReceiveMessage", `{"QueueUrl":"{q}","MaxNumberOfMessages":11}`, invalidParameter, "Value 11 for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided."},
		{"ReceiveMessage", `{"QueueUrl":"{q}","WaitTimeSeconds":21}`, invalidParameter, "Value 21 for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if provided."},
		{"ReceiveMessage", `{"QueueUrl":"{q}","WaitTimeSeconds":-1}`, invalidParameter, "Value -1 for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if provided."},
		{"ReceiveMessage", `{"QueueUrl":"{q}","VisibilityTimeout":43201}`, invalidParameter, "Value 43201 for parameter VisibilityTimeout is invalid. Reason: Must be >= 0 and <= 43200, if provided."},
		{"ReceiveMessage", `{"QueueUrl":"{q}","VisibilityTimeout":-1}`, invalidParameter, "Value -1 for parameter VisibilityTimeout is invalid. Reason: Must be >= 0 and <= 43200, if provided."},
		{"ReceiveMessage", `{"QueueUrl":"{q}","AttributeNames":["Foobar"]}`, "InvalidAttributeName", "Unknown Attribute Foobar."},
		{"ReceiveMessage", `{"QueueUrl":"{nowhere url}"}`, "QueueDoesNotExist", "{nowhere}"},
	},
	"receipt handles": {
		{"DeleteMessage", `{"QueueUrl":"{q}"}`, missingParameter, "The request must contain the parameter ReceiptHandle."},
		{"DeleteMessage", `{"QueueUrl":"{q}","ReceiptHandle":"garbage"}`, "ReceiptHandleIsInvalid", `The input receipt handle "garbage" is not a valid receipt handle.`},
		{"DeleteMessage", `{"QueueUrl":"{fifo}","ReceiptHandle":"garbage"}`, "ReceiptHandleIsInvalid", `The input receipt handle "garbage" is not a valid receipt handle.`},
		{"DeleteMessage", `{"QueueUrl":"{small}","ReceiptHandle":"{handle}"}`, "ReceiptHandleIsInvalid", `The input receipt handle "{handle}" is not a valid receipt handle.`},
		{"ChangeMessageVisibility", `{"QueueUrl":"{q}","ReceiptHandle":"garbage","VisibilityTimeout":1}`, "ReceiptHandleIsInvalid", `The input receipt handle "garbage" is not a valid receipt handle.`},
		{"ChangeMessageVisibility", `{"QueueUrl":"{q}","ReceiptHandle":"{handle}"}`, missingParameter, "The request must contain the parameter VisibilityTimeout."},
		{"ChangeMessageVisibility", `{"QueueUrl":"{q}","ReceiptHandle":"{handle}","VisibilityTimeout":43201}`, invalidParameter, "Value 43201 for parameter VisibilityTimeout is invalid. Reason: Must be >= 0 and <= 43200, if provided."},
		{"ChangeMessageVisibility", `{"QueueUrl":"{q}","ReceiptHandle":"{handle}","VisibilityTimeout":-1}`, invalidParameter, "Value -1 for parameter VisibilityTimeout is invalid. Reason: Must be >= 0 and <= 43200, if provided."},
		{"ChangeMessageVisibility", `{"QueueUrl":"{q}","ReceiptHandle":"{deleted handle}","VisibilityTimeout":1}`, invalidParameter, "Value {deleted handle} for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for visibility timeout change."},
	},
	"permissions and tags": {
		{"AddPermission", `{"QueueUrl":"{q}","Label":"L","AWSAccountIds":["111122223333"],"Actions":["SendMessage"]}`, invalidParameter, "Value L for parameter Label is invalid. Reason: Already exists."},
		{"AddPermission", `{"QueueUrl":"{q}","Label":"M","AWSAccountIds":["111122223333"],"Actions":["Frobnicate"]}`, invalidParameter, "Value SQS:Frobnicate for parameter ActionName is invalid. Reason: Please refer to the appropriate WSDL for a list of valid actions. "},
		{
			"AddPermission", `{"QueueUrl":"{q}","Label":"M","AWSAccountIds":["111122223333"],"Actions":["SendMessage","ReceiveMessage","DeleteMessage","ChangeMessageVisibility","GetQueueAttributes","GetQueueUrl","ListDeadLetterSourceQueues","PurgeQueue"]}`,
			"OverLimit", "8 Actions were found, maximum allowed is 7.",
		},
		{"RemovePermission", `{"QueueUrl":"{q}","Label":"none"}`, invalidParameter, "Value none for parameter Label is invalid. Reason: can't find label."},
		{"TagQueue", `{"QueueUrl":"{nowhere url}","Tags":{"a":"b"}}`, "QueueDoesNotExist", "{nowhere}"},
		{"TagQueue", `{"QueueUrl":"{q}"}`, missingParameter, "The request must contain the parameter Tags."},
		{"TagQueue", `{"QueueUrl":"{q}","Tags":{"aws:a":"b"}}`, invalidParameter, ""},
		{"TagQueue", `{"QueueUrl":"{q}","Tags":{"{129*a}":"b"}}`, invalidParameter, ""},
		{"TagQueue", `{"QueueUrl":"{q}","Tags":{"a":"{257*b}"}}`, invalidParameter, ""},
		{"UntagQueue", `{"QueueUrl":"{nowhere url}","TagKeys":["a"]}`, "QueueDoesNotExist", "{nowhere}"},
		{"PurgeQueue", `{"QueueUrl":"{nowhere url}"}`, "QueueDoesNotExist", "{nowhere}"},
		{"DeleteQueue", `{"QueueUrl":"{nowhere url}"}`, "QueueDoesNotExist", "{nowhere}"},
	},
	"move tasks": {
		{"StartMessageMoveTask", `{}`, missingParameter, ""},
		{"StartMessageMoveTask", `{"SourceArn":"{q arn}"}`, invalidParameter, "Source queue must be configured as a Dead Letter Queue."},
		{"StartMessageMoveTask", `{"SourceArn":"arn:aws:sqs:us-east-1:000000000000:nowhere"}`, "ResourceNotFoundException", "The resource that you specified for the SourceArn parameter doesn't exist."},
		{"StartMessageMoveTask", `{"SourceArn":"{dead arn}","DestinationArn":"arn:aws:sqs:us-east-1:000000000000:nowhere"}`, "ResourceNotFoundException", "The resource that you specified for the DestinationArn parameter doesn't exist."},
		{"StartMessageMoveTask", `{"SourceArn":"{dead arn}","MaxNumberOfMessagesPerSecond":501}`, invalidParameter, ""},
		{"ListMessageMoveTasks", `{"SourceArn":"arn:aws:sqs:us-east-1:000000000000:nowhere"}`, "ResourceNotFoundException", "The resource that you specified for the SourceArn parameter doesn't exist."},
		{"ListMessageMoveTasks", `{"SourceArn":"{dead arn}","MaxResults":11}`, invalidParameter, ""},
		{"CancelMessageMoveTask", `{"TaskHandle":"nonsense"}`, invalidParameter, "Value for parameter TaskHandle is invalid."},
		{"CancelMessageMoveTask", `{"TaskHandle":"{no task}"}`, "ResourceNotFoundException", "Task does not exist."},
	},
}

// Every refusal that is known, in both protocols.
func TestQueueRefusals(t *testing.T) {
	t.Parallel()
	s := startQueues(t)
	c := s.queues()
	q, small, fifo := newQueue(t, c, "q", nil), newQueue(t, c, "small", attributes{"MaximumMessageSize": "1024"}), newFIFO(t, c, "q.fifo", nil)
	newQueue(t, c, "dead", nil)
	newQueue(t, c, "closed", attributes{"RedriveAllowPolicy": `{"redrivePermission":"denyAll"}`})
	newQueue(t, c, "live", withDeadLetters("dead", 3))
	if _, err := c.AddPermission(t.Context(), &sqs.AddPermissionInput{QueueUrl: q, Label: new("L"), AWSAccountIds: []string{account}, Actions: []string{"SendMessage"}}); err != nil {
		t.Fatal(err)
	}
	send(t, c, q, "kept")
	send(t, c, q, "deleted")
	got := receive(t, c, q)
	if len(got) != 2 {
		t.Fatalf("received %q", bodies(got))
	}
	deleteMessage(t, c, q, got[1])
	fixtures := []string{
		"{q}", *q, "{small}", *small, "{fifo}", *fifo, "{nowhere url}", s.url + "/" + account + "/nowhere",
		"{q arn}", queueARN("q"), "{dead arn}", queueARN("dead"), "{closed arn}", queueARN("closed"),
		"{handle}", *got[0].ReceiptHandle, "{deleted handle}", *got[1].ReceiptHandle, "{no task}", noTask("dead"),
	}
	for section, rows := range queueRefusals {
		t.Run(section, func(t *testing.T) {
			for _, x := range rows {
				filled := x
				filled.input = repeated(strings.NewReplacer(fixtures...).Replace(x.input))
				filled.message = repeated(strings.NewReplacer(fixtures...).Replace(x.message))
				s.refusesInJSON(t, x.operation+" "+x.input, filled)
				s.refusesInQuery(t, x.operation+" "+x.input, filled)
			}
		})
	}
	// Nothing of a refused batch is stored.
	wantCounts(t, c, q, "0", "1", "0")
	wantCounts(t, c, fifo, "0", "0", "0")
}

func (s *server) refusesInJSON(t *testing.T, name string, x queueRefusal) {
	t.Helper()
	a := s.askJSON(t, "/", x.operation, x.input)
	var e struct {
		Type    string `json:"__type"`
		Message string `json:"message"`
	}
	err := json.Unmarshal([]byte(a.body), &e)
	shape := e.Type[strings.LastIndexByte(e.Type, '#')+1:]
	if x.shape == "{anything}" {
		x.shape = shape
	}
	want, known := queueErrors[x.shape]
	message := strings.ReplaceAll(x.message, "{nowhere}", "The specified queue does not exist.")
	if err != nil || !known || shape != x.shape || !strings.Contains(e.Type, "#") || a.status != want.status || a.header.Get("X-Amzn-Query-Error") != want.code+";Sender" || message != "" && e.Message != message || e.Message == "" || a.header.Get("X-Amzn-Requestid") == "" {
		t.Errorf("%.200s in JSON: status %d, header %q, %.500s\nwant %d %s %s", name, a.status, a.header.Get("X-Amzn-Query-Error"), a.body, want.status, x.shape, message)
	}
}

// queryError is an error in Query.
type queryError struct {
	XMLName xml.Name `xml:"http://queue.amazonaws.com/doc/2012-11-05/ ErrorResponse"`
	Type    string   `xml:"Error>Type"`
	Code    string   `xml:"Error>Code"`
	Message string   `xml:"Error>Message"`
	ID      string   `xml:"RequestId"`
}

func (s *server) refusesInQuery(t *testing.T, name string, x queueRefusal) {
	t.Helper()
	a := s.askForm(t, "/", x.operation, formOf(t, x.operation, x.input))
	var e queryError
	err := xml.Unmarshal([]byte(a.body), &e)
	want := queueErrors[x.shape]
	if x.shape == "{anything}" {
		want.code, want.status = e.Code, 400
	}
	message := strings.ReplaceAll(x.message, "{nowhere}", "The specified queue does not exist for this wsdl version.")
	if err != nil || e.Type != "Sender" || e.Code != want.code || e.Code == "" || a.status != want.status || message != "" && e.Message != message || e.Message == "" || e.ID == "" {
		t.Errorf("%.200s in Query: status %d, %.600s (%v)\nwant %d %s %s", name, a.status, a.body, err, want.status, want.code, message)
	}
}

// repeated replaces {N*x} by N times x.
func repeated(s string) string {
	return repetition.ReplaceAllStringFunc(s, func(m string) string {
		n, what, _ := strings.Cut(m[1:len(m)-1], "*")
		times, _ := strconv.Atoi(n)
		return strings.Repeat(what, times)
	})
}

var repetition = regexp.MustCompile(`\{\d+\*.\}`)

// entries are n entries of a batch with the same members.
func entries(n int, members string) string {
	var all []string
	for i := range n {
		all = append(all, `{"Id":"`+strconv.Itoa(i)+`",`+members+`}`)
	}
	return strings.Join(all, ",")
}

func elevenAttributes() string {
	var all []string
	for i := range 11 {
		all = append(all, `"a`+strconv.Itoa(i)+`":{"DataType":"String","StringValue":"x"}`)
	}
	return strings.Join(all, ",")
}

// noTask is the handle of a task that never was.
func noTask(source string) string {
	return base64.StdEncoding.EncodeToString([]byte(`{"taskId":"10f57157-fc39-4da8-a8a8-bf8a5e1ff13e","sourceArn":"` + queueARN(source) + `"}`))
}
