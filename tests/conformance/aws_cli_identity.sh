#!/bin/sh
# The Lambda tutorial's role steps, users, keys and roles to take, by the AWS CLI against a broker that enforces.
# $ENDPOINT is the broker, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are root's.
set -eu
cli() { aws --endpoint-url "$ENDPOINT" --output text "$@"; }
refused() {
    code=$1
    shift
    if cli "$@" 2>refused.txt; then exit 1; fi
    grep -q "($code)" refused.txt
}

account=$(cli sts get-caller-identity --query Account)
test "$(cli sts get-caller-identity --query Arn)" = "arn:aws:iam::$account:root"

cat >trust.json <<'JSON'
{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
JSON
cli iam create-role --role-name lambda-ex --assume-role-policy-document file://trust.json --query Role.Arn | grep -q role/lambda-ex
cli iam attach-role-policy --role-name lambda-ex --policy-arn arn:aws:iam::aws:policy/service-role/AWSLambdaKinesisExecutionRole
cli iam list-attached-role-policies --role-name lambda-ex | grep -q AWSLambdaKinesisExecutionRole
refused DeleteConflict iam delete-role --role-name lambda-ex
printf 'def handler(event, context):\n    return event\n' >app.py
python3 -m zipfile -c function.zip app.py
refused InvalidParameterValueException lambda create-function --function-name f --runtime python3.12 --handler app.handler \
    --zip-file fileb://function.zip --role "arn:aws:iam::$account:role/none"
cli lambda create-function --function-name f --runtime python3.12 --handler app.handler --zip-file fileb://function.zip \
    --role "arn:aws:iam::$account:role/lambda-ex" --query State | grep -q .

cli iam create-user --user-name ann | grep -q user/ann
keys=$(cli iam create-access-key --user-name ann --query 'AccessKey.[AccessKeyId,SecretAccessKey]')
as_ann() (
    AWS_ACCESS_KEY_ID=$(echo "$keys" | cut -f1)
    AWS_SECRET_ACCESS_KEY=$(echo "$keys" | cut -f2)
    export AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
    "$@"
)
as_ann refused AccessDeniedException kinesis list-streams
as_ann refused AccessDenied s3api list-buckets
cli iam put-user-policy --user-name ann --policy-name p --policy-document \
    '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "kinesis:*", "Resource": "*"}}'
as_ann cli kinesis list-streams
test "$(cli iam simulate-principal-policy --policy-source-arn "arn:aws:iam::$account:user/ann" --action-names kinesis:PutRecord s3:GetObject --query 'EvaluationResults[].EvalDecision')" = "$(printf 'allowed\timplicitDeny')"
(AWS_SECRET_ACCESS_KEY=wrong && export AWS_SECRET_ACCESS_KEY && refused InvalidSignatureException kinesis list-streams)
(AWS_SECRET_ACCESS_KEY=wrong && export AWS_SECRET_ACCESS_KEY && refused SignatureDoesNotMatch sts get-caller-identity)

cli s3 mb s3://cli-bucket
printf hello >hello.txt
cli s3 cp hello.txt s3://cli-bucket/hello.txt
test "$(cli s3 cp s3://cli-bucket/hello.txt -)" = hello
url=$(cli s3 presign s3://cli-bucket/hello.txt)
test "$(python3 -c 'import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1]).read().decode())' "$url")" = hello

# The services that came later: by name, by policy of the resource, by role.
region=us-east-1
as_ann refused AccessDenied sqs create-queue --queue-name q
queue=$(cli sqs create-queue --queue-name q --query QueueUrl)
as_ann refused AccessDenied sqs send-message --queue-url "$queue" --message-body hi
as_ann refused AuthorizationError sns list-topics
as_ann refused UnauthorizedOperation ec2 describe-snapshots
as_ann refused AccessDeniedException apigateway get-rest-apis
(AWS_SECRET_ACCESS_KEY=wrong && export AWS_SECRET_ACCESS_KEY && refused SignatureDoesNotMatch sqs list-queues)
(AWS_SECRET_ACCESS_KEY=wrong && export AWS_SECRET_ACCESS_KEY && refused SignatureDoesNotMatch sns list-topics)
(AWS_SECRET_ACCESS_KEY=wrong && export AWS_SECRET_ACCESS_KEY && refused AuthFailure ec2 describe-snapshots)
(AWS_SECRET_ACCESS_KEY=wrong && export AWS_SECRET_ACCESS_KEY && refused InvalidSignatureException apigateway get-rest-apis)
cat >policy.json <<JSON
{"Policy": "{\\"Version\\":\\"2012-10-17\\",\\"Statement\\":[{\\"Effect\\":\\"Allow\\",\\"Principal\\":{\\"AWS\\":\\"arn:aws:iam::$account:user/ann\\"},\\"Action\\":\\"sqs:SendMessage\\",\\"Resource\\":\\"arn:aws:sqs:$region:$account:q\\"}]}"}
JSON
cli sqs set-queue-attributes --queue-url "$queue" --attributes file://policy.json
as_ann cli sqs send-message --queue-url "$queue" --message-body hi --query MessageId | grep -q .
as_ann refused AccessDenied sqs receive-message --queue-url "$queue"
api=$(cli apigateway create-rest-api --name pets --query id)
root=$(cli apigateway get-resources --rest-api-id "$api" --query 'items[0].id')
cli apigateway put-method --rest-api-id "$api" --resource-id "$root" --http-method GET --authorization-type AWS_IAM >out.txt
cli apigateway put-integration --rest-api-id "$api" --resource-id "$root" --http-method GET --type MOCK \
    --request-templates '{"application/json": "{\"statusCode\": 200}"}' >out.txt
cli apigateway put-method-response --rest-api-id "$api" --resource-id "$root" --http-method GET --status-code 200 >out.txt
cli apigateway put-integration-response --rest-api-id "$api" --resource-id "$root" --http-method GET --status-code 200 >out.txt
cli apigateway create-deployment --rest-api-id "$api" --stage-name prod >out.txt
test "$(cli apigateway test-invoke-method --rest-api-id "$api" --resource-id "$root" --http-method GET --query status)" = 200
python3 -c 'import sys, urllib.request, urllib.error
try: urllib.request.urlopen(sys.argv[1])
except urllib.error.HTTPError as error: print(error.code, error.read().decode())' \
    "$ENDPOINT/_aws/execute-api/$api/prod/" | grep -q '^403 .*Missing Authentication Token'
echo ok
