"""IAM's errors, in its sentences."""

from __future__ import annotations

from streamcore.api.aws.errors import AwsError


def no_such(kind: str, name: str) -> AwsError:
    """`kind` is `user`, `role`, `group`, `policy`, …"""
    return AwsError("NoSuchEntity", 404, f"The {kind} with name {name} cannot be found.")


def exists(kind: str, name: str) -> AwsError:
    return AwsError("EntityAlreadyExists", 409, f"{kind.capitalize()} with name {name} already exists.")


def no_policy(arn: str) -> AwsError:
    return AwsError("NoSuchEntity", 404, f"Policy {arn} does not exist or is not attachable.")


def conflict(message: str) -> AwsError:
    return AwsError("DeleteConflict", 409, message)


def limit(quota: str, most: int) -> AwsError:
    return AwsError("LimitExceeded", 409, f"Cannot exceed quota for {quota}: {most}")


def malformed(message: str) -> AwsError:
    return AwsError("MalformedPolicyDocument", 400, message)


def invalid(message: str) -> AwsError:
    return AwsError("ValidationError", 400, message)


def no_version(arn: str, version: str) -> AwsError:
    return AwsError("NoSuchEntity", 404, f"Policy {arn} version {version} does not exist or is not attachable.")
