"""DeleteSnapshot: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteSnapshot.html"""

from __future__ import annotations

from runtime.api.ec2.shapes import EC2, Ec2Input, check_dry_run, is_here
from runtime.snapshots.service import SnapshotError, Snapshots
from streamcore.api.aws.service import Call


class DeleteSnapshotInput(Ec2Input, frozen=True, kw_only=True):
    snapshot_id: str


@EC2.action("DeleteSnapshot")
async def delete_snapshot(snapshots: Snapshots, call: Call, input_: DeleteSnapshotInput) -> None:
    """Removes its files."""
    if not is_here(snapshots, call):
        raise SnapshotError("InvalidSnapshot.NotFound", f"The snapshot '{input_.snapshot_id[:128]}' does not exist.")
    snapshots.get(input_.snapshot_id)
    check_dry_run(input_)
    await snapshots.delete(input_.snapshot_id)
