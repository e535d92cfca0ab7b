#!/bin/sh
# A REST API by the AWS CLI, from its making to its end; $ENDPOINT is the broker.
set -eu
gateway() { aws --endpoint-url "$ENDPOINT" --output text apigateway "$@"; }

api=$(gateway create-rest-api --name cli --query id)
root=$(gateway get-resources --rest-api-id "$api" --query 'items[0].id')
pets=$(gateway create-resource --rest-api-id "$api" --parent-id "$root" --path-part pets --query id)
at="--rest-api-id $api --resource-id $pets --http-method GET"
# shellcheck disable=SC2086 # several options
{
  gateway put-method $at --authorization-type NONE --api-key-required
  gateway put-method-response $at --status-code 200
  gateway put-integration $at --type MOCK --request-templates '{"application/json": "{\"statusCode\": 200}"}'
  gateway put-integration-response $at --status-code 200 \
    --response-templates '{"application/json": "{\"stage\": \"$context.stage\", \"v\": \"$stageVariables.v\"}"}'
  test "$(gateway test-invoke-method $at --query status)" = 200
} >/dev/null
gateway create-deployment --rest-api-id "$api" --stage-name prod --variables v=1 >/dev/null
gateway update-stage --rest-api-id "$api" --stage-name prod \
  --patch-operations op=replace,path=/variables/v,value=2 'op=replace,path=/*/*/throttling/rateLimit,value=100' >/dev/null
plan=$(gateway create-usage-plan --name p --api-stages "apiId=$api,stage=prod" --quota limit=2,period=DAY --query id)
key=$(gateway create-api-key --name k --enabled --value cli-cli-cli-cli-cli-cli --query id)
gateway create-usage-plan-key --usage-plan-id "$plan" --key-id "$key" --key-type API_KEY >/dev/null
url="$ENDPOINT/restapis/$api/prod/_user_request_/pets"
test "$(curl -s "$url")" = '{"message":"Forbidden"}'
test "$(curl -s -H 'x-api-key: cli-cli-cli-cli-cli-cli' "$url")" = '{"stage": "prod", "v": "2"}'
curl -s -o /dev/null -H 'x-api-key: cli-cli-cli-cli-cli-cli' "$url"
test "$(curl -s -H 'x-api-key: cli-cli-cli-cli-cli-cli' "$url")" = '{"message":"Limit Exceeded"}'

gateway get-export --rest-api-id "$api" --stage-name prod --export-type oas30 --parameters extensions=apigateway api.json >/dev/null
again=$(gateway import-rest-api --body fileb://api.json --query id)
test "$(gateway get-resources --rest-api-id "$again" --query 'length(items)')" = 2
if gateway get-rest-api --rest-api-id none 2>error.txt; then exit 1; fi
grep -q "(NotFoundException).*Invalid API identifier specified" error.txt
if gateway create-resource --rest-api-id "$api" --parent-id "$root" --path-part pets 2>error.txt; then exit 1; fi
grep -q "(ConflictException).*Another resource with the same parent already has this name: pets" error.txt
if gateway put-method --rest-api-id "$api" --resource-id "$pets" --http-method FETCH --authorization-type NONE \
  2>error.txt; then exit 1; fi
grep -q "(BadRequestException).*Invalid HttpMethod specified" error.txt
gateway delete-rest-api --rest-api-id "$again"
gateway delete-rest-api --rest-api-id "$api"
test "$(gateway get-rest-apis --query 'length(items)')" = 0
echo ok
