"""The snapshots of a broker: made while it works, listed, tagged, deleted.

    snapshots = Snapshots(broker, folder, [broker.held, parts.objects(store, "objects"), …])
    await snapshots.start()
    made = await snapshots.create("before the migration")    # the moment is now; copying goes on
    await snapshots.finished(made.id)

    <folder>/snap-0123456789abcdef0/manifest.json    what is known of it
    <folder>/snap-0123456789abcdef0/files.tsv        sizes and names, to check it by
    <folder>/snap-0123456789abcdef0/data/            as a broker would have it; `restore.py` puts it back
    <folder>/incoming-…/                             being written; removed at the next start

A folder gets its name by one rename when all of it is on the disk: a snapshot is there whole or not at all.
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final
from urllib.parse import quote

import msgspec

from runtime.errors import FunctionsError
from runtime.model.snapshot import DESCRIPTION_MAX_CHARS, PENDING_MAX, TAGS_MAX, Snapshot, SnapshotState, Volume
from runtime.snapshots.parts import Held, sync_folder
from streamcore.broker import Broker
from streamcore.model.stream import Scope
from streamcore.store.moment import Moment

log = logging.getLogger(__name__)

MANIFEST: Final = "manifest.json"
#: A line for each file below `data/`: its size, a tab, its name with %-escapes.
FILES: Final = "files.tsv"
DATA: Final = "data"
_KIND: Final = "snapshots"
_INCOMING: Final = "incoming-"


class SnapshotError(FunctionsError):
    """A request about snapshots that cannot be met; `code` is EC2's."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Snapshots:
    """All snapshots of one broker. `folder` None refuses to make any: a broker in memory has nothing to copy."""

    def __init__(self, broker: Broker, folder: Path | None, parts: Sequence[Held]) -> None:
        self._broker = broker
        self._clock = broker.clock
        self._folder = folder
        self._parts = parts
        self._snapshots: dict[str, Snapshot] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._creating = asyncio.Lock()
        self._tagging = asyncio.Lock()
        self._volume: Volume | None = None

    @property
    def folder(self) -> Path | None:
        return self._folder

    @property
    def scope(self) -> Scope:
        """The account and region that the volume and its snapshots belong to."""
        return self._broker.settings.scope

    @property
    def volume(self) -> Volume:
        assert self._volume is not None, "it was not started"
        return self._volume

    async def start(self) -> None:
        """Finds the snapshots that are there, and removes what a kill left of one."""
        kept = await self._broker.document(_KIND, "volume")
        if kept is None:
            self._volume = Volume(id=_name("vol"), instance_id=_name("i"), created_ms=self._clock.now_ms())
            await self._save_volume()
        else:
            self._volume = msgspec.msgpack.decode(kept, type=Volume)
        if self._folder is not None and self._folder.exists():
            found = await asyncio.to_thread(_sweep, self._folder)
            self._snapshots = {each.id: each for each in found}

    async def close(self) -> None:
        """Waits for copies under way: what they read must not be closed under them."""
        while self._tasks:
            await asyncio.wait(list(self._tasks.values()))

    # ------------------------------------------------------------

    def all(self) -> list[Snapshot]:
        """Oldest first."""
        return sorted(self._snapshots.values(), key=lambda each: (each.started_ms, each.id))

    def get(self, snapshot_id: str) -> Snapshot:
        """Raises SnapshotError: InvalidSnapshot.NotFound."""
        found = self._snapshots.get(snapshot_id)
        if found is None:
            raise SnapshotError("InvalidSnapshot.NotFound", f"The snapshot '{snapshot_id[:128]}' does not exist.")
        return found

    async def create(self, description: str = "", tags: Mapping[str, str] | None = None) -> Snapshot:
        """Returns when the moment is taken: what is committed later is not in it. The copy is made after that; see
        `finished`. Raises SnapshotError, StorageUnavailable, StorageFull and what else keeps a store from it."""
        folder = self._folder
        if folder is None:
            raise SnapshotError("UnsupportedOperation", "A broker in memory has nothing to copy.")
        if len(description) > DESCRIPTION_MAX_CHARS:
            raise SnapshotError("InvalidParameterValue", f"The description is longer than {DESCRIPTION_MAX_CHARS}.")
        _check_tags(tags or {})
        if len(self._tasks) >= PENDING_MAX:
            text = "Maximum allowed in-progress snapshots for a single volume exceeded."
            raise SnapshotError("ConcurrentSnapshotLimitExceeded", text)
        async with self._creating:
            moments = await self._moments()
            made = Snapshot(
                id=_name("snap"),
                volume_id=self.volume.id,
                account=self.scope.account,
                region=self.scope.region,
                started_ms=self._clock.now_ms(),
                description=description,
                volume_bytes=self._broker.usage().file_bytes,
                tags=dict(tags or {}),
            )
            self._snapshots[made.id] = made
            task = asyncio.get_running_loop().create_task(self._write(made, moments, folder))
            self._tasks[made.id] = task
            task.add_done_callback(lambda _: self._tasks.pop(made.id, None))
        return made

    async def finished(self, snapshot_id: str) -> Snapshot:
        """The snapshot when its copy is made, or failed. Raises SnapshotError."""
        task = self._tasks.get(snapshot_id)
        if task is not None:
            await asyncio.wait([task])
        return self.get(snapshot_id)

    async def delete(self, snapshot_id: str) -> None:
        """Raises SnapshotError: NotFound, InUse while it is being made."""
        self.get(snapshot_id)
        if snapshot_id in self._tasks:
            raise SnapshotError("InvalidSnapshot.InUse", f"The snapshot '{snapshot_id}' is being made.")
        del self._snapshots[snapshot_id]
        if self._folder is not None:
            await asyncio.to_thread(_remove, self._folder, snapshot_id)

    async def prune(self, older_than_ms: int) -> list[str]:
        """Deletes finished snapshots that began before that time; their ids."""
        old = [each.id for each in self.all() if each.started_ms < older_than_ms and each.id not in self._tasks]
        for each in old:
            await self.delete(each)
        return old

    async def tag(self, resource_id: str, change: Callable[[dict[str, str]], dict[str, str]]) -> None:
        """Changes the tags of a snapshot, of the volume or of the instance. Raises SnapshotError."""
        async with self._tagging:
            await self._tag(resource_id, change)

    async def _tag(self, resource_id: str, change: Callable[[dict[str, str]], dict[str, str]]) -> None:
        if resource_id == self.volume.id:
            self._volume = msgspec.structs.replace(self.volume, tags=_checked(change(self.volume.tags)))
            await self._save_volume()
        elif resource_id == self.volume.instance_id:
            tags = _checked(change(self.volume.instance_tags))
            self._volume = msgspec.structs.replace(self.volume, instance_tags=tags)
            await self._save_volume()
        else:
            found = self.get(resource_id)
            changed = msgspec.structs.replace(found, tags=_checked(change(found.tags)))
            self._snapshots[resource_id] = changed
            if self._folder is not None and changed.state is SnapshotState.COMPLETED:
                await asyncio.to_thread(_write_manifest, self._folder / resource_id, changed)

    # ------------------------------------------------------------

    async def _save_volume(self) -> None:
        await self._broker.save_document(_KIND, "volume", msgspec.msgpack.encode(self.volume))

    async def _moments(self) -> list[Moment]:
        """One instant of all parts: none commits before each has its moment."""
        moments: list[Moment] = []
        try:
            async with AsyncExitStack() as holds:
                makers = [await holds.enter_async_context(held()) for held in self._parts]
                for make in makers:
                    moments.append(await make())  # noqa: PERF401  what was made is closed when the next fails
        except BaseException:
            for moment in moments:
                moment.close()
            raise
        return moments

    async def _write(self, snapshot: Snapshot, moments: list[Moment], folder: Path) -> None:
        incoming = folder / f"{_INCOMING}{snapshot.id}"
        try:
            await asyncio.to_thread((incoming / DATA).mkdir, parents=True)
            for moment in moments:
                await moment.copy(incoming / DATA)
            done = await asyncio.to_thread(_finish, incoming, snapshot, self._clock.now_ms())
            async with self._tagging:  # tags that come meanwhile are in the manifest, or change it afterwards
                done = msgspec.structs.replace(done, tags=self._snapshots[snapshot.id].tags)
                await asyncio.to_thread(_publish, incoming, folder / snapshot.id, done)
                self._snapshots[snapshot.id] = done
        except Exception as error:
            log.exception("snapshot %s failed", snapshot.id)
            failed = msgspec.structs.replace(snapshot, state=SnapshotState.ERROR, message=str(error))
            self._snapshots[snapshot.id] = failed
            await asyncio.to_thread(shutil.rmtree, incoming, ignore_errors=True)
        finally:
            for moment in moments:
                moment.close()

    def __repr__(self) -> str:
        return f"<Snapshots {len(self._snapshots)} in {self._folder}, {len(self._tasks)} under way>"


def _name(kind: str) -> str:
    """An id of EC2's form."""
    return f"{kind}-0{secrets.token_hex(8)}"


def _checked(tags: dict[str, str]) -> dict[str, str]:
    _check_tags(tags)
    return tags


def _check_tags(tags: Mapping[str, str]) -> None:
    if len(tags) > TAGS_MAX:
        raise SnapshotError("TagLimitExceeded", f"A resource has at most {TAGS_MAX} tags.")
    for key, value in tags.items():
        if not 1 <= len(key) <= 127 or len(value) > 255:
            raise SnapshotError("InvalidParameterValue", "A tag's key has 1 to 127 characters, its value up to 255.")
        if key.startswith("aws:"):
            raise SnapshotError("InvalidParameterValue", "Tag keys starting with 'aws:' are reserved for internal use")


def _finish(incoming: Path, snapshot: Snapshot, now_ms: int) -> Snapshot:
    """Lists what was written, and syncs the folders."""
    data, count, size_bytes = incoming / DATA, 0, 0
    with (incoming / FILES).open("w") as files:
        for path, _, names in os.walk(data):
            for name in names:
                file = Path(path) / name
                found = file.lstat().st_size
                files.write(f"{found}\t{quote(os.fsencode(file.relative_to(data)))}\n")
                count, size_bytes = count + 1, size_bytes + found
            sync_folder(Path(path))
        files.flush()
        os.fsync(files.fileno())
    return msgspec.structs.replace(
        snapshot, state=SnapshotState.COMPLETED, completed_ms=now_ms, file_count=count, size_bytes=size_bytes
    )


def _publish(incoming: Path, place: Path, done: Snapshot) -> None:
    _write_manifest(incoming, done)
    incoming.rename(place)
    sync_folder(place.parent)


def _write_manifest(folder: Path, snapshot: Snapshot) -> None:
    written = folder / f"{MANIFEST}.new"
    with written.open("wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(snapshot), indent=1))
        file.flush()
        os.fsync(file.fileno())
    written.replace(folder / MANIFEST)
    sync_folder(folder)


def read_manifest(folder: Path) -> Snapshot:
    """Raises OSError, msgspec.MsgspecError."""
    return msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Snapshot)


def _sweep(folder: Path) -> Iterable[Snapshot]:
    found = []
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith(_INCOMING):
            shutil.rmtree(entry, ignore_errors=True)
        elif entry.name.startswith("snap-"):
            try:
                found.append(read_manifest(entry))
            except (OSError, msgspec.MsgspecError) as error:
                log.warning("%s is no snapshot: %s", entry, error)
    return found


def _remove(folder: Path, snapshot_id: str) -> None:
    """First the name, then the files: half a snapshot is never listed."""
    aside = folder / f"{_INCOMING}{snapshot_id}"
    try:
        (folder / snapshot_id).rename(aside)
    except FileNotFoundError:
        return
    sync_folder(folder)
    shutil.rmtree(aside, ignore_errors=True)
