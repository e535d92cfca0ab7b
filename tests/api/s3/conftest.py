from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
from s3_harness import World

_numbers = itertools.count()


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with World() as world:
        yield world


@pytest.fixture
def bucket(world: World) -> str:
    """A new bucket."""
    name = f"bucket-{next(_numbers)}"
    world.s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    return name


@pytest.fixture
def versioned(world: World, bucket: str) -> str:
    """A new bucket with versions."""
    world.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    return bucket
