"""DescribeRegions: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeRegions.html"""

from __future__ import annotations

from runtime.api.ec2.shapes import EC2, Ec2Input, Ec2Output, Filter, check_dry_run, filters_of
from runtime.model.snapshot import fits
from runtime.snapshots.service import SnapshotError, Snapshots
from streamcore.api.aws.service import Call


class DescribeRegionsInput(Ec2Input, frozen=True, kw_only=True):
    region_names: list[str] | None = None
    all_regions: bool | None = None
    filters: list[Filter] | None = None


class Region(Ec2Output, frozen=True, kw_only=True):
    region_name: str
    region_endpoint: str
    opt_in_status: str


class DescribeRegionsOutput(Ec2Output, frozen=True, kw_only=True):
    region_info: list[Region]


@EC2.action("DescribeRegions")
async def describe_regions(snapshots: Snapshots, call: Call, input_: DescribeRegionsInput) -> DescribeRegionsOutput:
    """The one that has a volume, so that a function that goes through all regions finds it once."""
    name, status = snapshots.scope.region, "opt-in-not-required"
    endpoint = f"ec2.{name}.amazonaws.com"
    filters = filters_of(input_.filters, ("endpoint", "opt-in-status", "region-name"))
    for each in input_.region_names or ():
        if each != name:
            raise SnapshotError("InvalidParameterValue", f"Invalid region names: [{each[:64]}]")
    check_dry_run(input_)
    attributes = {"endpoint": [endpoint], "opt-in-status": [status], "region-name": [name]}
    found = [Region(region_name=name, region_endpoint=endpoint, opt_in_status=status)]
    return DescribeRegionsOutput(region_info=found if fits(attributes, filters) else [])
