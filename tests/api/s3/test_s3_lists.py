"""Listings: pages, prefixes, delimiters, markers, odd keys; 10,000 keys; and any listing against a model."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from s3_harness import World, fails

from runtime.model.s3.values import Meta
from runtime.objects import index, listing
from runtime.objects.listing import Query
from runtime.objects.store import ObjectStore
from runtime.sqlite import Connection
from streamcore.clock import ManualClock


def fill(world: World, bucket: str, keys: list[str]) -> None:
    async def put() -> None:
        store = world.objects.store
        found = store.bucket(bucket)
        content = [await store.blobs.incoming().finish() for _ in keys]
        await asyncio.gather(*(store.put(found, key, one, Meta()) for key, one in zip(keys, content, strict=True)))

    world.run(put())


def test_ten_thousand_keys_by_pages(world: World, bucket: str) -> None:
    keys = sorted(f"{number % 7}/{number:05d}" for number in range(10_000))
    fill(world, bucket, keys)
    pages = world.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    assert [entry["Key"] for page in pages for entry in page["Contents"]] == keys
    pages = world.s3.get_paginator("list_objects").paginate(
        Bucket=bucket, Prefix="3/", PaginationConfig={"PageSize": 400}
    )
    assert [entry["Key"] for page in pages for entry in page["Contents"]] == [k for k in keys if k.startswith("3/")]
    (page,) = world.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Delimiter="/")
    assert [entry["Prefix"] for entry in page["CommonPrefixes"]] == [f"{n}/" for n in range(7)]
    assert page["KeyCount"] == 7


def test_what_a_page_says(world: World, bucket: str) -> None:
    fill(world, bucket, ["a", "b/1", "b/2", "c", "d/1", "e ü+&"])
    s3 = world.s3
    page = s3.list_objects_v2(Bucket=bucket, Delimiter="/", MaxKeys=2)
    assert ([e["Key"] for e in page["Contents"]], page["CommonPrefixes"]) == (["a"], [{"Prefix": "b/"}])
    assert (page["IsTruncated"], page["KeyCount"], page["MaxKeys"]) == (True, 2, 2)
    page = s3.list_objects_v2(Bucket=bucket, Delimiter="/", ContinuationToken=page["NextContinuationToken"])
    assert ([e["Key"] for e in page["Contents"]], page["CommonPrefixes"]) == (["c", "e ü+&"], [{"Prefix": "d/"}])
    assert page["IsTruncated"] is False
    page = s3.list_objects_v2(Bucket=bucket, StartAfter="b/2", FetchOwner=True, MaxKeys=1)
    assert (page["Contents"][0]["Key"], page["StartAfter"]) == ("c", "b/2")
    assert "ID" in page["Contents"][0]["Owner"]
    page = s3.list_objects(Bucket=bucket, Delimiter="/", MaxKeys=2, Marker="a")
    assert ([e["Key"] for e in page["Contents"]], page["NextMarker"], page["Marker"]) == (["c"], "c", "a")
    assert s3.list_objects_v2(Bucket=bucket, MaxKeys=0)["IsTruncated"] is False
    assert s3.list_objects_v2(Bucket=bucket, Prefix="nothing")["KeyCount"] == 0


def test_listings_that_are_refused(world: World, bucket: str) -> None:
    s3 = world.s3
    assert fails(s3.list_objects_v2, Bucket=bucket, MaxKeys=-1) == ("InvalidArgument", 400)
    assert fails(s3.list_objects_v2, Bucket=bucket, ContinuationToken="zzz") == ("InvalidArgument", 400)
    assert fails(s3.list_objects_v2, Bucket=bucket, EncodingType="hex") == ("InvalidArgument", 400)
    assert fails(s3.list_object_versions, Bucket=bucket, VersionIdMarker="x") == ("InvalidArgument", 400)
    assert fails(s3.list_objects_v2, Bucket="no-such-bucket") == ("NoSuchBucket", 404)


def test_a_key_that_no_xml_holds_is_encoded(world: World, bucket: str) -> None:
    fill(world, bucket, ["a\x01b\rc"])
    (entry,) = world.s3.list_objects_v2(Bucket=bucket)["Contents"]  # boto3 asks for encoding-type=url by itself
    assert entry["Key"] == "a\x01b\rc"


def test_versions_and_markers_by_pages(world: World, versioned: str) -> None:
    expected: list[tuple[str, str]] = []
    for key in ("a", "b/1", "c"):
        made = [world.s3.put_object(Bucket=versioned, Key=key, Body=str(n).encode())["VersionId"] for n in range(3)]
        made.append(world.s3.delete_object(Bucket=versioned, Key=key)["VersionId"])
        expected += [(key, version) for version in reversed(made)]
    for size in (1, 2, 3, 5, 100):
        found: list[tuple[str, str]] = []
        marker: dict[str, Any] = {}
        while True:
            page = world.s3.list_object_versions(Bucket=versioned, MaxKeys=size, **marker)
            rows = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
            ordered = [row for row in expected if row in {(entry["Key"], entry["VersionId"]) for entry in rows}]
            found += ordered
            for entry in rows:
                is_newest = entry["VersionId"] == next(v for k, v in expected if k == entry["Key"])
                assert entry["IsLatest"] is is_newest
            if not page["IsTruncated"]:
                break
            marker = {"KeyMarker": page["NextKeyMarker"], "VersionIdMarker": page["NextVersionIdMarker"]}
        assert found == expected
    page = world.s3.list_object_versions(Bucket=versioned, Delimiter="/")
    assert page["CommonPrefixes"] == [{"Prefix": "b/"}]


# ---------------------------------------------------------------- against a model

names = st.text(alphabet="ab/\x00\u00fc\U0001f600\x7f", min_size=1, max_size=5)


def model(keys: list[str], query: Query) -> list[str]:
    """All items and common prefixes in order, as AWS defines them: keys behind `start_after` are rolled up. Only when
    it is a common prefix itself - where the page before ended - is all of that one behind."""
    found: list[str] = []
    for key in sorted(keys, key=str.encode):
        if not key.startswith(query.prefix):
            continue
        cut = key.find(query.delimiter, len(query.prefix)) if query.delimiter else -1
        shown = key if cut < 0 else key[: cut + len(query.delimiter)]
        is_behind = key.encode() > query.start_after.encode() and not (cut >= 0 and shown == query.start_after)
        if is_behind and (not found or found[-1] != shown):
            found.append(shown)
    return found


@pytest.fixture(scope="module")
def connection() -> Iterator[Connection]:
    made = sqlite3.connect(":memory:", isolation_level=None)
    index.create(made)
    yield made
    made.close()


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    keys=st.lists(names, max_size=12, unique=True),
    dead=st.sets(st.integers(0, 11)),
    versions=st.integers(1, 20),
    prefix=st.text(alphabet="ab/", max_size=2),
    delimiter=st.sampled_from(["", "/", "a", "//", "\u00fc"]),
    start_after=st.one_of(st.just(""), names),
    most=st.integers(1, 4),
)
@example(keys=["ab"], dead=set(), versions=1, prefix="", delimiter="a", start_after="aa", most=1)
def test_any_listing_is_the_models(
    connection: Connection,
    keys: list[str],
    dead: set[int],
    versions: int,
    prefix: str,
    delimiter: str,
    start_after: str,
    most: int,
) -> None:
    connection.execute("DELETE FROM objects")
    for place, key in enumerate(keys):
        for sequence in range(versions if place == 0 else 1):
            is_marker = place in dead and sequence == (versions - 1 if place == 0 else 0)
            connection.execute(
                "INSERT INTO objects VALUES (1, ?, ?, ?, ?, 0, 0, '', ?, ?)",
                (key.encode(), sequence, str(sequence), is_marker, index.encode(Meta()), index.encode(())),
            )
    alive = [key for place, key in enumerate(keys) if place not in dead]
    query = Query(prefix, delimiter, start_after, most)
    expected = model(alive, query)
    found: list[str] = []
    for _ in range(len(expected) + 1):
        page = listing.current(connection, 1, query)
        rows = [*(entry.key for entry in page.items), *page.prefixes]
        assert len(rows) <= most
        found += sorted(rows, key=str.encode)
        if not page.is_truncated:
            break
        query = Query(prefix, delimiter, page.last, most)
    assert found == expected


async def test_a_key_with_many_versions_does_not_slow_the_next(tmp_path: Any) -> None:
    store = ObjectStore(tmp_path, ManualClock(), is_synced=False)
    await store.open()
    try:
        bucket = await store.create_bucket("many", "1", "r", {})
        bucket = await store.change_bucket(bucket.name, "versioning", "Enabled")
        for _ in range(60):
            await store.put(bucket, "a", await store.blobs.incoming().finish(), Meta())
        await store.put(bucket, "b", await store.blobs.incoming().finish(), Meta())
        page = await store.reader.run(lambda c: listing.current(c, bucket.number, Query()))
        assert [entry.key for entry in page.items] == ["a", "b"]
    finally:
        await store.close()
