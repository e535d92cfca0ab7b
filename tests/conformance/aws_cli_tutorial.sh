#!/bin/sh
# The steps of AWS's "Perform basic Kinesis Data Stream operations using the AWS CLI", and resharding; $ENDPOINT is the broker.
set -eu
kinesis() { aws --endpoint-url "$ENDPOINT" --output text kinesis "$@"; }

kinesis create-stream --stream-name Foo --shard-count 1
kinesis wait stream-exists --stream-name Foo
test "$(kinesis describe-stream-summary --stream-name Foo --query StreamDescriptionSummary.StreamStatus)" = ACTIVE
kinesis list-streams --query StreamNames | grep -q Foo

kinesis put-record --stream-name Foo --partition-key 123 --data testdata | grep -q shardId-000000000000
iterator=$(kinesis get-shard-iterator --shard-id shardId-000000000000 --shard-iterator-type TRIM_HORIZON --stream-name Foo --query ShardIterator)
data=$(kinesis get-records --shard-iterator "$iterator" --query 'Records[0].Data')
test "$(printf %s "$data" | base64 -d)" = testdata

kinesis add-tags-to-stream --stream-name Foo --tags team=blue
test "$(kinesis list-tags-for-stream --stream-name Foo --query 'Tags[0].Value')" = blue
kinesis increase-stream-retention-period --stream-name Foo --retention-period-hours 48
kinesis split-shard --stream-name Foo --shard-to-split shardId-000000000000 --new-starting-hash-key 170141183460469231731687303715884105728
kinesis wait stream-exists --stream-name Foo
test "$(kinesis list-shards --stream-name Foo --query 'length(Shards)')" = 3
kinesis merge-shards --stream-name Foo --shard-to-merge shardId-000000000001 --adjacent-shard-to-merge shardId-000000000002
kinesis wait stream-exists --stream-name Foo
test "$(kinesis describe-stream-summary --stream-name Foo --query StreamDescriptionSummary.OpenShardCount)" = 1
arn=$(kinesis describe-stream-summary --stream-name Foo --query StreamDescriptionSummary.StreamARN)
kinesis register-stream-consumer --stream-arn "$arn" --consumer-name c --query Consumer.ConsumerARN | grep -q /consumer/c:
kinesis deregister-stream-consumer --stream-arn "$arn" --consumer-name c

kinesis delete-stream --stream-name Foo
kinesis wait stream-not-exists --stream-name Foo
if kinesis describe-stream --stream-name Foo 2>error.txt; then exit 1; fi
grep -q "(ResourceNotFoundException).*Stream Foo under account 000000000000 not found" error.txt
echo ok
