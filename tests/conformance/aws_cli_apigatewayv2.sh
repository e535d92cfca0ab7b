#!/bin/sh
# An HTTP API by the AWS CLI, from its making to its end; $ENDPOINT is the broker.
set -eu
gateway() { aws --endpoint-url "$ENDPOINT" --output text apigatewayv2 "$@"; }

queue=$(aws --endpoint-url "$ENDPOINT" --output text sqs create-queue --queue-name cli-http --query QueueUrl)
api=$(gateway create-api --name cli --protocol-type HTTP --tags team=a \
  --cors-configuration AllowOrigins=https://a.example,AllowMethods=POST,AllowHeaders=x-id --query ApiId)
gateway create-stage --api-id "$api" --stage-name '$default' --auto-deploy >/dev/null
integration=$(gateway create-integration --api-id "$api" --integration-type AWS_PROXY \
  --integration-subtype SQS-SendMessage --payload-format-version 1.0 \
  --credentials-arn arn:aws:iam::000000000000:role/r \
  --request-parameters "QueueUrl=$queue,MessageBody=\$request.body" --query IntegrationId)
route=$(gateway create-route --api-id "$api" --route-key 'POST /messages' --target "integrations/$integration" \
  --query RouteId)
url="$ENDPOINT/_aws/execute-api/$api/messages"
curl -s -X POST --data hello "$url" | grep -q '<MessageId>'
test "$(aws --endpoint-url "$ENDPOINT" --output text sqs receive-message --queue-url "$queue" \
  --query 'Messages[0].Body')" = hello
test "$(curl -s "$url")" = '{"message":"Not Found"}'
test "$(curl -s -o /dev/null -w '%{http_code}' -X OPTIONS -H 'Origin: https://a.example' \
  -H 'Access-Control-Request-Method: POST' "$url")" = 204
curl -s -i -X OPTIONS -H 'Origin: https://a.example' -H 'Access-Control-Request-Method: POST' "$url" |
  grep -qi 'access-control-allow-origin: https://a.example'
gateway update-stage --api-id "$api" --stage-name '$default' \
  --default-route-settings ThrottlingBurstLimit=0,ThrottlingRateLimit=0 >/dev/null
test "$(curl -s -X POST --data x "$url")" = '{"message":"Too Many Requests"}'

gateway export-api --api-id "$api" --specification OAS30 --output-type JSON api.json >/dev/null
again=$(gateway import-api --body file://api.json --query ApiId)
test "$(gateway get-routes --api-id "$again" --query 'Items[0].RouteKey')" = 'POST /messages'
if gateway get-api --api-id none 2>error.txt; then exit 1; fi
grep -q "(NotFoundException).*Invalid API identifier specified" error.txt
if gateway create-route --api-id "$api" --route-key 'POST /messages' 2>error.txt; then exit 1; fi
grep -q "(ConflictException).*Route with key POST /messages already exists for this API" error.txt
if gateway create-route --api-id "$api" --route-key 'FETCH /x' 2>error.txt; then exit 1; fi
grep -q "(BadRequestException).*The provided route key is not formatted properly for HTTP protocol" error.txt
if gateway create-api --name ws --protocol-type WEBSOCKET --route-selection-expression '$request.body.action' \
  2>error.txt; then exit 1; fi
grep -q "(BadRequestException).*WEBSOCKET are not offered" error.txt
gateway delete-route --api-id "$api" --route-id "$route"
gateway delete-integration --api-id "$api" --integration-id "$integration"
gateway delete-api --api-id "$again"
gateway delete-api --api-id "$api"
test "$(gateway get-apis --query 'length(Items)')" = 0
echo ok
