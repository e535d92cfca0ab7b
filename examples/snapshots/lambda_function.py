# The usual function that snapshots every volume in use, names the snapshot after the volume, and removes old ones.
from datetime import datetime, timedelta, timezone

import boto3

KEEP = timedelta(days=7)


def lambda_handler(event, context):
    ec2 = boto3.client("ec2")
    for region in ec2.describe_regions()["Regions"]:
        name = region["RegionName"]
        ec2 = boto3.client("ec2", region_name=name)
        resource = boto3.resource("ec2", region_name=name)
        result = ec2.describe_volumes(Filters=[{"Name": "status", "Values": ["in-use"]}])
        for volume in result["Volumes"]:
            print("Backing up {} in {}".format(volume["VolumeId"], volume["AvailabilityZone"]))
            result = ec2.create_snapshot(VolumeId=volume["VolumeId"], Description="Created by Lambda backup function")
            snapshot = resource.Snapshot(result["SnapshotId"])
            for tag in volume.get("Tags", []):
                if tag["Key"] == "Name":
                    snapshot.create_tags(Tags=[{"Key": "Name", "Value": tag["Value"]}])
        for old in ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]:
            if datetime.now(timezone.utc) - old["StartTime"] > KEEP:
                print("Removing {}".format(old["SnapshotId"]))
                ec2.delete_snapshot(SnapshotId=old["SnapshotId"])
