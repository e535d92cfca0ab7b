"""Settings: what overrides what, and how a bad one is reported."""

from __future__ import annotations

from pathlib import Path

import pytest

from streamcore.config import Durability, Settings, settings
from streamcore.errors import ConfigError
from streamcore.model.stream import LimitMode, Scope


def a_file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "broker.toml"
    path.write_text(text)
    return path


def test_defaults() -> None:
    assert settings() == Settings()
    assert settings().scope == Scope("000000000000", "us-east-1")


@pytest.mark.parametrize(
    ("toml", "environ", "argument", "port"),
    [
        ("", {}, None, 4566),
        ("port = 1", {}, None, 1),
        ("port = 1", {"STREAMCORE_PORT": "2"}, None, 2),
        ("port = 1", {"STREAMCORE_PORT": "2"}, 3, 3),
        ("", {"STREAMCORE_PORT": "2"}, 3, 3),
        ("port = 1", {}, 0, 0),
    ],
)
def test_later_sources_win(tmp_path: Path, toml: str, environ: dict[str, str], argument: int | None, port: int) -> None:
    assert settings(a_file(tmp_path, toml), environ, port=argument).port == port


def test_every_kind_of_value_comes_out_of_the_environment() -> None:
    found = settings(
        None,
        {
            "STREAMCORE_LIMITS": "observe",
            "STREAMCORE_DURABILITY": "os",
            "STREAMCORE_DRAIN_S": "0.5",
            "STREAMCORE_ACCOUNT": "123456789012",
            "STREAMCORE_CONFIG": "elsewhere",
            "HOME": "/",
        },
    )
    assert (found.limits, found.durability, found.drain_s) == (LimitMode.OBSERVE, Durability.OS, 0.5)
    assert found.account == "123456789012"


@pytest.mark.parametrize(
    ("toml", "environ", "arguments", "words"),
    [
        ("port = 70000", {}, {}, ["broker.toml", "port"]),
        ("prot = 1", {}, {}, ["broker.toml", "prot", "no setting"]),
        ("limits = 'sometimes'", {}, {}, ["broker.toml", "limits", "sometimes"]),
        ("account = '12'", {}, {}, ["broker.toml", "account"]),
        ("", {"STREAMCORE_RETENTION_HOURS": "1"}, {}, ["the environment", "retention_hours"]),
        ("", {"STREAMCORE_PORT": "many"}, {}, ["the environment", "port"]),
        ("", {}, {"max_connections": 0}, ["the arguments", "max_connections"]),
        ("", {}, {"request_timeout_s": 0}, ["the arguments", "request_timeout_s"]),
        ("port = ", {}, {}, ["broker.toml"]),
    ],
)
def test_a_bad_key_is_named_with_its_source(
    tmp_path: Path, toml: str, environ: dict[str, str], arguments: dict[str, int], words: list[str]
) -> None:
    with pytest.raises(ConfigError) as caught:
        settings(a_file(tmp_path, toml), environ, **arguments)
    assert [word for word in words if word not in str(caught.value)] == []


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.toml: No such file"):
        settings(tmp_path / "nowhere.toml")


def test_a_file_that_is_not_text(tmp_path: Path) -> None:
    path = tmp_path / "broker.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match=r"broker\.toml"):
        settings(path)
