"""Lifecycle rules at work: one timer, armed for the next midnight UTC while a bucket has rules.

All rules of S3 come due at a midnight, so nothing has to be looked at in between but what a change of rules brings.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from functools import partial
from itertools import groupby
from typing import Final

from runtime.model.s3.lifecycle import DAY_MS, Rule, midnight_after, rules_of
from runtime.model.s3.values import Bucket, Version
from runtime.objects import listing
from runtime.objects.store import ObjectStore
from runtime.objects.uploads import Uploads
from runtime.sqlite import DatabaseFailed
from streamcore.clock import Timer
from streamcore.errors import StreamcoreError
from streamcore.model.xml import parse

log = logging.getLogger(__name__)

KIND: Final = "lifecycle"
#: Versions looked at by one step.
STEP: Final = 1000


class Expiry:
    """Removes what is due, at the start, at midnight and when rules change."""

    def __init__(self, store: ObjectStore, uploads: Uploads) -> None:
        self._store = store
        self._uploads = uploads
        self._timer: Timer | None = None
        self._wanted = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        #: Set while nothing is due.
        self.idle = asyncio.Event()
        store.on_change.append(self._on_change)

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._run())
        self._look()

    async def close(self) -> None:
        self._disarm()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _on_change(self, bucket: Bucket, kind: str) -> None:
        if kind == KIND and self._task is not None:
            self._look()

    def _look(self) -> None:
        self.idle.clear()
        self._wanted.set()

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def _run(self) -> None:
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            begun_ms = self._store.clock.now_ms()
            ruled = [(bucket, rules) for bucket in list(self._store.buckets.values()) if (rules := rules_in(bucket))]
            for bucket, rules in ruled:
                try:
                    await self._expire(bucket, rules)
                except (StreamcoreError, DatabaseFailed) as error:
                    log.warning("objects of %s were not all expired: %s", bucket.name, error)
            self._arm(begun_ms, is_needed=bool(ruled))
            if not self._wanted.is_set():
                self.idle.set()

    def _arm(self, begun_ms: int, *, is_needed: bool) -> None:
        """For the midnight after the last look began: it may have passed meanwhile."""
        self._disarm()
        if is_needed:
            due_ms = midnight_after(begun_ms + 1)
            delay_s = max(0.0, (due_ms - self._store.clock.now_ms()) / 1000)
            self._timer = self._store.clock.call_later(delay_s, self._look)

    async def _expire(self, bucket: Bucket, rules: Sequence[Rule]) -> None:
        at = b""
        while True:
            versions = await self._store.reader.run(
                partial(listing.rows_after, bucket=bucket.number, key=at, most=STEP)
            )
            if not versions:
                break
            for _, group in groupby(versions, key=lambda version: version.key):
                await self._expire_key(bucket, rules, list(group))
            at = versions[-1].key.encode()
        await self._abort_uploads(bucket, rules)

    async def _expire_key(self, bucket: Bucket, rules: Sequence[Rule], versions: list[Version]) -> None:
        now_ms = self._store.clock.now_ms()
        newest = versions[0]
        gone = _outdated(rules, versions, now_ms)
        for version in gone:
            await self._store.delete(bucket, version.key, version.version_id, family="LifecycleExpiration")
        if newest.is_marker:
            lone = len(versions) - len(gone) == 1
            if lone and any(rule.removes_lone_marker and newest.key.startswith(rule.prefix) for rule in rules):
                await self._store.delete(bucket, newest.key, newest.version_id, family="LifecycleExpiration")
        elif expires_ms(rules, newest)[0] <= now_ms:
            await self._store.delete(bucket, newest.key, family="LifecycleExpiration", only_sequence=newest.sequence)

    async def _abort_uploads(self, bucket: Bucket, rules: Sequence[Rule]) -> None:
        now_ms = self._store.clock.now_ms()
        query, mark = listing.Query(), ""
        while True:
            page = await self._store.reader.run(
                partial(listing.uploads, bucket=bucket.number, query=query, upload_marker=mark)
            )
            for upload in page.items:
                due = [
                    at
                    for rule in rules
                    if upload.key.startswith(rule.prefix) and (at := rule.aborts_ms(upload.begun_ms)) is not None
                ]
                if due and min(due) <= now_ms:
                    await self._uploads.abort(bucket, upload.key, upload.upload_id)
            if not page.is_truncated:
                return
            query, mark = listing.Query(start_after=page.last), page.last_mark


def _outdated(rules: Sequence[Rule], versions: list[Version], now_ms: int) -> list[Version]:
    """Versions that are not current and are due: each is counted from when the one above it came."""
    found = []
    for place, version in enumerate(versions[1:]):
        since_ms = versions[place].modified_ms
        for rule in rules:
            at = rule.noncurrent_expires_ms(since_ms)
            is_due = at is not None and at <= now_ms and place >= rule.noncurrent_kept
            if is_due and rule.covers(version.key, version.size, version.meta.tags):
                found.append(version)
                break
    return found


def rules_in(bucket: Bucket) -> list[Rule]:
    """The enabled rules of a bucket."""
    text = bucket.settings.get(KIND)
    return [] if text is None else [rule for rule in rules_of(parse(text.encode())) if rule.is_enabled]


def expires_ms(rules: Sequence[Rule], version: Version) -> tuple[int, str]:
    """When the first rule takes the current version, and that rule's id; far away when none does."""
    due = [
        (at, rule.rule_id)
        for rule in rules
        if rule.covers(version.key, version.size, version.meta.tags)
        and (at := rule.expires_ms(version.modified_ms)) is not None
    ]
    return min(due, default=(2**62, ""))


__all__ = ["DAY_MS", "Expiry", "expires_ms", "rules_in"]
