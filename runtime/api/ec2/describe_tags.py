"""DescribeTags: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeTags.html"""

from __future__ import annotations

from collections.abc import Iterator

from runtime.api.ec2.shapes import (
    EC2,
    Ec2Input,
    Ec2Output,
    Filter,
    MaxResults,
    check_dry_run,
    filters_of,
    is_here,
    page,
)
from runtime.model.snapshot import fits
from runtime.snapshots.service import Snapshots
from streamcore.api.aws.service import Call


class DescribeTagsInput(Ec2Input, frozen=True, kw_only=True):
    filters: list[Filter] | None = None
    max_results: MaxResults | None = None
    next_token: str | None = None


class TagDescription(Ec2Output, frozen=True, kw_only=True):
    resource_id: str
    resource_type: str
    key: str
    value: str


class DescribeTagsOutput(Ec2Output, frozen=True, kw_only=True):
    tag_set: list[TagDescription]
    next_token: str | None = None


@EC2.action("DescribeTags")
async def describe_tags(snapshots: Snapshots, call: Call, input_: DescribeTagsInput) -> DescribeTagsOutput:
    """All tags, of which filters choose."""
    filters = filters_of(input_.filters, ("key", "resource-id", "resource-type", "value"))
    check_dry_run(input_)
    found = [each for each in _all(snapshots) if fits(_attributes(each), filters)] if is_here(snapshots, call) else []
    shown, token = page(found, input_.max_results, input_.next_token)
    return DescribeTagsOutput(tag_set=shown, next_token=token)


def _all(snapshots: Snapshots) -> Iterator[TagDescription]:
    volume = snapshots.volume
    resources = [(volume.instance_id, "instance", volume.instance_tags), (volume.id, "volume", volume.tags)]
    resources += [(each.id, "snapshot", each.tags) for each in snapshots.all()]
    for resource_id, kind, tags in resources:
        for key, value in tags.items():
            yield TagDescription(resource_id=resource_id, resource_type=kind, key=key, value=value)


def _attributes(of: TagDescription) -> dict[str, list[str]]:
    return {
        "key": [of.key],
        "resource-id": [of.resource_id],
        "resource-type": [of.resource_type],
        "value": [of.value],
        f"tag:{of.key}": [of.value],
    }
