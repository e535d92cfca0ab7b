"""docs/iam.md, written from the registries: `python -m streamcore.api.aws.iam.table docs/iam.md`. A test asserts that
the file is what this would write."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from streamcore.api.aws.iam import IAM
from streamcore.api.aws.sts import STS
from streamcore.model.iam.managed import managed_policies

DONE: Final = "as AWS"
_ORGANIZATIONS: Final = "Service control policies and exclusions are refused; so is `ResourceHandlingOption`."

NOTES: Final[dict[str, tuple[str, str]]] = {
    "AssumeRole": (
        DONE,
        "MFA, source identity, transitive tags and provided contexts are refused. A session goes on when the trust "
        "policy changes; it may nothing once its role is deleted.",
    ),
    "AssumeRoleWithWebIdentity": ("refused", "There are no identity providers."),
    "GetAccessKeyLastUsed": (DONE, "Since the broker was started."),
    "GetCallerIdentity": (DONE, "With authentication off: root of the account that the key stands for."),
    "GetSessionToken": (DONE, "MFA is refused: there are no devices. Of root an hour at most."),
    "ListInstanceProfilesForRole": (DONE, "There are none."),
    "SimulateCustomPolicy": (DONE, _ORGANIZATIONS),
    "SimulatePrincipalPolicy": (DONE, _ORGANIZATIONS),
    "UpdateUser": (DONE, "Policies that name the user by ARN have to be changed by hand."),
}

_HEAD: Final = """# Identities

<!-- Written by `python -m streamcore.api.aws.iam.table docs/iam.md`; do not edit. -->

Users, groups, roles and policies, kept in the volume, by AWS's query protocol: `aws iam …`, `aws sts …`, boto3. They
are there whatever `auth` is; they decide something where it is `observe` or `enforce`: [security.md](security.md).

    aws iam create-role --role-name lambda-role --assume-role-policy-document file://trust.json
    aws iam attach-role-policy --role-name lambda-role \\
        --policy-arn arn:aws:iam::aws:policy/service-role/AWSLambdaKinesisExecutionRole

Policies are evaluated as AWS documents it: explicit denies, identity and resource policies within an account and
across accounts, permissions boundaries, session policies, all condition operators, `Not…` elements, policy variables.
Condition keys: `aws:CurrentTime`, `EpochTime`, `SecureTransport`, `SourceIp`, `UserAgent`, `Referer`,
`RequestedRegion`, `ResourceAccount`, `PrincipalArn`, `PrincipalAccount`, `PrincipalType`, `PrincipalTag/…`,
`PrincipalIsAWSService`, `PrincipalServiceName`, `username`, `userid`, `TokenIssueTime`, `SourceArn`, `SourceAccount`;
`s3:prefix`, `delimiter`, `max-keys`, `VersionId`, `x-amz-acl`, `x-amz-storage-class`, `x-amz-server-side-encryption`,
`x-amz-copy-source`, `x-amz-metadata-directive`, `x-amz-content-sha256`, `authType`, `signatureversion`;
`lambda:FunctionArn`, `Principal`, `FunctionUrlAuthType`; `iam:PassedToService`, `PolicyARN`, `PermissionsBoundary`;
`sts:ExternalId`, `RoleSessionName`, `aws:RequestTag/…` and `aws:TagKeys` of sessions; `cloudwatch:namespace`. A key
that is not among them has no value here: conditions on it hold or not as they do without one. There are no tags of
resources in conditions (`aws:ResourceTag`), no organizations, no federation, no MFA, no console passwords, no
service-linked roles, no instance profiles.

Which permission each action of each service needs is in that service's `permissions.py`; without an entry it is
`service:Action` on `*`. As on AWS, `lambda:InvokeFunction` is Invoke's, `s3:GetObject` HeadObject's, `s3:ListBucket`
ListObjectsV2's, and `iam:PassRole` is needed to give a role away.

## Actions

`as AWS`: does what AWS documents, within what the last column says. Other actions answer `InvalidAction`.

"""


def _rows(actions: Iterable[str]) -> str:
    head = "| Action | Status | What differs from AWS, and why |\n|---|---|---|\n"
    rows = ((name, *NOTES.get(name, (DONE, ""))) for name in sorted(actions))
    return head + "".join(f"| {name} | {status} | {difference} |\n" for name, status, difference in rows)


def _policies(names: Mapping[str, object]) -> str:
    return ", ".join(f"`{arn.partition(':policy/')[2]}`" for arn in sorted(names))


def render() -> str:
    """The whole file."""
    return (
        f"{_HEAD}### IAM\n\n{_rows(IAM.actions)}\n### STS\n\n{_rows(STS.actions)}\n## Policies of AWS\n\n"
        f"Of each there is one version, as far as the services here go: {_policies(managed_policies())}.\n"
    )


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(render())
