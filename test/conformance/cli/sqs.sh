#!/usr/bin/env bash
# The AWS CLI's commands of SQS against Millrace: prints "ok NAME" or "not ok NAME: why" for each check.
set -uo pipefail

# Version 1 of the CLI has an endpoint of its own for SQS, which the environment
# does not change.
q() { "$AWS_CLI" --endpoint-url "$AWS_ENDPOINT_URL" sqs "$@"; }

# shellcheck source=checks.sh
. "$(dirname "$0")/checks.sh"

QUEUE=$AWS_ENDPOINT_URL/000000000000/q
FIFO=$AWS_ENDPOINT_URL/000000000000/q.fifo
DEAD=$AWS_ENDPOINT_URL/000000000000/dead
ARN=arn:aws:sqs:us-east-1:000000000000

# received prints what of each message the query says.
received() { # URL QUERY, and further options
  local url=$1 query=$2
  shift 2
  q receive-message --queue-url "$url" --max-number-of-messages 10 --query "Messages[].[$query]" --output text "$@"
}

attribute() { q get-queue-attributes --queue-url "$1" --attribute-names "$2" --query "Attributes.$2" --output text; }

delete_first() { q delete-message --queue-url "$QUEUE" --receipt-handle "$(received "$QUEUE" ReceiptHandle | head -1)"; }

extend_first() {
  local handle
  handle=$(received "$QUEUE" ReceiptHandle | head -1)
  q change-message-visibility --queue-url "$QUEUE" --receipt-handle "$handle" --visibility-timeout 0 &&
    refused InvalidParameterValue q change-message-visibility --queue-url "$QUEUE" --receipt-handle "$handle" --visibility-timeout 43201
}

die() { # receives until the message of q2 is dead
  for _ in 1 2 3; do received "$AWS_ENDPOINT_URL/000000000000/q2" Body > /dev/null || return; done
}

task() { q list-message-move-tasks --source-arn $ARN:dead --query 'Results[0].Status' --output text; }

finished() {
  for _ in $(seq 50); do
    [ "$(task)" = COMPLETED ] && return 0
  done
  echo "the task is $(task)"
  return 1
}

check create equal "$QUEUE" q create-queue --queue-name q --attributes VisibilityTimeout=0 --tags a=b --query QueueUrl --output text
check create-otherwise refused QueueAlreadyExists q create-queue --queue-name q --attributes VisibilityTimeout=1
check url equal "$QUEUE" q get-queue-url --queue-name q --query QueueUrl --output text
check tags equal "a b" q list-queue-tags --queue-url "$QUEUE" --query 'Tags.[keys(@)[0],values(@)[0]]' --output text
check send equal 5d41402abc4b2a76b9719d911017c592 q send-message --queue-url "$QUEUE" --message-body hello \
  --message-attributes '{"n":{"DataType":"Number","StringValue":"42"}}' --query MD5OfMessageBody --output text
check receive equal "hello 42 1" received "$QUEUE" 'Body,MessageAttributes.n.StringValue,Attributes.ApproximateReceiveCount' --message-attribute-names All --attribute-names ApproximateReceiveCount
check change-visibility extend_first
check delete delete_first
check deleted equal "" q receive-message --queue-url "$QUEUE" --wait-time-seconds 1
check bad-handle refused ReceiptHandleIsInvalid q delete-message --queue-url "$QUEUE" --receipt-handle garbage
check send-batch equal "1 2" q send-message-batch --queue-url "$QUEUE" --entries Id=1,MessageBody=one Id=2,MessageBody=two,DelaySeconds=900 --query 'Successful[].Id' --output text
check counts equal "1" attribute "$QUEUE" ApproximateNumberOfMessages
check purge q purge-queue --queue-url "$QUEUE"
check set q set-queue-attributes --queue-url "$QUEUE" --attributes DelaySeconds=7
check was-set equal 7 attribute "$QUEUE" DelaySeconds
check permit q add-permission --queue-url "$QUEUE" --label L --aws-account-ids 111122223333 --actions SendMessage
check forbid q remove-permission --queue-url "$QUEUE" --label L
check fifo equal "$FIFO" q create-queue --queue-name q.fifo --attributes FifoQueue=true,ContentBasedDeduplication=true --query QueueUrl --output text
check fifo-send q send-message --queue-url "$FIFO" --message-body a --message-group-id g
check fifo-repeat q send-message --queue-url "$FIFO" --message-body a --message-group-id g
check fifo-receive equal "a g" received "$FIFO" 'Body,Attributes.MessageGroupId' --message-system-attribute-names MessageGroupId
check dead equal "$DEAD" q create-queue --queue-name dead --query QueueUrl --output text
check redrive q create-queue --queue-name q2 \
  --attributes "{\"VisibilityTimeout\":\"0\",\"RedrivePolicy\":\"{\\\"deadLetterTargetArn\\\":\\\"$ARN:dead\\\",\\\"maxReceiveCount\\\":1}\"}"
check sources equal "$AWS_ENDPOINT_URL/000000000000/q2" q list-dead-letter-source-queues --queue-url "$DEAD" --query 'queueUrls[]' --output text
check doomed q send-message --queue-url "$AWS_ENDPOINT_URL/000000000000/q2" --message-body doomed
check dying die
check dead-letter equal "doomed $ARN:q2" received "$DEAD" 'Body,Attributes.DeadLetterQueueSourceArn' --message-system-attribute-names All --wait-time-seconds 5 --visibility-timeout 0
check move q start-message-move-task --source-arn $ARN:dead
check moved finished
check is-back equal 1 attribute "$AWS_ENDPOINT_URL/000000000000/q2" ApproximateNumberOfMessages
check list equal "$DEAD $QUEUE $FIFO" q list-queues --page-size 2 --query 'QueueUrls[?!ends_with(@, `q2`)]' --output text
check delete-queue q delete-queue --queue-url "$QUEUE"
check is-gone refused AWS.SimpleQueueService.NonExistentQueue q send-message --queue-url "$QUEUE" --message-body x
echo done
