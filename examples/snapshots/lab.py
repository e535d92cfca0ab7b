"""A schedule invokes the usual function that snapshots all volumes; here the volume is the broker's own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from examples.world import ROLE, World

HERE = Path(__file__).parent
FUNCTION = "ebs-snapshots"
RULE = "every-five-minutes"


def build(world: World) -> str:
    """The function, and the rule that invokes it every five minutes; the function's ARN."""
    arn = world.create_function(FUNCTION, HERE / "lambda_function.py")
    events = world.client("events")
    rule = events.put_rule(Name=RULE, ScheduleExpression="rate(5 minutes)")["RuleArn"]
    world.client("lambda").add_permission(
        FunctionName=FUNCTION,
        StatementId="schedule",
        Action="lambda:InvokeFunction",
        Principal="events.amazonaws.com",
        SourceArn=rule,
    )
    events.put_targets(Rule=RULE, Targets=[{"Id": "snapshots", "Arn": arn}])
    volume = world.client("ec2").describe_volumes()["Volumes"][0]["VolumeId"]
    world.client("ec2").create_tags(Resources=[volume], Tags=[{"Key": "Name", "Value": "streams"}])
    return arn


def once_soon(world: World, arn: str) -> None:
    """Nobody wants to wait five minutes: a schedule that fires once, in a second."""
    soon = datetime.now(UTC) + timedelta(seconds=1)
    world.client("scheduler").create_schedule(
        Name="once",
        ScheduleExpression=f"at({soon:%Y-%m-%dT%H:%M:%S})",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": arn, "RoleArn": ROLE},
        ActionAfterCompletion="DELETE",
    )


def run(world: World) -> list[str]:
    """The lab from the beginning; the snapshot that was made."""
    arn = build(world)
    once_soon(world, arn)

    def look() -> Any:
        done = [{"Name": "status", "Values": ["completed"]}, {"Name": "tag:Name", "Values": ["streams"]}]
        return next(iter(world.client("ec2").describe_snapshots(OwnerIds=["self"], Filters=done)["Snapshots"]), None)

    made = world.until(look, "the snapshot")
    rule = world.client("events").describe_rule(Name=RULE)
    name = made["Tags"][0]["Value"]
    return [
        f"{made['SnapshotId']} of {made['VolumeId']} ({name}): {made['State']}, {made['Description']}",
        f"next by rule {rule['Name']}, {rule['ScheduleExpression']}",
        *world.log_lines(FUNCTION)[:1],
    ]
