#!/bin/sh
# Every action of Lambda, Logs and CloudWatch that is offered, by the AWS CLI; $ENDPOINT is the broker, function.zip and
# layer.zip are in the folder.
set -eu
aws_() { aws --endpoint-url "$ENDPOINT" --output text "$@"; }
lambda() { aws_ lambda "$@"; }
logs() { aws_ logs "$@"; }
cloudwatch() { aws_ cloudwatch "$@"; }
is() { test "$1" = "$2" || { echo "expected $2, got $1" >&2; exit 1; }; }
fails() { code=$1; shift; if "$@" 2>error.txt; then exit 1; fi; grep -q "($code)" error.txt; }

role=arn:aws:iam::000000000000:role/r
here=arn:aws:lambda:us-east-1:000000000000

# Functions
layer=$(lambda publish-layer-version --layer-name lib --zip-file fileb://layer.zip --compatible-runtimes python3.12 --query LayerVersionArn)
is "$layer" "$here:layer:lib:1"
arn=$(lambda create-function --function-name f --zip-file fileb://function.zip --runtime python3.12 --handler app.handler \
  --role $role --timeout 20 --memory-size 256 --environment 'Variables={GREETING=hello}' --layers "$layer" --tags team=blue \
  --query FunctionArn)
is "$arn" "$here:function:f"
lambda wait function-active-v2 --function-name f
is "$(lambda invoke --function-name f --payload '{"n":1}' --log-type Tail --query StatusCode out.json)" 200
is "$(cat out.json)" '{"n": 1, "greeting": "hello", "lib": 1, "version": "$LATEST"}'
lambda invoke --function-name f --payload '{}' --log-type Tail --query LogResult out.json | base64 -d | grep -q "^REPORT RequestId"
is "$(lambda invoke --function-name f --payload '{"fail":1}' --query FunctionError out.json)" Unhandled
grep -q '"errorMessage": "no"' out.json
is "$(lambda invoke --function-name f --invocation-type Event --payload '{}' --query StatusCode out.json)" 202
is "$(lambda invoke --function-name f --invocation-type DryRun --query StatusCode out.json)" 204
is "$(lambda get-function --function-name f --query Tags.team)" blue
is "$(lambda get-function-configuration --function-name f --query MemorySize)" 256
is "$(lambda list-functions --query 'Functions[].FunctionName')" f
is "$(lambda get-account-settings --query AccountLimit.ConcurrentExecutions)" 1000
lambda update-function-configuration --function-name f --environment 'Variables={GREETING=hi}' --query LastUpdateStatus >/dev/null
lambda wait function-updated-v2 --function-name f
lambda update-function-code --function-name f --zip-file fileb://function.zip --query CodeSha256 >/dev/null
lambda wait function-updated-v2 --function-name f

# Event source mappings
aws_ kinesis create-stream --stream-name orders --shard-count 1
aws_ kinesis wait stream-exists --stream-name orders
orders=arn:aws:kinesis:us-east-1:000000000000:stream/orders
mapping=$(lambda create-event-source-mapping --function-name f --event-source-arn $orders --starting-position TRIM_HORIZON --query UUID)
until [ "$(lambda get-event-source-mapping --uuid "$mapping" --query State)" = Enabled ]; do sleep 0.1; done
is "$(lambda list-event-source-mappings --function-name f --query 'EventSourceMappings[].UUID')" "$mapping"
is "$(lambda update-event-source-mapping --uuid "$mapping" --batch-size 7 --query BatchSize)" 7
until [ "$(lambda get-event-source-mapping --uuid "$mapping" --query State)" = Enabled ]; do sleep 0.1; done
is "$(lambda delete-event-source-mapping --uuid "$mapping" --query State)" Deleting

fails ResourceConflictException lambda create-function --function-name f --zip-file fileb://function.zip --runtime python3.12 --handler a.b --role $role
fails ResourceNotFoundException lambda get-function --function-name nothing

# Versions, aliases
is "$(lambda publish-version --function-name f --query Version)" 1
is "$(lambda list-versions-by-function --function-name f --query 'length(Versions)')" 2
lambda create-alias --function-name f --name live --function-version 1 --query AliasArn | grep -q "$arn:live"
lambda invoke --function-name f --qualifier live --payload '{}' --query ExecutedVersion out.json | grep -q 1
grep -q '"greeting": "hi"' out.json
is "$(lambda update-alias --function-name f --name live --description d --query Description)" d
is "$(lambda get-alias --function-name f --name live --query FunctionVersion)" 1
is "$(lambda list-aliases --function-name f --query 'Aliases[].Name')" live

# Layers
is "$(lambda list-layers --query 'Layers[].LayerName')" lib
is "$(lambda list-layer-versions --layer-name lib --query 'LayerVersions[].Version')" 1
is "$(lambda get-layer-version --layer-name lib --version-number 1 --query Version)" 1
is "$(lambda get-layer-version-by-arn --arn "$layer" --query Version)" 1
lambda add-layer-version-permission --layer-name lib --version-number 1 --statement-id s --action lambda:GetLayerVersion --principal '*' --query RevisionId >/dev/null
lambda get-layer-version-policy --layer-name lib --version-number 1 --query Policy | grep -q GetLayerVersion
lambda remove-layer-version-permission --layer-name lib --version-number 1 --statement-id s

# Concurrency
is "$(lambda put-function-concurrency --function-name f --reserved-concurrent-executions 5 --query ReservedConcurrentExecutions)" 5
is "$(lambda get-function-concurrency --function-name f --query ReservedConcurrentExecutions)" 5
lambda delete-function-concurrency --function-name f
lambda put-provisioned-concurrency-config --function-name f --qualifier live --provisioned-concurrent-executions 1 --query Status >/dev/null
is "$(lambda get-provisioned-concurrency-config --function-name f --qualifier live --query RequestedProvisionedConcurrentExecutions)" 1
is "$(lambda list-provisioned-concurrency-configs --function-name f --query 'length(ProvisionedConcurrencyConfigs)')" 1
lambda delete-provisioned-concurrency-config --function-name f --qualifier live

# URLs, policies, tags
url=$(lambda create-function-url-config --function-name f --auth-type NONE --query FunctionUrl)
is "$(lambda get-function-url-config --function-name f --query FunctionUrl)" "$url"
is "$(lambda update-function-url-config --function-name f --cors 'AllowOrigins=*' --query 'Cors.AllowOrigins[0]')" '*'
is "$(lambda list-function-url-configs --function-name f --query 'length(FunctionUrlConfigs)')" 1
lambda delete-function-url-config --function-name f
lambda add-permission --function-name f --statement-id s --action lambda:InvokeFunction --principal s3.amazonaws.com --query Statement | grep -q s3.amazonaws.com
lambda get-policy --function-name f --query Policy | grep -q '"Sid":"s"'
lambda remove-permission --function-name f --statement-id s
lambda tag-resource --resource "$arn" --tags cost=1
is "$(lambda list-tags --resource "$arn" --query Tags.cost)" 1
lambda untag-resource --resource "$arn" --tag-keys cost

# Asynchronous invocations and what else is set
is "$(lambda put-function-event-invoke-config --function-name f --maximum-retry-attempts 1 --query MaximumRetryAttempts)" 1
is "$(lambda update-function-event-invoke-config --function-name f --maximum-event-age-in-seconds 60 --query MaximumEventAgeInSeconds)" 60
is "$(lambda get-function-event-invoke-config --function-name f --query MaximumRetryAttempts)" 1
is "$(lambda list-function-event-invoke-configs --function-name f --query 'length(FunctionEventInvokeConfigs)')" 1
lambda delete-function-event-invoke-config --function-name f
is "$(lambda put-function-recursion-config --function-name f --recursive-loop Allow --query RecursiveLoop)" Allow
is "$(lambda get-function-recursion-config --function-name f --query RecursiveLoop)" Allow
is "$(lambda put-runtime-management-config --function-name f --update-runtime-on FunctionUpdate --query UpdateRuntimeOn)" FunctionUpdate
is "$(lambda get-runtime-management-config --function-name f --query UpdateRuntimeOn)" FunctionUpdate
profile=arn:aws:signer:us-east-1:000000000000:/signing-profiles/p/0123456789
signing=$(lambda create-code-signing-config --allowed-publishers "SigningProfileVersionArns=$profile" --query CodeSigningConfig.CodeSigningConfigArn)
is "$(lambda get-code-signing-config --code-signing-config-arn "$signing" --query CodeSigningConfig.CodeSigningConfigArn)" "$signing"
lambda update-code-signing-config --code-signing-config-arn "$signing" --description d --query CodeSigningConfig.Description >/dev/null
is "$(lambda list-code-signing-configs --query 'length(CodeSigningConfigs)')" 1
lambda put-function-code-signing-config --function-name f --code-signing-config-arn "$signing" --query FunctionName >/dev/null
is "$(lambda get-function-code-signing-config --function-name f --query CodeSigningConfigArn)" "$signing"
is "$(lambda list-functions-by-code-signing-config --code-signing-config-arn "$signing" --query 'length(FunctionArns)')" 1
lambda delete-function-code-signing-config --function-name f
lambda delete-code-signing-config --code-signing-config-arn "$signing"

# Logs that functions have written, and groups of one's own
group=/aws/lambda/f
stream=$(logs describe-log-streams --log-group-name $group --order-by LastEventTime --descending --query 'logStreams[0].logStreamName')
test "$(logs filter-log-events --log-group-name $group --filter-pattern '"REPORT RequestId"' --query 'length(events)')" -ge 4
logs get-log-events --log-group-name $group --log-stream-name "$stream" --query 'length(events)' >/dev/null
logs put-retention-policy --log-group-name $group --retention-in-days 3
is "$(logs describe-log-groups --log-group-name-prefix $group --query 'logGroups[0].retentionInDays')" 3
logs delete-retention-policy --log-group-name $group
logs create-log-group --log-group-name own --tags a=b
logs create-log-stream --log-group-name own --log-stream-name s
logs put-log-events --log-group-name own --log-stream-name s --log-events "timestamp=$(date +%s)000,message=hello" >/dev/null
logs tag-log-group --log-group-name own --tags c=d
is "$(logs list-tags-log-group --log-group-name own --query tags.c)" d
logs untag-log-group --log-group-name own --tags c
own=arn:aws:logs:us-east-1:000000000000:log-group:own
logs tag-resource --resource-arn $own --tags e=f
is "$(logs list-tags-for-resource --resource-arn $own --query tags.e)" f
logs untag-resource --resource-arn $own --tag-keys e
is "$(logs test-metric-filter --filter-pattern ERROR --log-event-messages 'ERROR x' fine --query 'length(matches)')" 1
logs delete-log-stream --log-group-name own --log-stream-name s
logs delete-log-group --log-group-name own

# Metrics of the invocations
since=$(date -u -d '-1 hour' +%FT%TZ); until=$(date -u -d '+2 minutes' +%FT%TZ)
test "$(cloudwatch list-metrics --namespace AWS/Lambda --metric-name Invocations --query 'length(Metrics)')" -ge 1
sum=$(cloudwatch get-metric-statistics --namespace AWS/Lambda --metric-name Invocations --dimensions Name=FunctionName,Value=f \
  --start-time "$since" --end-time "$until" --period 7200 --statistics Sum --query 'Datapoints[0].Sum')
test "${sum%.*}" -ge 4
errors='[{"Id":"e","MetricStat":{"Metric":{"Namespace":"AWS/Lambda","MetricName":"Errors","Dimensions":[{"Name":"FunctionName","Value":"f"}]},"Period":7200,"Stat":"Sum"}}]'
is "$(cloudwatch get-metric-data --metric-data-queries "$errors" --start-time "$since" --end-time "$until" --query 'MetricDataResults[0].Values[0]')" 1.0
cloudwatch put-metric-data --namespace Own --metric-name m --value 2

# The end
lambda delete-alias --function-name f --name live
lambda delete-function --function-name f
fails ResourceNotFoundException lambda invoke --function-name f out.json
lambda delete-layer-version --layer-name lib --version-number 1
is "$(lambda list-layers --query 'length(Layers)')" 0
echo ok
