"""What resources are called: names are derived from the stack's and their own, so that a template alone tells what was
made from it (real CloudFormation adds random letters)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple


class Place(NamedTuple):
    """Where a stack is."""

    stack: str
    account: str
    region: str

    def arn(self, service: str, resource: str) -> str:
        return f"arn:aws:{service}:{self.region}:{self.account}:{resource}"

    def role(self) -> str:
        """The execution role of functions that are given none: there is no IAM, and the API asks for one."""
        return f"arn:aws:iam::{self.account}:role/streamcore"


class Made(NamedTuple):
    """A resource as others refer to it: what `Ref` gives, and `Fn::GetAtt`."""

    ref: str
    attributes: Mapping[str, Any]


#: The property that names a resource, and how long a name may be.
NAMED_BY: Final = {
    "AWS::Lambda::Function": ("FunctionName", 64),
    "AWS::Lambda::LayerVersion": ("LayerName", 140),
    "AWS::Kinesis::Stream": ("Name", 128),
    "AWS::S3::Bucket": ("BucketName", 63),
    "AWS::Logs::LogGroup": ("LogGroupName", 512),
    "AWS::Events::Rule": ("Name", 64),
    "AWS::Scheduler::Schedule": ("Name", 64),
    "Streamcore::RestApi": ("Name", 255),
    "Streamcore::HttpApi": ("Name", 128),
}


def name_of(kind: str, logical_id: str, properties: Mapping[str, Any], place: Place) -> str:
    """The name of a resource: its own property, or `stack-LogicalId` within the bounds of its kind."""
    if kind not in NAMED_BY:
        return logical_id
    key, longest = NAMED_BY[kind]
    given = properties.get(key)
    if given is not None:
        return str(given)
    made = f"{place.stack}-{logical_id}"
    if kind == "AWS::S3::Bucket":
        made = made.lower().replace("_", "-")
    return made if len(made) <= longest else made[: longest - 9] + "-" + made[-8:]


def identify(kind: str, logical_id: str, properties: Mapping[str, Any], place: Place) -> Made:
    """As far as it is known without asking; what the endpoint chooses (versions, ids, URLs) comes when it is made."""
    name = name_of(kind, logical_id, properties, place)
    rule = _RULES.get(kind)
    return Made(name, {}) if rule is None else rule(name, properties, place)


def _function(name: str, properties: Mapping[str, Any], place: Place) -> Made:
    return Made(name, {"Arn": place.arn("lambda", f"function:{name}")})


def _bucket(name: str, properties: Mapping[str, Any], place: Place) -> Made:
    host = f"{name}.s3.{place.region}.amazonaws.com"
    domain = f"{name}.s3.amazonaws.com"
    return Made(name, {"Arn": f"arn:aws:s3:::{name}", "DomainName": domain, "RegionalDomainName": host})


def function_arn(reference: str, place: Place) -> str:
    """The ARN of a function that is given by name or ARN."""
    return reference if reference.startswith("arn:") else place.arn("lambda", f"function:{reference}")


def _alias(name: str, properties: Mapping[str, Any], place: Place) -> Made:
    function = function_arn(str(properties.get("FunctionName", "")), place)
    arn = f"{function}:{properties.get('Name', '')}"
    return Made(arn, {"AliasArn": arn})


_RULES: Final[dict[str, Callable[[str, Mapping[str, Any], Place], Made]]] = {
    "AWS::Lambda::Function": _function,
    "AWS::Lambda::Alias": _alias,
    "AWS::Kinesis::Stream": lambda name, _, place: Made(name, {"Arn": place.arn("kinesis", f"stream/{name}")}),
    "AWS::S3::Bucket": _bucket,
    "AWS::Logs::LogGroup": lambda name, _, place: Made(name, {"Arn": place.arn("logs", f"log-group:{name}:*")}),
    "AWS::Events::Rule": lambda name, _, place: Made(name, {"Arn": place.arn("events", f"rule/{name}")}),
    "AWS::Scheduler::Schedule": lambda name, properties, place: Made(
        name, {"Arn": place.arn("scheduler", f"schedule/{properties.get('GroupName', 'default')}/{name}")}
    ),
}

_NOT_IN_NAMES: Final = re.compile(r"[^A-Za-z0-9-]+")


def stack_name(text: str) -> str:
    """A stack's name made of a folder's or file's: letters, digits and `-`, beginning with a letter."""
    found = _NOT_IN_NAMES.sub("-", text).strip("-")[:100]
    return found if found[:1].isalpha() else f"stack-{found}".rstrip("-")
