"""Puts a snapshot back: a data folder that a broker starts on, as everything was at the snapshot's moment."""

from __future__ import annotations

import os
import shutil
import uuid
from pathlib import Path
from urllib.parse import unquote_to_bytes

import msgspec

from runtime.model.snapshot import Snapshot
from runtime.snapshots.parts import sync_folder
from runtime.snapshots.service import DATA, FILES, SnapshotError, read_manifest


def restore(source: Path, target: Path) -> Snapshot:
    """Copies the snapshot in the folder `source` to `target`, which is empty or not there; blocks.

    Raises SnapshotError when it is no snapshot, not whole, or there is something at `target`; OSError.
    """
    try:
        snapshot = read_manifest(source)
    except (OSError, msgspec.MsgspecError) as error:
        raise SnapshotError("InvalidSnapshot.NotFound", f"{source} is no snapshot: {error}") from error
    check(source)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise SnapshotError("InvalidParameterValue", f"{target} is not empty; a snapshot is restored to a new folder.")
    target.parent.mkdir(parents=True, exist_ok=True)
    incoming = target.parent / f".{target.name}.{uuid.uuid4().hex}"
    try:
        shutil.copytree(source / DATA, incoming, symlinks=True)
        if target.exists():
            target.rmdir()
        incoming.rename(target)
    finally:
        shutil.rmtree(incoming, ignore_errors=True)
    sync_folder(target.parent)
    return snapshot


def check(source: Path) -> None:
    """Raises SnapshotError when a file is missing or has another size than it had; OSError."""
    with (source / FILES).open() as lines:
        for line in lines:
            size_bytes, _, name = line.rstrip("\n").partition("\t")
            file = source / DATA / os.fsdecode(unquote_to_bytes(name))
            try:
                found = file.lstat().st_size
            except FileNotFoundError:
                raise SnapshotError("InvalidSnapshot.NotFound", f"{file} is missing.") from None
            if found != int(size_bytes):
                text = f"{file} has {found} bytes instead of {size_bytes}."
                raise SnapshotError("InvalidSnapshot.NotFound", text)
