#!/bin/sh
# Logs and metrics by the AWS CLI; $ENDPOINT is the broker.
set -eu
logs() { aws --endpoint-url "$ENDPOINT" --output text logs "$@"; }
cloudwatch() { aws --endpoint-url "$ENDPOINT" --output text cloudwatch "$@"; }

logs create-log-group --log-group-name /app
logs create-log-stream --log-group-name /app --log-stream-name s
now=$(date +%s)000
logs put-log-events --log-group-name /app --log-stream-name s --log-events \
  "timestamp=$now,message=INFO one" "timestamp=$now,message=ERROR two" >token.txt
test "$(logs get-log-events --log-group-name /app --log-stream-name s --start-from-head --query 'length(events)')" = 2
test "$(logs filter-log-events --log-group-name /app --filter-pattern ERROR --query 'events[].message')" = "ERROR two"
logs put-retention-policy --log-group-name /app --retention-in-days 30
test "$(logs describe-log-groups --query 'logGroups[0].retentionInDays')" = 30
arn=$(logs describe-log-groups --query 'logGroups[0].logGroupArn')
logs tag-resource --resource-arn "$arn" --tags team=blue
test "$(logs list-tags-for-resource --resource-arn "$arn" --query tags.team)" = blue
if logs get-log-events --log-group-name none --log-stream-name s 2>error.txt; then exit 1; fi
grep -q "(ResourceNotFoundException).*The specified log group does not exist" error.txt
logs delete-log-group --log-group-name /app

cloudwatch put-metric-data --namespace Own --metric-name m --value 2 --unit Count --dimensions host=a
test "$(cloudwatch list-metrics --namespace Own --query 'Metrics[0].MetricName')" = m
test "$(cloudwatch get-metric-statistics --namespace Own --metric-name m --dimensions Name=host,Value=a \
  --start-time "$(date -u -d '-1 hour' +%FT%TZ)" --end-time "$(date -u -d '+1 minute' +%FT%TZ)" --period 7200 \
  --statistics Sum --query 'Datapoints[0].Sum')" = 2.0
echo ok
