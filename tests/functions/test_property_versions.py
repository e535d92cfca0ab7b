"""Versions and aliases under any sequence of changes, against a plain model of what AWS promises."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from runtime.model.configuration import Code, Configuration, Function
from runtime.model.versions import Alias, fingerprint, pick, publish

LATEST = Configuration(
    name="f",
    account="123456789012",
    region="eu-west-1",
    role="r",
    runtime="python3.12",
    handler="a.b",
    code=Code(digest="00", size_bytes=1),
    revision_id="r0",
    modified_ms=0,
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("timeout"), st.integers(1, 3)),
        st.tuples(st.just("touch"), st.integers(0, 5)),
        st.tuples(st.just("publish"), st.just(0)),
        st.tuples(st.just("delete"), st.integers(1, 4)),
    ),
    max_size=25,
)


@given(STEPS)
def test_versions_are_numbered_immutable_and_never_used_again(steps: list[tuple[str, int]]) -> None:
    function, versions = Function(latest=LATEST), {}
    numbers: list[int] = []
    for position, (step, value) in enumerate(steps):
        kept = dict(versions)
        match step:
            case "timeout":
                function = msgspec.structs.replace(
                    function, latest=msgspec.structs.replace(function.latest, timeout_s=value)
                )
            case "touch":  # what is no change of the function
                latest = msgspec.structs.replace(function.latest, revision_id=f"r{value}", modified_ms=value)
                function = msgspec.structs.replace(function, latest=latest)
            case "delete":
                versions.pop(str(value), None)
                kept = dict(versions)
            case "publish":
                done = publish(function, versions, f"p{position}")
                function = done.function
                assert fingerprint(done.version) == fingerprint(function.latest)
                if done.is_new:
                    numbers.append(int(done.version.version))
                    versions[done.version.version] = done.version
                else:
                    assert versions[str(numbers[-1])] is done.version
                assert publish(function, versions, "again").is_new is False
        assert {name: versions[name] for name in kept} == kept
    assert numbers == list(range(1, len(numbers) + 1))


@given(st.floats(0, 1), st.floats(0, 1, exclude_max=True))
def test_an_alias_sends_its_share(weight: float, chance: float) -> None:
    alias = Alias(name="a", version="1", revision_id="r", weights={"2": weight})
    assert pick(alias, chance) == ("2" if chance < weight else "1")
    assert pick(msgspec.structs.replace(alias, weights={}), chance) == "1"
