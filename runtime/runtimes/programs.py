"""What to start for a function: the command of each language, with the memory it may fill."""

import hashlib
import os
from collections.abc import Callable

from runtime.errors import RuntimeUnavailableError
from runtime.model.function import FunctionSpec
from runtime.model.program import OPT, TASK, Program
from runtime.runtimes import toolchains
from runtime.runtimes.check import check_runtime
from runtime.runtimes.identifiers import Language, parse
from runtime.runtimes.toolchains import BOOTSTRAPS

HEAP_SHARE = 0.85  # of the function's memory; the rest is for the runtime itself


def program_of(spec: FunctionSpec) -> Program | None:
    """The command for a function, None if our own interpreter runs it. Raises `RuntimeUnavailableError`."""
    if not spec.runtime:
        return None
    found = parse(spec.runtime)
    if found is None or not spec.paths:
        raise RuntimeUnavailableError(spec.runtime, "no code" if found else "it is no runtime identifier")
    check_runtime(spec.runtime, spec.handler)
    language, release = found
    return _COMMANDS[language](spec, release)


def _python(spec: FunctionSpec, release: str) -> Program | None:
    interpreter = toolchains.python(release)
    if interpreter is None:
        return None
    script = BOOTSTRAPS / "python" / "bootstrap.py"
    paths = f"{OPT}/python:{OPT}/python/lib/python{release}/site-packages"
    return Program(
        argv=(interpreter, "-X", "utf8", "-u", "-B", str(script)),
        folders=(*toolchains.folders_of(interpreter), str(script.parent)),
        environment={"PYTHONPATH": paths, "LANG": "en_US.UTF-8"},
    )


def _node(spec: FunctionSpec, release: str) -> Program:
    node = _found("node", spec)
    script = BOOTSTRAPS / "nodejs" / "bootstrap.mjs"
    modules = f"{OPT}/nodejs/node{release}/node_modules:{OPT}/nodejs/node_modules"
    heap_mb = round(spec.memory_mb * HEAP_SHARE)
    return Program(
        argv=(node, f"--max-old-space-size={heap_mb}", str(script)),
        folders=(*toolchains.folders_of(node), str(script.parent)),
        environment={"NODE_PATH": modules},
    )


def _java(spec: FunctionSpec, release: str) -> Program:
    java, javac = _found("java", spec), _found("javac", spec)
    source = BOOTSTRAPS / "java" / "Bootstrap.java"
    folder = _artifact_folder("java", source.read_bytes(), java)
    jar = f"{folder}/bootstrap.jar"
    heap = (f"-Xmx{round(spec.memory_mb * HEAP_SHARE)}m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
    return Program(
        argv=(java, *heap, "-Xshare:auto", "-cp", jar, "Bootstrap"),
        folders=(*toolchains.folders_of(java), folder),
        build=(
            (javac, "-nowarn", "-d", "classes", str(source)),
            (os.path.join(os.path.dirname(javac), "jar"), "cfe", "bootstrap.jar", "Bootstrap", "-C", "classes", "."),
        ),
        artifact=jar,
    )


def _dotnet(spec: FunctionSpec, release: str) -> Program:
    if "::" not in spec.handler:  # an executable assembly, which brings its client along
        return _assembly(spec)
    mono = _found("mono", spec)
    source = BOOTSTRAPS / "dotnet" / "Bootstrap.cs"
    folder = _artifact_folder("dotnet", source.read_bytes(), mono)
    return Program(
        argv=(mono, f"{folder}/Bootstrap.exe"),
        folders=(*toolchains.folders_of(mono), folder),
        environment={"MONO_GC_PARAMS": f"max-heap-size={round(spec.memory_mb * HEAP_SHARE)}m"},
        build=(("mcs", "-nologo", "-optimize", "-r:System.Web.Extensions", "-out:Bootstrap.exe", str(source)),),
        artifact=f"{folder}/Bootstrap.exe",
    )


def _assembly(spec: FunctionSpec) -> Program:
    dotnet = toolchains.find("dotnet")
    runner = dotnet or _found("mono", spec)
    return Program(argv=(runner, f"{TASK}/{spec.handler}.dll"), folders=toolchains.folders_of(runner))


def _provided(spec: FunctionSpec, release: str) -> Program:
    in_code = os.path.exists(os.path.join(spec.paths[0], "bootstrap"))
    return Program(argv=(f"{TASK if in_code or not spec.layers else OPT}/bootstrap",))


def _never(spec: FunctionSpec, release: str) -> Program:
    raise AssertionError(f"{spec.runtime} is refused before")


_COMMANDS: dict[Language, Callable[[FunctionSpec, str], Program | None]] = {
    Language.PYTHON: _python,
    Language.NODEJS: _node,
    Language.JAVA: _java,
    Language.DOTNET: _dotnet,
    Language.PROVIDED: _provided,
    Language.RUBY: _never,
    Language.GO: _never,
}


def _found(name: str, spec: FunctionSpec) -> str:
    path = toolchains.find(name)
    if path is None:  # it was there a moment ago
        raise RuntimeUnavailableError(spec.runtime, f"there is no program {name} on the PATH")
    return path


def _artifact_folder(language: str, source: bytes, toolchain: str) -> str:
    """Named by what goes into it: another source or compiler gets another folder."""
    name = hashlib.sha256(source + toolchain.encode()).hexdigest()[:16]
    return os.path.join(toolchains.cache(), f"{language}-{name}")
