"""AWS managed policies: those that tutorials attach, as AWS publishes them, as far as the services here go.

https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any, Final

import msgspec

#: Made before anything here.
CREATED_MS: Final = 1_423_158_000_000
_PREFIX: Final = "arn:aws:iam::aws:policy"
_LOGS: Final = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"]
_SERVICE_ROLE: Final = "/service-role/"


class ManagedPolicy(msgspec.Struct, frozen=True):
    """A policy of AWS's own: one version, for all accounts."""

    name: str
    path: str
    document: str

    @property
    def arn(self) -> str:
        return f"{_PREFIX}{self.path}{self.name}"

    @property
    def id(self) -> str:
        """Stable, in the form that AWS's ids have."""
        letters = "".join(f"{byte:02X}" for byte in self.name.encode())
        return f"ANPA{letters:Z<17.17}"


def _allow(*actions: str, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource, **more}


def _passes(*services: str) -> dict[str, Any]:
    condition = {"StringEquals": {"iam:PassedToService": services[0] if len(services) == 1 else list(services)}}
    return _allow("iam:PassRole", Condition=condition)


_POLICIES: Final[dict[tuple[str, str], list[dict[str, Any]]]] = {
    ("/", "AdministratorAccess"): [_allow("*")],
    ("/", "PowerUserAccess"): [
        {"Effect": "Allow", "NotAction": ["iam:*", "organizations:*", "account:*"], "Resource": "*"},
        _allow("account:GetAccountInformation", "iam:CreateServiceLinkedRole", "iam:DeleteServiceLinkedRole",
               "iam:ListRoles", "organizations:DescribeOrganization"),
    ],
    ("/", "IAMFullAccess"): [_allow("iam:*", "organizations:DescribeAccount", "organizations:DescribeOrganization")],
    ("/", "IAMReadOnlyAccess"): [
        _allow("iam:GenerateCredentialReport", "iam:GenerateServiceLastAccessedDetails", "iam:Get*", "iam:List*",
               "iam:SimulateCustomPolicy", "iam:SimulatePrincipalPolicy"),
    ],
    (_SERVICE_ROLE, "AWSLambdaBasicExecutionRole"): [_allow(*_LOGS)],
    (_SERVICE_ROLE, "AWSLambdaKinesisExecutionRole"): [
        _allow("kinesis:DescribeStream", "kinesis:DescribeStreamSummary", "kinesis:GetRecords",
               "kinesis:GetShardIterator", "kinesis:ListShards", "kinesis:ListStreams", "kinesis:SubscribeToShard",
               *_LOGS),
    ],
    (_SERVICE_ROLE, "AWSLambdaSQSQueueExecutionRole"): [
        _allow("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", *_LOGS),
    ],
    (_SERVICE_ROLE, "AWSLambdaDynamoDBExecutionRole"): [
        _allow("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams",
               *_LOGS),
    ],
    (_SERVICE_ROLE, "AWSLambdaRole"): [_allow("lambda:InvokeFunction", resource=["*"])],
    (_SERVICE_ROLE, "AmazonAPIGatewayPushToCloudWatchLogs"): [
        _allow("logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogGroups", "logs:DescribeLogStreams",
               "logs:PutLogEvents", "logs:GetLogEvents", "logs:FilterLogEvents"),
    ],
    ("/", "AWSLambdaExecute"): [
        _allow("logs:*", resource="arn:aws:logs:*:*:*"),
        _allow("s3:GetObject", "s3:PutObject", resource="arn:aws:s3:::*"),
    ],
    ("/", "AWSLambda_FullAccess"): [
        _allow("cloudformation:DescribeStacks", "cloudformation:ListStackResources", "cloudwatch:ListMetrics",
               "cloudwatch:GetMetricData", "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs",
               "kms:ListAliases", "iam:GetPolicy", "iam:GetPolicyVersion", "iam:GetRole", "iam:GetRolePolicy",
               "iam:ListAttachedRolePolicies", "iam:ListRolePolicies", "iam:ListRoles", "lambda:*",
               "logs:DescribeLogGroups", "states:DescribeStateMachine", "states:ListStateMachines",
               "tag:GetResources", "xray:GetTraceSummaries", "xray:BatchGetTraces"),
        _passes("lambda.amazonaws.com"),
        _allow("logs:DescribeLogStreams", "logs:GetLogEvents", "logs:FilterLogEvents",
               resource="arn:aws:logs:*:*:log-group:/aws/lambda/*"),
    ],
    ("/", "AWSLambda_ReadOnlyAccess"): [
        _allow("cloudwatch:GetMetricData", "cloudwatch:ListMetrics", "iam:GetPolicy", "iam:GetPolicyVersion",
               "iam:GetRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies",
               "iam:ListRoles", "logs:DescribeLogGroups", "lambda:Get*", "lambda:List*", "tag:GetResources"),
        _allow("logs:DescribeLogStreams", "logs:GetLogEvents", "logs:FilterLogEvents",
               resource="arn:aws:logs:*:*:log-group:/aws/lambda/*"),
    ],
    ("/", "AWSLambdaInvocation-DynamoDB"): [
        _allow("lambda:InvokeFunction"),
        _allow("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"),
    ],
    ("/", "AmazonS3FullAccess"): [_allow("s3:*", "s3-object-lambda:*")],
    ("/", "AmazonS3ReadOnlyAccess"): [
        _allow("s3:Get*", "s3:List*", "s3:Describe*", "s3-object-lambda:Get*", "s3-object-lambda:List*"),
    ],
    ("/", "AmazonKinesisFullAccess"): [_allow("kinesis:*")],
    ("/", "AmazonKinesisReadOnlyAccess"): [_allow("kinesis:Get*", "kinesis:List*", "kinesis:Describe*")],
    ("/", "AmazonSQSFullAccess"): [_allow("sqs:*")],
    ("/", "AmazonSQSReadOnlyAccess"): [
        _allow("sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:ListDeadLetterSourceQueues", "sqs:ListQueues",
               "sqs:ListMessageMoveTasks", "sqs:ListQueueTags"),
    ],
    ("/", "AmazonSNSFullAccess"): [_allow("sns:*")],
    ("/", "AmazonSNSReadOnlyAccess"): [_allow("sns:GetTopicAttributes", "sns:List*", "sns:CheckIfPhoneNumberIsOptedOut",
                                              "sns:GetEndpointAttributes", "sns:GetDataProtectionPolicy")],
    ("/", "AmazonSESFullAccess"): [_allow("ses:*")],
    ("/", "AmazonDynamoDBFullAccess"): [_allow("dynamodb:*")],
    ("/", "AmazonCognitoPowerUser"): [_allow("cognito-identity:*", "cognito-idp:*", "cognito-sync:*")],
    ("/", "AmazonAPIGatewayInvokeFullAccess"): [
        _allow("execute-api:Invoke", "execute-api:ManageConnections", resource="arn:aws:execute-api:*:*:*"),
    ],
    ("/", "AmazonAPIGatewayAdministrator"): [_allow("apigateway:*", resource="arn:aws:apigateway:*::/*")],
    ("/", "AmazonEventBridgeFullAccess"): [
        _allow("events:*", "schemas:*", "scheduler:*", "pipes:*"),
        _passes("events.amazonaws.com", "scheduler.amazonaws.com", "pipes.amazonaws.com"),
    ],
    ("/", "AmazonEventBridgeReadOnlyAccess"): [
        _allow("events:Describe*", "events:List*", "events:TestEventPattern", "scheduler:Get*", "scheduler:List*"),
    ],
    ("/", "AmazonEventBridgeSchedulerFullAccess"): [
        _allow("scheduler:*"),
        _passes("scheduler.amazonaws.com"),
    ],
    ("/", "CloudWatchFullAccess"): [
        _allow("autoscaling:Describe*", "cloudwatch:*", "logs:*", "sns:*", "iam:GetPolicy", "iam:GetPolicyVersion",
               "iam:GetRole", "oam:ListSinks"),
    ],
    ("/", "CloudWatchFullAccessV2"): [
        _allow("cloudwatch:*", "logs:*", "sns:CreateTopic", "sns:ListSubscriptions", "sns:ListTopics",
               "sns:Subscribe", "iam:GetPolicy", "iam:GetPolicyVersion", "iam:GetRole"),
    ],
    ("/", "CloudWatchReadOnlyAccess"): [
        _allow("cloudwatch:Describe*", "cloudwatch:Get*", "cloudwatch:List*", "logs:Get*", "logs:List*",
               "logs:Describe*", "logs:FilterLogEvents", "logs:TestMetricFilter", "sns:Get*", "sns:List*"),
    ],
    ("/", "CloudWatchLogsFullAccess"): [_allow("logs:*", "cloudwatch:GenerateQuery")],
    ("/", "CloudWatchLogsReadOnlyAccess"): [
        _allow("logs:Describe*", "logs:Get*", "logs:List*", "logs:StartQuery", "logs:StopQuery",
               "logs:TestMetricFilter", "logs:FilterLogEvents", "logs:StartLiveTail", "logs:StopLiveTail"),
    ],
    ("/", "CloudWatchEventsFullAccess"): [_allow("events:*", "schemas:*", "scheduler:*", "pipes:*")],
}  # fmt: skip


@lru_cache(maxsize=1)
def managed_policies() -> dict[str, ManagedPolicy]:
    """By ARN."""
    made = [
        ManagedPolicy(name, path, json.dumps({"Version": "2012-10-17", "Statement": statements}))
        for (path, name), statements in _POLICIES.items()
    ]
    return {policy.arn: policy for policy in made}
