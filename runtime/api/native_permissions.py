"""What requests of the native API need that are about functions, mappings and snapshots."""

from __future__ import annotations

from typing import Final
from urllib.parse import unquote

from streamcore.api.http import Request
from streamcore.identity.guard import Need
from streamcore.model.stream import Scope

_SNAPSHOTS: Final = {"GET": "ec2:DescribeSnapshots", "DELETE": "ec2:DeleteSnapshot", "POST": "ec2:CreateSnapshot"}


def of_mapping(scope: Scope, request: Request) -> Need:
    """Listing and looking are Lambda's own actions; pausing, skipping and replaying change a mapping."""
    parts = [unquote(part) for part in request.path.strip("/").split("/")]
    if len(parts) < 3:
        return Need("lambda:ListEventSourceMappings", "*")
    arn = f"arn:aws:lambda:{scope.region}:{scope.account}:event-source-mapping:{parts[2]}"
    return Need("lambda:GetEventSourceMapping" if len(parts) == 3 else "lambda:UpdateEventSourceMapping", arn)


def of_saved_events(scope: Scope, request: Request) -> Need:
    """Saved events belong to their function."""
    parts = [unquote(part) for part in request.path.strip("/").split("/")]
    name = parts[2] if len(parts) > 2 else ""
    arn = f"arn:aws:lambda:{scope.region}:{scope.account}:function:{name}"
    return Need("lambda:GetFunction" if request.method == "GET" else "lambda:UpdateFunctionConfiguration", arn)


def of_snapshots(scope: Scope, request: Request) -> Need:
    """Snapshots are EC2's, with its ARNs; pruning needs the right to delete any."""
    parts = [unquote(part) for part in request.path.strip("/").split("/")]
    if request.method == "POST" and len(parts) > 2:
        return Need("ec2:DeleteSnapshot", "*")
    action = _SNAPSHOTS.get(request.method, "streamcore:Unknown")
    if request.method == "GET":
        return Need(action, "*")
    name = parts[2] if len(parts) > 2 else "*"
    return Need(action, f"arn:aws:ec2:{scope.region}::snapshot/{name}")
