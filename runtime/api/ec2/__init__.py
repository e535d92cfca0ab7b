"""EC2's volumes and snapshots: one file per action; importing the package registers them all with `EC2`."""

from runtime.api.ec2 import (
    create_snapshot,
    create_tags,
    delete_snapshot,
    delete_tags,
    describe_instances,
    describe_regions,
    describe_snapshots,
    describe_tags,
    describe_volumes,
)
from runtime.api.ec2.shapes import EC2, NAMESPACE, SPELLING, VERSION

__all__ = [
    "EC2",
    "NAMESPACE",
    "SPELLING",
    "VERSION",
    "create_snapshot",
    "create_tags",
    "delete_snapshot",
    "delete_tags",
    "describe_instances",
    "describe_regions",
    "describe_snapshots",
    "describe_tags",
    "describe_volumes",
]
