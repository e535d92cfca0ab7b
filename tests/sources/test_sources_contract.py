"""One suite for every source of events that there is; a new one is subject to it by being there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from source_contract import ACCEPTED, GOLDEN, check_golden, check_members, read, told_source

from runtime import templates
from runtime.api import source_table
from runtime.model.function import FunctionSpec
from runtime.sources.registry import sources
from runtime.workers.pool import WorkerPool

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SOURCES = sources()
#: Events whose `source` is what the program says that puts them.
SENDERS_SAY = {"event_bridge": "com.example.shop"}

every = pytest.mark.parametrize("name", SOURCES)


@every
def test_an_example_is_always_the_same(name: str) -> None:
    example = SOURCES[name].example
    assert example() == example()
    assert read(example())


@every
def test_golden(name: str) -> None:
    check_golden(name, SOURCES[name].example())


@every
def test_members_are_those_of_the_sample(name: str) -> None:
    source = SOURCES[name]
    if source.template is None:
        assert name not in ACCEPTED
    else:
        check_members(name, read(source.example()), templates.template(source.template))


@every
def test_the_event_names_its_source(name: str) -> None:
    assert told_source(read(SOURCES[name].example())) == SENDERS_SAY.get(name, SOURCES[name].event_source)


@every
def test_what_is_said_of_it_is_one_line(name: str) -> None:
    about = SOURCES[name].about
    assert about.endswith(".")
    assert not set("\n|") & set(about)


# ------------------------------------------------------------ through a function


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("function")
    (folder / "app.py").write_text("def handler(event, context): return event\n")
    return folder


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pool() -> AsyncIterator[WorkerPool]:
    pool = WorkerPool(1)
    await pool.start()
    yield pool
    await pool.close()


@every
@pytest.mark.asyncio(loop_scope="module")
async def test_a_function_gets_it_as_it_is(pool: WorkerPool, folder: Path, name: str) -> None:
    """Members, their order, and how numbers are written."""
    spec = FunctionSpec(name="f", handler="app.handler", paths=(str(folder),), timeout_ms=20_000)
    event = SOURCES[name].example()
    outcome = await pool.invoke(spec, event)
    assert outcome.ok, outcome.payload
    assert json.dumps(json.loads(outcome.payload)) == json.dumps(read(event))


# ------------------------------------------------------------ what there is


def test_no_golden_event_is_of_nothing() -> None:
    assert {file.stem for file in GOLDEN.iterdir()} == set(SOURCES)
    assert set(ACCEPTED) <= set(SOURCES)


def test_docs_are_current() -> None:
    """If this fails: python -m runtime.api.source_table docs/sources.md"""
    assert (ROOT / "docs/sources.md").read_text() == source_table.render()


#: Finds the modules of a further folder as if they were in runtime/sources.
PLUGIN = "import os, runtime.sources; runtime.sources.__path__.append(os.environ['FURTHER_SOURCES'])"
DROPPED_IN = """
from runtime.sources.registry import Invocation, Source

SOURCE = Source(
    event_source="aws:dropped", about="Something.", invocation=Invocation.ASYNCHRONOUS, template="kinesis",
    example=lambda: b'{"Records":[{"eventSource":"aws:dropped"}]}',
)
"""


def test_a_module_that_is_dropped_in_is_subject_to_all_this(tmp_path: Path) -> None:
    further = tmp_path / "further"
    further.mkdir()
    (further / "dropped_in.py").write_text(DROPPED_IN)
    (tmp_path / "further_sources.py").write_text(PLUGIN)
    path = os.pathsep.join([str(tmp_path), str(ROOT)])
    command = [sys.executable, "-m", "pytest", "-q", "-p", "further_sources", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, "-k", "dropped_in]", str(Path(__file__))],
        env={**os.environ, "PYTHONPATH": path, "FURTHER_SOURCES": str(further)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "2 failed, 4 passed" in done.stdout, done.stdout + done.stderr
    assert "FAILED tests/sources/test_sources_contract.py::test_golden[dropped_in]" in done.stdout
    assert "test_members_are_those_of_the_sample[dropped_in]" in done.stdout
    assert "there is no golden event of dropped_in; look at what this writes" in done.stdout


@pytest.mark.parametrize("text", ["", "SOURCE = None", "SOURCE = 'aws:dropped'"])
def test_a_module_that_declares_nothing_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    import runtime.sources as package

    (tmp_path / "undeclared.py").write_text(text)
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path)])
    monkeypatch.delitem(sys.modules, "runtime.sources.undeclared", raising=False)
    with pytest.raises(TypeError, match=r"runtime\.sources\.undeclared has no SOURCE"):
        sources()
    monkeypatch.delitem(sys.modules, "runtime.sources.undeclared", raising=False)
    monkeypatch.delattr(package, "undeclared", raising=False)


def test_a_folder_is_a_source_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import runtime.sources as package

    (tmp_path / "of_parts").mkdir()
    (tmp_path / "of_parts/__init__.py").write_text(DROPPED_IN)
    (tmp_path / "_part.py").write_text("")
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path)])
    assert set(sources()) - set(SOURCES) == {"of_parts"}
    monkeypatch.delitem(sys.modules, "runtime.sources.of_parts")
    monkeypatch.delattr(package, "of_parts")
