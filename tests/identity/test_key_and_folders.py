"""The key of the secrets and snapshots; code that is run where it lies."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from identity_support import House, allow, refused
from test_functions_under_enforce import make_role

from streamcore.broker import open_broker
from streamcore.cli import main
from streamcore.composition import Composition
from streamcore.identity.errors import IdentityUnavailable
from streamcore.identity.store import Identities


def snapshot_of(house: House) -> Path:
    ec2 = house.client("ec2")
    volume = ec2.describe_volumes()["Volumes"][0]["VolumeId"]
    made: str = ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
    ec2.get_waiter("snapshot_completed").wait(SnapshotIds=[made], WaiterConfig={"Delay": 1})
    return house.data / "snapshots" / made


def run(*arguments: str) -> Any:
    return CliRunner().invoke(main, arguments, catch_exceptions=False)


def test_a_snapshot_tells_that_the_key_is_not_in_it(tmp_path: Path) -> None:
    with House(tmp_path / "data") as house:
        keys = house.user("ann", allow("kinesis:*"))
        source = snapshot_of(house)
    restored = tmp_path / "restored"
    told = run("backup", "restore", str(source), "--data", str(restored))
    assert f"{restored}/identity/key is not in it" in told.output
    assert not (restored / "identity" / "key").exists()
    started = run("serve", "--data", str(restored), "--port", "0", "--auth", "enforce")
    assert started.exit_code != 0
    assert f"{restored}/identity/key is missing, and there are secrets that are sealed with it." in started.output
    # Nothing makes another key by the way.
    assert "is missing" in run("identity", "root", "--data", str(restored)).output
    assert not (restored / "identity" / "key").exists()
    shutil.copy(tmp_path / "data" / "identity" / "key", restored / "identity" / "key")
    with House(restored) as house:
        assert house.client("kinesis", keys).list_streams()


async def test_where_the_key_is_lost_another_one_is_made(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    data = tmp_path / "data"
    with House(data) as house:
        keys = house.user("ann", allow("kinesis:*"))
    assert "what is sealed with it would be lost" in run("identity", "new-key", "--data", str(data)).output
    (data / "identity" / "key").unlink()
    with pytest.raises(IdentityUnavailable, match="is missing"):
        await Composition.start(house.settings)
    assert "is new" in run("identity", "new-key", "--data", str(data)).output
    with caplog.at_level("WARNING", "streamcore.identity.store"), House(data) as house:
        assert "such as one of arn:aws:iam::123456789012:user/ann, are sealed with another identity/key" in caplog.text
        assert refused(house.client("kinesis", keys).list_streams)[0] == "InternalFailure"
        house.client("iam").delete_access_key(UserName="ann", AccessKeyId=keys["aws_access_key_id"])
        made = house.client("iam").create_access_key(UserName="ann")["AccessKey"]
        fresh = {"aws_access_key_id": made["AccessKeyId"], "aws_secret_access_key": made["SecretAccessKey"]}
        assert house.client("kinesis", fresh).list_streams()


async def test_sealed_keys_alone_are_enough(tmp_path: Path) -> None:
    """Also where neither root's file nor a word of a snapshot is there."""
    with House(tmp_path / "data") as house:
        house.user("ann")
    shutil.rmtree(tmp_path / "data" / "identity")
    async with open_broker(tmp_path / "data") as broker:
        with pytest.raises(IdentityUnavailable, match="is missing"):
            await Identities(broker).start()
    assert not (tmp_path / "data" / "identity" / "key").exists()


def test_without_authentication_no_snapshot_speaks_of_a_key(tmp_path: Path) -> None:
    with House(tmp_path / "data", auth="off") as house:
        source = snapshot_of(house)
    told = run("backup", "restore", str(source), "--data", str(tmp_path / "restored"))
    assert "identity" not in told.output.replace(str(tmp_path), "")


def folder(path: Path) -> Path:
    path.mkdir(parents=True)
    (path / "app.py").write_text("def handler(event, context):\n    return 1\n")
    return path


@pytest.mark.parametrize(("auth", "is_listed", "is_let"), [
    ("enforce", False, False),
    ("enforce", True, True),
    ("observe", False, True),
    ("off", False, True),
    ("off", True, True),
])  # fmt: skip
def test_code_is_run_where_it_lies_only_where_it_may(tmp_path: Path, auth: str, is_listed: bool, is_let: bool) -> None:
    inside, outside = folder(tmp_path / "code" / "f"), folder(tmp_path / "elsewhere")
    (tmp_path / "code" / "link").symlink_to(outside)
    listed = (str(tmp_path / "code"),) if is_listed else ()
    with House(tmp_path / "data", auth=auth, code_folders=listed) as house:
        role = make_role(house, "f")

        def create(path: str) -> Any:
            code = {"S3Bucket": "hot-reload", "S3Key": path}
            return house.client("lambda").create_function(
                FunctionName="f", Runtime="python3.11", Handler="app.handler",
                Role=role, Code=code,
            )  # fmt: skip

        if is_let:
            assert create(str(inside))["FunctionArn"]
        else:
            assert "code_folders" in refused(lambda: create(str(inside)))[2]
        others = (outside, tmp_path / "code" / "link", tmp_path / "code" / ".." / "elsewhere", tmp_path / "nowhere")
        for path in others if is_listed else ():
            code, _, text = refused(lambda path=path: create(str(path)))
            assert (code, "code_folders" in text) == ("InvalidParameterValueException", True)
