"""Off, observe, enforce; what is kept over a restart; files and their permissions."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from identity_support import ACCOUNT, FAKE, House, allow, document, keys_of, refused, trust

from streamcore.clock import ManualClock
from streamcore.config import is_loopback, settings
from streamcore.errors import ConfigError
from streamcore.identity.audit import AuditLog
from streamcore.identity.errors import IdentityUnavailable
from streamcore.identity.roots import LOOK_EVERY_MS, Roots
from streamcore.identity.secrets import Vault, open_vault


def test_off_lets_everybody_in_and_iam_works(tmp_path: Path) -> None:
    with House(tmp_path / "data", auth="off") as house:
        assert house.composition.guard is None
        sts = house.client("sts", FAKE)
        assert sts.get_caller_identity()["Arn"] == f"arn:aws:iam::{ACCOUNT}:root"
        iam = house.client("iam", FAKE)
        role = iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust())["Role"]
        taken = sts.assume_role(RoleArn=role["Arn"], RoleSessionName="one")
        assert house.client("kinesis", keys_of(taken["Credentials"])).list_streams()
        assert not (tmp_path / "data" / "audit").exists()


def test_observe_lets_pass_and_says_what_would_be_refused(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with (
        caplog.at_level(logging.WARNING, "streamcore.identity.guard"),
        House(tmp_path / "data", auth="observe") as house,
    ):
        kinesis = house.client("kinesis", FAKE)
        for _ in range(3):
            kinesis.list_streams()
        s3 = house.client("s3", FAKE)
        s3.create_bucket(Bucket="seen", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        s3.put_object(Bucket="seen", Key="k", Body=b"x")
        assert s3.get_object(Bucket="seen", Key="k")["Body"].read() == b"x"
        entries = house.audit()
        counts = dict(house.composition.guard.counts)
    told = [record.getMessage() for record in caplog.records]
    (line,) = [each for each in told if "kinesis:ListStreams" in each]
    assert 'allowed by {"Effect":"Allow","Action":"kinesis:ListStreams","Resource":"*"}' in line
    assert counts["kinesis:ListStreams", "observed"] == 3
    assert {each["mode"] for each in entries} == {"observe"}


def test_identities_last(tmp_path: Path) -> None:
    with House(tmp_path / "data") as house:
        keys = house.user("ann", allow("kinesis:*"))
        session = keys_of(house.client("sts", keys).get_session_token()["Credentials"])
        root = house.root
    with House(tmp_path / "data") as house:
        assert house.root == root
        for each in (keys, session):
            assert house.client("kinesis", each).list_streams()
        assert refused(house.client("iam", keys).list_users)[0] == "AccessDenied"


def test_another_key_opens_no_secrets(tmp_path: Path) -> None:
    with House(tmp_path / "data") as house:
        keys = house.user("ann", allow("kinesis:*"))
    (tmp_path / "data" / "identity" / "key").write_bytes(b"\0" * 32)
    (tmp_path / "data" / "identity" / f"root-{ACCOUNT}.json").unlink()
    with House(tmp_path / "data") as house:
        assert refused(house.client("kinesis", keys).list_streams)[0] == "InternalFailure"
        assert house.client("kinesis").list_streams()


def test_root_changes_while_the_broker_runs(tmp_path: Path) -> None:
    folder = tmp_path / "identity"
    vault = open_vault(folder)
    roots = Roots(folder, vault, lambda: None)
    first = Roots(folder, vault, lambda: None).make(ACCOUNT, 0)
    assert roots.find(first.access_key, 10_000) == first
    second = Roots(folder, open_vault(folder), lambda: None).make(ACCOUNT, 0)
    assert roots.find(second.access_key, 10_000 + LOOK_EVERY_MS - 1) is None
    assert roots.find(second.access_key, 10_000 + LOOK_EVERY_MS) == second
    assert roots.find(first.access_key, 10_000 + LOOK_EVERY_MS) is None


def test_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "identity"
    Roots(folder, open_vault(folder), lambda: None).make(ACCOUNT, 0)
    for path in (*folder.iterdir(), folder):
        assert path.stat().st_mode & 0o077 == 0
    (folder / "key").chmod(0o644)
    with pytest.raises(IdentityUnavailable, match="can be read by others: chmod 600"):
        open_vault(folder)
    (folder / "key").chmod(0o600)
    (folder / "key").write_bytes(b"short")
    with pytest.raises(IdentityUnavailable, match="is damaged"):
        open_vault(folder)


def test_what_is_sealed_is_bound_to_its_place() -> None:
    vault = Vault(b"k" * 32)
    sealed = vault.encrypt(b"secret", "AKIA1")
    assert vault.decrypt(sealed, "AKIA1") == b"secret"
    assert b"secret" not in sealed
    for other, purpose in ((vault, "AKIA2"), (Vault(b"j" * 32), "AKIA1")):
        with pytest.raises(IdentityUnavailable):
            other.decrypt(sealed, purpose)


def test_the_audit_log_is_bounded(tmp_path: Path) -> None:
    clock = ManualClock()
    log = AuditLog(tmp_path / "audit" / "a.jsonl", clock, max_bytes=1024, files=3)
    for number in range(40):
        log.write({"number": number, "text": "x" * 5000})
        clock.advance(1)
    log.close()
    files = sorted(path.name for path in (tmp_path / "audit").iterdir())
    assert files == ["a.jsonl", "a.jsonl.1", "a.jsonl.2"]
    sizes = [path.stat().st_size for path in (tmp_path / "audit").iterdir()]
    assert max(sizes) < 1024 + 1100
    assert b'"number":39' in (tmp_path / "audit" / "a.jsonl").read_bytes()


@pytest.mark.parametrize(
    ("host", "auth", "flag", "is_refused"),
    [
        ("127.0.0.1", "off", False, False),
        ("localhost", "off", False, False),
        ("::1", "observe", False, False),
        ("0.0.0.0", "off", False, True),
        ("::", "observe", False, True),
        ("broker.internal", "off", False, True),
        ("0.0.0.0", "off", True, False),
        ("0.0.0.0", "enforce", False, False),
    ],
)
def test_a_network_is_not_let_in_by_chance(host: str, auth: str, flag: bool, is_refused: bool) -> None:
    assert is_loopback(host) is (host in ("127.0.0.1", "localhost", "::1"))
    if not is_refused:
        assert settings(host=host, auth=auth, allow_anonymous_network=flag).host == host
        return
    with pytest.raises(ConfigError, match="anybody who connects may do everything"):
        settings(host=host, auth=auth, allow_anonymous_network=flag)


def test_kept_decisions_are_forgotten_with_every_change(tmp_path: Path) -> None:
    with House(tmp_path / "data") as house:
        iam, keys = house.client("iam"), house.user("ann")
        ann = house.client("kinesis", keys)
        for _ in range(2):
            assert refused(ann.list_streams)[0] == "AccessDeniedException"
            iam.put_user_policy(UserName="ann", PolicyName="p", PolicyDocument=document(allow("kinesis:*")))
            assert ann.list_streams()
            assert ann.list_streams()
            iam.delete_user_policy(UserName="ann", PolicyName="p")
