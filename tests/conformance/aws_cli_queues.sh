#!/bin/sh
# Queues and topics by the AWS CLI; $ENDPOINT is the broker.
set -eu
sqs() { aws --endpoint-url "$ENDPOINT" --output text sqs "$@"; }
sns() { aws --endpoint-url "$ENDPOINT" --output text sns "$@"; }

dead=$(sqs create-queue --queue-name dead)
dead_arn=$(sqs get-queue-attributes --queue-url "$dead" --attribute-names QueueArn --query Attributes.QueueArn)
printf '{"RedrivePolicy":"{\\"deadLetterTargetArn\\":\\"%s\\",\\"maxReceiveCount\\":1}"}' "$dead_arn" >attributes.json
url=$(sqs create-queue --queue-name orders --attributes file://attributes.json --tags team=blue)
test "$(sqs list-queue-tags --queue-url "$url" --query Tags.team)" = blue
sqs send-message --queue-url "$url" --message-body one \
  --message-attributes '{"kind":{"DataType":"String","StringValue":"a"}}' >sent.txt
test "$(sqs receive-message --queue-url "$url" --visibility-timeout 0 --message-attribute-names All \
  --query 'Messages[0].MessageAttributes.kind.StringValue')" = a
test "$(sqs receive-message --queue-url "$url" --query 'length(Messages || `[]`)')" = 0
handle=$(sqs receive-message --queue-url "$dead" --query 'Messages[0].ReceiptHandle')
sqs change-message-visibility --queue-url "$dead" --receipt-handle "$handle" --visibility-timeout 60
sqs delete-message --queue-url "$dead" --receipt-handle "$handle"
if sqs get-queue-url --queue-name none 2>error.txt; then exit 1; fi
grep -q "(AWS.SimpleQueueService.NonExistentQueue).*The specified queue does not exist" error.txt
if sqs receive-message --queue-url "$url" --max-number-of-messages 11 2>error.txt; then exit 1; fi
grep -q "(InvalidParameterValue).*Must be between 1 and 10" error.txt

topic=$(sns create-topic --name news)
arn=$(sqs get-queue-attributes --queue-url "$url" --attribute-names QueueArn --query Attributes.QueueArn)
sns subscribe --topic-arn "$topic" --protocol sqs --notification-endpoint "$arn" \
  --attributes '{"RawMessageDelivery":"true","FilterPolicy":"{\"kind\":[\"a\"]}"}' >subscription.txt
sns publish --topic-arn "$topic" --message unwanted >sent.txt
sns publish --topic-arn "$topic" --message wanted \
  --message-attributes '{"kind":{"DataType":"String","StringValue":"a"}}' >sent.txt
test "$(sqs receive-message --queue-url "$url" --wait-time-seconds 20 --query 'Messages[].Body')" = wanted
if sns subscribe --topic-arn "$topic" --protocol email --notification-endpoint a@b 2>error.txt; then exit 1; fi
grep -q "(InvalidParameter).*does not support this protocol string: email" error.txt
sns unsubscribe --subscription-arn "$(cat subscription.txt)"
sns delete-topic --topic-arn "$topic"

# A function that is fed from the queue, and fails
lambda() { aws --endpoint-url "$ENDPOINT" --output text lambda "$@"; }
refused() { message=$1; shift; if "$@" 2>error.txt; then exit 1; fi; grep -q "(InvalidParameterValueException).*$message" error.txt; }
printf 'def handler(event, context):\n    raise ValueError("no")\n' >app.py
python -m zipfile -c function.zip app.py
lambda create-function --function-name poisoned --zip-file fileb://function.zip --runtime python3.12 \
  --handler app.handler --role arn:aws:iam::000000000000:role/r --timeout 2 >function.txt
lambda wait function-active-v2 --function-name poisoned
map() { lambda create-event-source-mapping --function-name poisoned --event-source-arn "$arn" --query UUID "$@"; }
sqs set-queue-attributes --queue-url "$url" --attributes VisibilityTimeout=1
refused "Queue visibility timeout: 1 seconds is less than Function timeout: 2 seconds" map
sqs set-queue-attributes --queue-url "$url" --attributes VisibilityTimeout=2
refused "StartingPosition is not valid for SQS event sources" map --starting-position LATEST
refused "Maximum batch window in seconds must be greater than 0" map --batch-size 11
uuid=$(map)
test "$(lambda get-event-source-mapping --uuid "$uuid" --query '[BatchSize, StateTransitionReason]' | tr '\t' ' ')" = \
  "10 USER_INITIATED"
sqs send-message --queue-url "$url" --message-body poison >sent.txt
test "$(sqs receive-message --queue-url "$dead" --wait-time-seconds 20 --query 'Messages[].Body')" = poison
test "$(lambda delete-event-source-mapping --uuid "$uuid" --query State)" = Deleting
lambda delete-function --function-name poisoned
sqs purge-queue --queue-url "$dead"
sqs delete-queue --queue-url "$url"
test "$(sqs list-queues --queue-name-prefix orders --query 'length(QueueUrls || `[]`)')" = 0
echo ok
