"""EC2's snapshots by boto3 over a socket: the function of the tutorials that snapshots every volume; wrong uses."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, TypeVar

import boto3
import pytest
from botocore.exceptions import ClientError

from streamcore.composition import Composition
from streamcore.config import settings

T = TypeVar("T")


@pytest.fixture
async def composition(tmp_path: Path) -> AsyncIterator[Composition]:
    composition = await Composition.start(settings(port=0, data=str(tmp_path / "data"), transition_ms=0, workers=1))
    yield composition
    await composition.stop()


def aws(composition: Composition, service: str, region: str = "us-east-1", kind: Any = boto3.client) -> Any:
    return kind(
        service,
        endpoint_url=composition.url,
        region_name=region,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


async def away(act: Callable[[], T]) -> T:
    """boto3 waits for its answers: in a thread, since the broker is in this one."""
    return await asyncio.to_thread(act)


def snapshot_every_volume(composition: Composition) -> list[str]:
    """What the tutorials' functions do."""
    ec2 = aws(composition, "ec2")
    made = []
    for region in ec2.describe_regions()["Regions"]:
        there = aws(composition, "ec2", region["RegionName"])
        in_use = [{"Name": "status", "Values": ["in-use"]}]
        for volume in there.describe_volumes(Filters=in_use)["Volumes"]:
            answer = there.create_snapshot(VolumeId=volume["VolumeId"], Description="Lambda backup")
            resource = aws(composition, "ec2", region["RegionName"], boto3.resource)
            snapshot = resource.Snapshot(answer["SnapshotId"])
            names = [tag["Value"] for tag in volume.get("Tags", ()) if tag["Key"] == "Name"]
            snapshot.create_tags(Tags=[{"Key": "Name", "Value": (names or ["N/A"])[0]}])
            made.append(answer["SnapshotId"])
    return made


async def test_the_tutorials_function(composition: Composition) -> None:
    ec2 = aws(composition, "ec2")
    volume = (await away(ec2.describe_volumes))["Volumes"][0]["VolumeId"]
    await away(lambda: ec2.create_tags(Resources=[volume], Tags=[{"Key": "Name", "Value": "streams"}]))
    (made,) = await away(lambda: snapshot_every_volume(composition))
    await away(lambda: ec2.get_waiter("snapshot_completed").wait(SnapshotIds=[made], WaiterConfig={"Delay": 0}))
    (found,) = (await away(lambda: ec2.describe_snapshots(OwnerIds=["self"])))["Snapshots"]
    assert found["SnapshotId"] == made
    assert found["VolumeId"] == volume
    assert found["Description"] == "Lambda backup"
    assert found["State"] == "completed"
    assert found["Progress"] == "100%"
    assert found["Tags"] == [{"Key": "Name", "Value": "streams"}]
    assert found["StartTime"].tzinfo is not None
    await away(lambda: ec2.delete_snapshot(SnapshotId=made))
    assert (await away(ec2.describe_snapshots))["Snapshots"] == []
    assert not list((Path(composition.broker.settings.data) / "snapshots").iterdir())


async def test_by_tagged_instances(composition: Composition) -> None:
    """The other kind of tutorial: volumes of the instances that have a tag."""
    ec2 = aws(composition, "ec2")
    tagged = [{"Name": "tag-key", "Values": ["backup", "Backup"]}]
    assert (await away(lambda: ec2.describe_instances(Filters=tagged)))["Reservations"] == []
    (reservation,) = (await away(ec2.describe_instances))["Reservations"]
    (instance,) = reservation["Instances"]
    made = [instance["InstanceId"]]
    await away(lambda: ec2.create_tags(Resources=made, Tags=[{"Key": "Backup", "Value": "daily"}]))
    (reservation,) = (await away(lambda: ec2.describe_instances(Filters=tagged)))["Reservations"]
    (device,) = reservation["Instances"][0]["BlockDeviceMappings"]
    volume = (await away(ec2.describe_volumes))["Volumes"][0]
    assert device["Ebs"]["VolumeId"] == volume["VolumeId"]
    assert volume["Attachments"][0]["InstanceId"] == instance["InstanceId"]
    tags = (await away(ec2.describe_tags))["Tags"]
    expected = {"ResourceId": made[0], "ResourceType": "instance", "Key": "Backup", "Value": "daily"}
    assert tags == [expected]
    await away(lambda: ec2.delete_tags(Resources=made, Tags=[{"Key": "Backup", "Value": "hourly"}]))
    assert len((await away(ec2.describe_tags))["Tags"]) == 1
    await away(lambda: ec2.delete_tags(Resources=made, Tags=[{"Key": "Backup"}]))
    assert (await away(ec2.describe_tags))["Tags"] == []


FILTERS: list[tuple[list[dict[str, Any]], int]] = [
    ([{"Name": "status", "Values": ["in-use"]}], 1),
    ([{"Name": "status", "Values": ["available"]}], 0),
    ([{"Name": "status", "Values": ["available", "in-use"]}], 1),
    ([{"Name": "tag:team", "Values": ["bl*"]}], 1),
    ([{"Name": "tag:team", "Values": ["bl?e"]}], 1),
    ([{"Name": "tag:team", "Values": ["bl\\*"]}], 0),
    ([{"Name": "tag:Team", "Values": ["blue"]}], 0),
    ([{"Name": "tag-key", "Values": ["team"]}, {"Name": "status", "Values": ["available"]}], 0),
    ([{"Name": "availability-zone", "Values": ["us-east-1a"]}], 1),
    ([{"Name": "status", "Values": []}], 0),
]


async def test_filters(composition: Composition) -> None:
    ec2 = aws(composition, "ec2")
    volume = (await away(ec2.describe_volumes))["Volumes"][0]["VolumeId"]
    await away(lambda: ec2.create_tags(Resources=[volume], Tags=[{"Key": "team", "Value": "blue"}]))
    for filters, count in FILTERS:
        found = await away(lambda filters=filters: ec2.describe_volumes(Filters=filters))  # type: ignore[misc]
        assert len(found["Volumes"]) == count, filters


async def test_other_regions_and_accounts_have_nothing(composition: Composition) -> None:
    elsewhere = aws(composition, "ec2", "eu-west-1")
    assert (await away(elsewhere.describe_volumes))["Volumes"] == []
    assert (await away(elsewhere.describe_snapshots))["Snapshots"] == []
    volume = composition.snapshots.volume.id
    with pytest.raises(ClientError, match=r"InvalidVolume.NotFound"):
        await away(lambda: elsewhere.create_snapshot(VolumeId=volume))


def _tag(key: str) -> list[dict[str, str]]:
    return [{"Key": key, "Value": "x"}]


WRONG: list[tuple[str, Callable[[Any, str], Any], str]] = [
    ("no such volume", lambda ec2, _: ec2.create_snapshot(VolumeId="vol-1"), "InvalidVolume.NotFound"),
    ("no such snapshot", lambda ec2, _: ec2.delete_snapshot(SnapshotId="snap-1"), "InvalidSnapshot.NotFound"),
    ("described", lambda ec2, _: ec2.describe_snapshots(SnapshotIds=["snap-1"]), "InvalidSnapshot.NotFound"),
    ("a dry run", lambda ec2, volume: ec2.create_snapshot(VolumeId=volume, DryRun=True), "DryRunOperation"),
    (
        "a filter",
        lambda ec2, _: ec2.describe_volumes(Filters=[{"Name": "colour", "Values": ["red"]}]),
        "InvalidParameterValue",
    ),
    (
        "a long description",
        lambda ec2, volume: ec2.create_snapshot(VolumeId=volume, Description="x" * 256),
        "InvalidParameterValue",
    ),
    ("a reserved tag", lambda ec2, volume: ec2.create_tags(Resources=[volume], Tags=_tag("aws:x")), "InvalidParameter"),
    ("what has no tags", lambda ec2, _: ec2.create_tags(Resources=["snap-1"], Tags=_tag("x")), "InvalidSnapshot"),
    (
        "tags of another kind",
        lambda ec2, volume: ec2.create_snapshot(
            VolumeId=volume, TagSpecifications=[{"ResourceType": "volume", "Tags": _tag("x")}]
        ),
        "InvalidParameterValue",
    ),
    ("another action", lambda ec2, _: ec2.describe_images(), "InvalidAction"),
]


async def test_wrong_uses(composition: Composition) -> None:
    ec2, volume = aws(composition, "ec2"), composition.snapshots.volume.id
    for name, act, code in WRONG:
        with pytest.raises(ClientError, match=code):
            await away(lambda act=act: act(ec2, volume))  # type: ignore[misc]
        assert composition.snapshots.all() == [], name


async def test_pages(composition: Composition) -> None:
    ec2, volume = aws(composition, "ec2"), composition.snapshots.volume.id
    made = []
    for number in range(7):
        tags = [{"ResourceType": "snapshot", "Tags": [{"Key": "number", "Value": str(number)}]}]
        created = await away(lambda tags=tags: ec2.create_snapshot(VolumeId=volume, TagSpecifications=tags))  # type: ignore[misc]
        made.append(created["SnapshotId"])
        await composition.snapshots.finished(created["SnapshotId"])
    pages = await away(lambda: list(ec2.get_paginator("describe_snapshots").paginate(PaginationConfig={"PageSize": 5})))
    assert [len(page["Snapshots"]) for page in pages] == [5, 2]
    assert {each["SnapshotId"] for page in pages for each in page["Snapshots"]} == set(made)
    with pytest.raises(ClientError, match="InvalidNextToken"):
        await away(lambda: ec2.describe_snapshots(NextToken="x"))
