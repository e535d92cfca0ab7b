"""The labs of AWS's tutorials from end to end: real clients, unmodified handlers, a broker in a process of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from examples.__main__ import LABS, main, serving
from examples.faq import lab as faq
from examples.process_records import lab as process_records
from examples.snapshots import lab as snapshots
from examples.thumbnails import lab as thumbnails
from examples.world import World

pytestmark = pytest.mark.timeout(120)
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with serving() as world:
        yield world


def test_thumbnails(world: World) -> None:
    shown = thumbnails.run(world)
    assert len(shown) == len(thumbnails.PHOTOS) + 1
    assert thumbnails.check(world, EXAMPLES / "thumbnails/photos/hubble.jpg", "hubble.jpg") == (500, 436)
    keys = [each["Key"] for each in world.client("s3").list_objects_v2(Bucket="photos-resized")["Contents"]]
    assert keys == ["resized-astronaut.jpg", "resized-hubble.jpg", "resized-rocket.jpg"]
    assert re.search(r"Duration: [\d.]+ ms\tBilled Duration: \d+ ms\tMemory Size: 256 MB", shown[-1])


def test_thumbnails_of_what_is_no_photograph(world: World) -> None:
    """The suffix decides what is a photograph; a text under such a name fails in the function, and nowhere else."""
    s3 = world.client("s3")
    s3.put_object(Bucket="photos", Key="notes.txt", Body=b"text")
    s3.put_object(Bucket="photos", Key="liar.jpg", Body=b"text")
    lines = world.until_logged(thumbnails.FUNCTION, "UnidentifiedImageError")
    assert not any("notes.txt" in line for line in lines)
    assert thumbnails.upload(world, EXAMPLES / "thumbnails/photos/rocket.jpg", "after.jpg") > 0


def test_process_records(world: World) -> None:
    assert process_records.run(world)[:3] == [f"Decoded payload: {text}" for text in process_records.TEXTS]


def test_faq(world: World) -> None:
    first, *answers, report = faq.run(world)
    assert first.startswith(f"GET {world.endpoint}/restapis/")
    assert len(answers) == 3
    assert all("?" in answer for answer in answers)
    assert report.startswith("REPORT ")


def test_snapshots(world: World) -> None:
    made, rule, line = snapshots.run(world)
    assert re.fullmatch(r"snap-0\w{16} of vol-0\w{16} \(streams\): completed, Created by Lambda backup function", made)
    assert rule == "next by rule every-five-minutes, rate(5 minutes)"
    assert line.startswith("Backing up vol-")


def test_every_lab_is_in_the_tour() -> None:
    folders = {path.parent.name for path in EXAMPLES.glob("*/lab.py")}
    assert folders == set(LABS)
    index = (EXAMPLES / "README.md").read_text()
    for name in folders:
        assert (EXAMPLES / name / "README.md").exists()
        assert f"[{name}]({name})" in index


def test_an_unknown_lab_is_refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.argv", ["examples", "cooking"])
    with pytest.raises(SystemExit) as exited:
        main()
    assert exited.value.code == 2
    assert "invalid choice: 'cooking'" in capsys.readouterr().err
