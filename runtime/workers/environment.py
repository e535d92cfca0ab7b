"""The variables that a function finds, and where it looks for its layers' things."""

import os
import sys

from runtime.model.function import LogFormat, Logging
from runtime.model.program import OPT, Program, filled
from runtime.sandbox.view import Roots
from runtime.workers.frames import Order

KEPT_VARIABLES = ("PATH", "LD_LIBRARY_PATH", "LANG")


def variables(order: Order, roots: Roots, runtime_folder: str) -> dict[str, str]:
    """All of them; what the function sets itself comes last, and cannot be one of Lambda's own (`FunctionSpec`)."""
    given = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    if order.spec.runtime:
        given |= _search_paths(given, roots)
    if order.program is not None:
        given |= _of_program(order.program, roots)
    return given | order.variables | _defined(order, roots, runtime_folder) | order.spec.environment


def python_paths(roots: Roots) -> list[str]:
    """Where Python looks for modules first: the code, then each layer (AWS developer guide, "Layer paths")."""
    release = f"python{sys.version_info.major}.{sys.version_info.minor}"
    in_layers = [
        f"{layer}/{rest}" for layer in roots.layers for rest in ("python", f"python/lib/{release}/site-packages")
    ]
    return [roots.task, *in_layers]


def _of_program(program: Program, roots: Roots) -> dict[str, str]:
    """Lists of folders name those in /opt once; where layers are not merged, each has its turn."""
    tops = roots.layers or ("/opt",)
    return {name: ":".join(_each(value, roots.task, tops)) for name, value in program.environment.items()}


def _each(value: str, task: str, tops: tuple[str, ...]) -> list[str]:
    parts = value.split(":")
    return [filled(part, task, top) for part in parts for top in (tops if OPT in part else tops[:1])]


def _search_paths(given: dict[str, str], roots: Roots) -> dict[str, str]:
    programs = [given.get("PATH", "/usr/local/bin:/usr/bin:/bin"), *(f"{layer}/bin" for layer in roots.layers)]
    libraries = [given.get("LD_LIBRARY_PATH", ""), roots.task, f"{roots.task}/lib"]
    libraries += [f"{layer}/lib" for layer in roots.layers]
    return {
        "PATH": ":".join(programs),
        "LD_LIBRARY_PATH": ":".join(part for part in libraries if part),
        "TMPDIR": roots.tmp,
    }


def _defined(order: Order, roots: Roots, runtime_folder: str) -> dict[str, str]:
    """AWS developer guide, "defined runtime environment variables"; credentials are the pool's to give."""
    spec = order.spec
    return {
        "_HANDLER": spec.handler,
        "AWS_DEFAULT_REGION": spec.region,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{spec.runtime or _own_runtime()}",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(spec.memory_mb),
        "AWS_LAMBDA_FUNCTION_NAME": spec.name,
        "AWS_LAMBDA_FUNCTION_VERSION": spec.version,
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": spec.log_group,
        "AWS_LAMBDA_LOG_STREAM_NAME": order.log_stream,
        "AWS_REGION": spec.region,
        "LAMBDA_RUNTIME_DIR": runtime_folder,
        "LAMBDA_TASK_ROOT": roots.task,
        "TZ": ":UTC",
    } | _logging(spec.logging)


def _logging(logging: Logging) -> dict[str, str]:
    """Only JSON has levels; text is what comes without a word."""
    if logging.format is LogFormat.TEXT:
        return {}
    return {"AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": logging.application_level or "INFO"}


def _own_runtime() -> str:
    return f"python{sys.version_info.major}.{sys.version_info.minor}"
