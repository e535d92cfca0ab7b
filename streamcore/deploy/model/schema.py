"""Which types of resources a template may have, and which of their properties.

What is in no table is refused before anything is made. `ignored` properties have no meaning here and are told of.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from streamcore.deploy.errors import TemplateError

NO_IAM: Final = "there is no IAM here: whatever the template grants, every caller may do everything"


class Rules(NamedTuple):
    known: frozenset[str]
    required: frozenset[str] = frozenset()
    ignored: Mapping[str, str] = {}


def _rules(known: str, required: str = "", **ignored: str) -> Rules:
    return Rules(frozenset(f"{known} {required}".split()), frozenset(required.split()), ignored)


_CONFIGURATION: Final = (
    "FunctionName Description Handler Runtime MemorySize Timeout Environment Layers Tags EphemeralStorage "
    "LoggingConfig Architectures KmsKeyArn VpcConfig SnapStart PackageType Role"
)
_MAPPING: Final = (
    "StartingPosition StartingPositionTimestamp BatchSize BisectBatchOnFunctionError DestinationConfig Enabled "
    "FilterCriteria FunctionResponseTypes MaximumBatchingWindowInSeconds MaximumRecordAgeInSeconds "
    "MaximumRetryAttempts ParallelizationFactor TumblingWindowInSeconds"
)

TYPES: Final[Mapping[str, Rules]] = {
    "AWS::Serverless::Function": _rules(
        f"{_CONFIGURATION} CodeUri InlineCode Tracing DeadLetterQueue ReservedConcurrentExecutions "
        "ProvisionedConcurrencyConfig AutoPublishAlias VersionDescription FunctionUrlConfig EventInvokeConfig Events",
        Policies=NO_IAM,
        PermissionsBoundary=NO_IAM,
        AssumeRolePolicyDocument=NO_IAM,
        DeploymentPreference="an alias moves to its new version at once",
    ),
    "AWS::Serverless::LayerVersion": _rules(
        "LayerName Description CompatibleRuntimes CompatibleArchitectures LicenseInfo",
        "ContentUri",
        RetentionPolicy="earlier versions stay until the stack is deleted",
    ),
    "AWS::Serverless::HttpApi": _rules("Name Description StageName StageVariables CorsConfiguration"),
    "AWS::Lambda::Function": _rules(
        f"{_CONFIGURATION} TracingConfig DeadLetterConfig ReservedConcurrentExecutions", "Code"
    ),
    "AWS::Lambda::LayerVersion": _rules(
        "LayerName Description CompatibleRuntimes CompatibleArchitectures LicenseInfo", "Content"
    ),
    "AWS::Lambda::Version": _rules("Description ProvisionedConcurrencyConfig", "FunctionName"),
    "AWS::Lambda::Alias": _rules(
        "Description RoutingConfig ProvisionedConcurrencyConfig", "FunctionName FunctionVersion Name"
    ),
    "AWS::Lambda::Permission": _rules(
        "SourceArn SourceAccount EventSourceToken FunctionUrlAuthType PrincipalOrgID", "FunctionName Action Principal"
    ),
    "AWS::Lambda::EventSourceMapping": _rules(f"{_MAPPING} ScalingConfig Tags", "FunctionName EventSourceArn"),
    "AWS::Lambda::EventInvokeConfig": _rules(
        "MaximumEventAgeInSeconds MaximumRetryAttempts DestinationConfig", "FunctionName Qualifier"
    ),
    "AWS::Lambda::Url": _rules("Qualifier Cors InvokeMode", "TargetFunctionArn AuthType"),
    "AWS::Kinesis::Stream": _rules(
        "Name ShardCount RetentionPeriodHours StreamModeDetails Tags",
        StreamEncryption="nothing is encrypted by the broker",
    ),
    "AWS::S3::Bucket": _rules(
        "BucketName NotificationConfiguration VersioningConfiguration Tags",
        PublicAccessBlockConfiguration=NO_IAM,
        OwnershipControls=NO_IAM,
        BucketEncryption="nothing is encrypted by the broker",
    ),
    "AWS::Logs::LogGroup": _rules("LogGroupName RetentionInDays Tags"),
    "AWS::Events::Rule": _rules("Name Description ScheduleExpression EventPattern EventBusName State Targets"),
    "AWS::Scheduler::Schedule": _rules(
        "Name Description GroupName ScheduleExpressionTimezone StartDate EndDate State KmsKeyArn",
        "ScheduleExpression FlexibleTimeWindow Target",
    ),
}

#: The events of a function by type: known and required properties.
EVENTS: Final[Mapping[str, Rules]] = {
    "Kinesis": _rules(_MAPPING, "Stream StartingPosition"),
    "Schedule": _rules("Name Description Enabled State Input RetryPolicy DeadLetterConfig", "Schedule"),
    "ScheduleV2": _rules(
        "Name Description State Input GroupName ScheduleExpressionTimezone StartDate EndDate RetryPolicy "
        "DeadLetterConfig FlexibleTimeWindow RoleArn KmsKeyArn",
        "ScheduleExpression",
        PermissionsBoundary=NO_IAM,
    ),
    "S3": _rules("Filter", "Bucket Events"),
    "Api": _rules("", "Path Method", Auth=NO_IAM),
    "HttpApi": _rules("Path Method PayloadFormatVersion TimeoutInMillis ApiId", Auth=NO_IAM),
}


def check(where: str, kind: str, properties: Any, table: Mapping[str, Rules] = TYPES) -> list[str]:
    """What the properties say without effect, as notes. Raises TemplateError for what is unknown or missing."""
    rules = table.get(kind)
    if rules is None:
        raise TemplateError(f"{where}: the type {kind} is not offered; there are {', '.join(sorted(table))}")
    if not isinstance(properties, dict):
        raise TemplateError(f"{where}: its properties are a mapping")
    unknown = sorted(set(properties) - rules.known - set(rules.ignored))
    if unknown:
        raise TemplateError(
            f"{where}: {kind} has no {', '.join(unknown)} here; it has {', '.join(sorted(rules.known))}"
        )
    missing = sorted(rules.required - set(properties))
    if missing:
        raise TemplateError(f"{where}: {kind} needs {', '.join(missing)}")
    return [f"{where}: {name} has no effect: {why}" for name, why in rules.ignored.items() if name in properties]
