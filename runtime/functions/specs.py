"""From a function's configuration to what its workers need to know."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from runtime.functions.catalog import Catalog
from runtime.model.configuration import Configuration
from runtime.model.function import FunctionSpec, LogFormat, Logging

_PYTHON: Final = re.compile(r"\Apython(\d\.\d+)\Z")


def spec_of_configuration(catalog: Catalog, configuration: Configuration) -> FunctionSpec:
    """Raises InvalidValueError (a layer that is gone), InvalidFunctionError."""
    code = configuration.code
    root = Path(code.folder) if code.folder else catalog.code.tree(code.digest)
    layers = [catalog.code.tree(catalog.layer_version(arn).code.digest) for arn in configuration.layers]
    return FunctionSpec(
        name=configuration.name,
        account=configuration.account,
        region=configuration.region,
        version=configuration.version,
        runtime=configuration.runtime,
        handler=configuration.handler,
        paths=tuple(str(path) for path in (root, *_import_paths(configuration.runtime, layers))),
        layers=tuple(str(layer) for layer in layers),
        timeout_ms=configuration.timeout_s * 1000,
        memory_mb=configuration.memory_mb,
        tmp_mb=configuration.tmp_mb,
        environment=configuration.environment or {},
        logging=_logging(configuration),
        code_sha256=code.digest,
        role=configuration.role,
    )


def _import_paths(runtime: str, layers: list[Path]) -> list[Path]:
    """Where AWS's Python runtimes look in layers; the last layer wins, as it overlays the others."""
    match = _PYTHON.match(runtime)
    if match is None:
        return []
    places = ("python", f"python/lib/python{match[1]}/site-packages")
    return [path for layer in reversed(layers) for place in places if (path := layer / place).is_dir()]


def _logging(configuration: Configuration) -> Logging:
    given = configuration.logging or {}
    return Logging(
        format=LogFormat(given.get("LogFormat", "Text")),
        application_level=given.get("ApplicationLogLevel"),
        system_level=given.get("SystemLogLevel"),
        group=given.get("LogGroup", ""),
    )
