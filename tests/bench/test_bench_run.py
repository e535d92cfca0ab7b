"""The harness from end to end, with the null server in the place of every server."""

import json
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from bench.__main__ import chosen, listing, main
from bench.child import LoadError
from bench.control import create_stream
from bench.histogram import Histogram
from bench.load import LoadPlan
from bench.machine import filesystem_of, is_in_memory
from bench.report import failures, table, to_json
from bench.runner import Outcome, SideOutcome, run_workload
from bench.servers import PROGRAMS, Program, ServerError, running
from bench.workload import Bench, Measurement, Metric, Settings, Side, Workload
from bench.workloads import WORKLOADS

NULL = PROGRAMS["null"]
PROGRAMS_IN_TESTS = {name: replace(NULL, name=name) for name in PROGRAMS}


def silent(line: str) -> None:
    """Says nothing."""


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(Settings.brief(peers=True), tmp_path, PROGRAMS_IN_TESTS)


@pytest.mark.parametrize("name", ["put-records-json", "put-latency", "get-records-scan", "limits-records", "memory"])
def test_a_workload_runs_briefly_from_end_to_end(name: str, bench: Bench) -> None:
    outcome = run_workload(WORKLOADS[name], with_runs(bench, 1, peers=False), silent)
    assert failures([outcome]) == []
    assert outcome.ours is not None
    for metric in WORKLOADS[name].metrics:
        assert outcome.ours.values(metric)[0] >= 0
    assert name in table([outcome])


def fake(values: Mapping[str, float]) -> Callable[[Bench], Measurement]:
    return lambda bench: Measurement(values)


def numbered(calls: list[str], name: str, values: list[float]) -> Callable[[Bench], Measurement]:
    def measure(bench: Bench) -> Measurement:
        calls.append(name)
        return Measurement({"speed": values[calls.count(name) - 1]}, latency=_histogram(calls.count(name)))

    return measure


def _histogram(value: int) -> Histogram:
    histogram = Histogram()
    histogram.record(value)
    return histogram


def versus(calls: list[str], bar: float = 2) -> Workload:
    return Workload(
        name="versus",
        summary="two sides with known values",
        metrics=[Metric("speed", "rec/s", bar=bar)],
        sides=[
            Side("streamcore", "streamcore", numbered(calls, "ours", [10, 40, 30])),
            Side("kinesalite", "kinesalite", numbered(calls, "theirs", [5, 10, 20])),
        ],
    )


def with_runs(bench: Bench, runs: int, peers: bool = True) -> Bench:
    return replace(bench, settings=replace(bench.settings, runs=runs, peers=peers))


def test_runs_are_interleaved_and_ratios_pairwise(bench: Bench) -> None:
    calls: list[str] = []
    outcome = run_workload(versus(calls), with_runs(bench, 3), silent)
    [metric] = outcome.workload.metrics
    assert calls == ["ours", "theirs"] * 3
    assert outcome.ratios(metric, outcome.others[0]) == [2.0, 4.0, 1.5]
    assert outcome.verdict(metric) == "pass"


def test_a_bar_that_is_not_reached_is_a_miss(bench: Bench) -> None:
    outcome = run_workload(versus([], bar=2.5), with_runs(bench, 3), silent)
    assert outcome.verdict(outcome.workload.metrics[0]) == "miss"
    assert re.search(r"versus +speed +30 rec/s +\(10 - 40\) +kinesalite +10 +2\.00x +>= 2\.5x +miss", table([outcome]))


def test_without_peers_only_our_sides_run(bench: Bench) -> None:
    calls: list[str] = []
    outcome = run_workload(versus(calls), with_runs(bench, 3, peers=False), silent)
    assert calls == ["ours"] * 3
    assert outcome.verdict(outcome.workload.metrics[0]) == ""


def test_only_one_side(bench: Bench) -> None:
    calls: list[str] = []
    outcome = run_workload(versus(calls), with_runs(bench, 2), silent, only="kinesalite")
    assert calls == ["theirs"] * 2
    assert outcome.ours is None
    assert "kinesalite" in table([outcome])


def test_a_missing_peer_is_said_by_name_with_how_to_get_it(bench: Bench) -> None:
    absent = replace(NULL, name="kinesalite", find=lambda: None, hint="`npm install kinesalite`")
    without = replace(with_runs(bench, 1), programs={**PROGRAMS_IN_TESTS, "kinesalite": absent})
    said: list[str] = []
    outcome = run_workload(versus([]), without, said.append)
    assert said[0] == "versus: kinesalite is not installed: `npm install kinesalite`"
    assert outcome.missing == ["kinesalite is not installed: `npm install kinesalite`"]
    assert outcome.ours is not None
    assert len(outcome.ours.measurements) == 1


def test_our_own_side_missing_is_a_failure(bench: Bench) -> None:
    absent = replace(NULL, name="streamcore", find=lambda: None, hint="no command")
    without = replace(bench, programs={**PROGRAMS_IN_TESTS, "streamcore": absent})
    outcome = run_workload(versus([]), without, silent)
    assert failures([outcome]) == ["versus: streamcore: streamcore is not installed: no command"]


def test_a_failing_side_is_reported_instead_of_a_number(bench: Bench) -> None:
    def fail(bench: Bench) -> Measurement:
        raise LoadError("3 errors")

    broken = Side("kinesalite", "kinesalite", fail)
    workload = replace(versus([]), sides=[versus([]).sides[0], broken])
    outcome = run_workload(workload, with_runs(bench, 2), silent)
    assert failures([outcome]) == ["versus: kinesalite: LoadError: 3 errors"]
    assert "FAILED" in table([outcome])
    assert to_json([outcome], bench)["workloads"]


@pytest.mark.parametrize(("value", "verdict"), [(1000, "pass"), (1009, "pass"), (1011, "miss"), (900, "miss")])
def test_a_target_is_met_within_its_tolerance(value: float, verdict: str) -> None:
    metric = Metric("records", "rec/s", target=1000)
    workload = Workload("limit", "", [metric], [])
    assert Outcome(workload, SideOutcome("ours", [Measurement({"records": value})]), [], []).verdict(metric) == verdict


@pytest.mark.parametrize(("value", "verdict"), [(49, "pass"), (50, "pass"), (51, "miss")])
def test_a_bound_is_kept(value: float, verdict: str) -> None:
    workload = Workload("list", "", [Metric("call", "ms", higher_is_better=False, most=50)], [])
    outcome = Outcome(workload, SideOutcome("ours", [Measurement({"call": value})]), [], [])
    assert outcome.verdict(workload.metrics[0]) == verdict
    assert "<= 50" in table([outcome])


@pytest.mark.parametrize(("value", "verdict"), [(51, "pass"), (50, "pass"), (49, "miss")])
def test_a_least_rate_is_reached(value: float, verdict: str) -> None:
    workload = Workload("invoke", "", [Metric("rate", "/s", least=50)], [])
    outcome = Outcome(workload, SideOutcome("ours", [Measurement({"rate": value})]), [], [])
    assert outcome.verdict(workload.metrics[0]) == verdict
    assert ">= 50" in table([outcome])


def test_a_language_that_the_machine_lacks_is_said_and_no_failure(bench: Bench) -> None:
    side = Side("streamcore", "streamcore", fake({"speed": 1}), missing=lambda: "mono")
    said: list[str] = []
    outcome = run_workload(replace(versus([]), sides=[side]), with_runs(bench, 1), said.append)
    assert said == ["versus: streamcore: mono is not installed"]
    assert failures([outcome]) == []
    assert outcome.ours is None


def test_json_says_what_was_measured_where(bench: Bench) -> None:
    outcome = run_workload(versus([]), with_runs(bench, 3), silent)
    stored = json.loads(msgspec.json.encode(to_json([outcome], bench)))
    [workload] = stored["workloads"]
    [metric] = workload["metrics"]
    ours = workload["sides"]["streamcore"]
    assert {"cpu", "cores", "kernel", "python", "memory_bytes", "filesystem"} == stored["machine"].keys()
    assert re.fullmatch(r"[0-9a-f]{40}|unknown", stored["commit"])
    assert stored["settings"]["seconds"] == bench.settings.seconds
    assert (ours["values"], ours["median"]) == ({"speed": [10, 40, 30]}, {"speed": 30})
    assert metric["ratios"]["kinesalite"] == {"pairs": [2.0, 4.0, 1.5], "median": 2.0}
    assert Histogram.from_json(ours["latency_histogram_ns"]).count == 3


def load_plan(port: int, rate_per_s: float | None = None, numbered: bool = False) -> LoadPlan:
    return LoadPlan(
        port=port,
        kind="put-record",
        stream=create_stream(port, 1),
        connections=4,
        seconds=0.3,
        warmup_seconds=0.0,
        rate_per_s=rate_per_s,
        numbered=numbered,
    )


def test_an_open_loop_sends_what_was_scheduled(bench: Bench) -> None:
    with bench.server("null") as server:
        result = bench.load(load_plan(server.port, rate_per_s=400, numbered=True))
    latency = Histogram.from_json(result.latency_ns)
    assert result.requests == result.records == latency.count == 120
    assert len(result.answered_at_ns) == len(result.scheduled_at_ns) == 120
    assert all(a > s for a, s in zip(result.answered_at_ns, result.scheduled_at_ns, strict=True))


def test_a_load_of_so_many_requests_stops_with_them(bench: Bench) -> None:
    with bench.server("null") as server:
        plan = msgspec.structs.replace(load_plan(server.port), seconds=30.0, requests=50)
        result = bench.load(plan)
    assert result.requests == 50
    assert result.seconds < 10


def test_refused_records_are_not_counted(bench: Bench) -> None:
    refusing = replace(NULL, find=lambda: [sys.executable, str(Path(__file__).parent / "refusing_server.py")])
    with bench.fresh_folder() as folder, running(refusing, folder) as server:
        plan = msgspec.structs.replace(load_plan(server.port), kind="put-records", records_per_request=10)
        result = bench.load(plan, allow_errors=True)
        with pytest.raises(LoadError, match="refused records"):
            bench.load(plan)
    assert result.refused == 3 * result.requests
    assert result.records == 7 * result.requests > 0


def test_a_server_that_is_stopped_is_gone(bench: Bench) -> None:
    with bench.server("null") as server:
        assert server.memory_bytes()["VmRSS"] >= server.memory_bytes()["RssAnon"] > 0
        assert server.ready_ms > 0
    assert not Path(f"/proc/{server.pid}").exists()


def test_a_server_that_does_not_start_says_why(bench: Bench) -> None:
    broken = Program(
        "broken", lambda: [sys.executable, "-c", "raise SystemExit('no disk')"], _no_options, NULL.ready, ""
    )
    with bench.fresh_folder() as folder, pytest.raises(ServerError, match="no disk"), running(broken, folder):
        pass


def _no_options(port: int, folder: Path) -> list[str]:
    return []


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["put-record"], ["put-record"]),
        (["limits"], ["limits-records", "limits-bytes", "limits-read-calls", "limits-read-bytes"]),
        (["start", "put-record", "start"], ["put-record", "start"]),
        (["all"], list(WORKLOADS)),
    ],
)
def test_names_choose_workloads(names: list[str], expected: list[str]) -> None:
    assert [workload.name for workload in chosen(names, WORKLOADS)] == expected


def test_without_a_name_the_workloads_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    assert capsys.readouterr().out == listing(WORKLOADS) + "\n"
    assert len(listing(WORKLOADS).splitlines()) == len(WORKLOADS)


def test_an_unknown_name_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["put-recrods"]) == 2
    assert "no workload 'put-recrods'" in capsys.readouterr().err


def test_the_longest_mount_point_decides_the_filesystem() -> None:
    mounts = "disk / ext4 rw 0 0\nmem /tmp tmpfs rw 0 0\nproc /proc proc rw 0 0\n"
    assert filesystem_of(Path("/tmp/deep/folder"), mounts) == "tmpfs"
    assert filesystem_of(Path("/home"), mounts) == "ext4"
    assert is_in_memory("tmpfs")
    assert not is_in_memory("ext4")
