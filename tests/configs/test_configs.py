"""The files in configs/ are what they say."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from runtime import Functions
from runtime.logbook import Logbook
from runtime.metrics import FunctionsSource, LogbookSource
from streamcore import open_broker
from streamcore.config import Settings, settings
from streamcore.metrics import BrokerSource, GuardSource, Source

CONFIGS = Path(__file__).parents[2] / "configs"
DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("name", ["dev.toml", "production.toml", "bench.toml"])
def test_a_file_loads(name: str) -> None:
    assert settings(CONFIGS / name).port in (0, 4566)


def test_production_names_every_setting() -> None:
    text = (CONFIGS / "production.toml").read_text()
    assert [name for name in Settings.__struct_fields__ if not re.search(rf"^{name} =", text, re.MULTILINE)] == []


def page() -> str:
    return (DOCS / "metrics.md").read_text()


@pytest.mark.parametrize("name", ["grafana.json", "alerts.yml"])
def test_dashboard_and_alerts_look_at_metrics_that_there_are(name: str) -> None:
    shown = set(re.findall(r"streamcore_\w+", (CONFIGS / name).read_text()))
    assert shown
    assert {metric for metric in shown if metric.removesuffix("_bucket") not in page()} == set()


def test_the_dashboard_is_json() -> None:
    assert len(json.loads((CONFIGS / "grafana.json").read_text())["panels"]) == 8


async def test_the_page_of_metrics_names_all_there_are() -> None:
    async with open_broker(None) as broker, Functions(broker) as functions:
        book = LogbookSource(Logbook(broker, None))
        sources: list[Source] = [BrokerSource(broker), FunctionsSource(functions), book, GuardSource(None)]
        families = [family for source in sources for family in source.collect()]
    names = {family.name + ("_total" if family.type == "counter" else "") for family in families}
    assert names == set(re.findall(r"`(streamcore_\w+)`", page()))
