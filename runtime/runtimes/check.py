"""Says when a function is created whether this machine could run it."""

import platform
from collections.abc import Sequence

from runtime.errors import RuntimeUnavailableError
from runtime.runtimes import toolchains
from runtime.runtimes.identifiers import Language, parse

_MACHINES = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}


def check_runtime(runtime: str, handler: str, architectures: Sequence[str] = ()) -> None:
    """Raises `RuntimeUnavailableError`, which names what is missing. `architectures` are AWS's: x86_64, arm64.

    Of programs that a function brings along only `provided` and C# ones are bound to an architecture; the others run on
    any, so theirs is not looked at.
    """
    found = parse(runtime)
    if found is None:
        raise RuntimeUnavailableError(runtime, "it is no runtime identifier")
    language, _ = found
    missing = _MISSING[language](handler)
    if missing:
        raise RuntimeUnavailableError(runtime, missing)
    own = _MACHINES.get(platform.machine().lower(), platform.machine())
    if language is Language.PROVIDED and architectures and own not in architectures:
        raise RuntimeUnavailableError(runtime, f"the machine is {own}, the function is for {', '.join(architectures)}")


def _nothing(handler: str) -> str:
    return ""


def _node(handler: str) -> str:
    return "" if toolchains.find("node") else "there is no program node on the PATH"


def _java(handler: str) -> str:
    if toolchains.find("java") is None:
        return "there is no program java on the PATH"
    return "" if toolchains.find("javac") else "there is no program javac on the PATH: a JDK is needed, not only a JRE"


def _dotnet(handler: str) -> str:
    if "::" not in handler:  # an executable assembly, which brings its client along
        have = toolchains.find("dotnet") or toolchains.find("mono")
        return "" if have else "there is neither dotnet nor mono on the PATH"
    if toolchains.find("mono") is None:
        return "there is no program mono on the PATH, which runs handlers of the form Assembly::Type::Method"
    return "" if toolchains.has("mcs") else "there is no program mcs (Mono's compiler) on the PATH"


def _ruby(handler: str) -> str:
    return "Ruby is not offered; bring an interpreter along as provided.al2023"


def _go(handler: str) -> str:
    return "AWS has retired it; build an executable named bootstrap, and use provided.al2023"


_MISSING = {
    Language.PYTHON: _nothing,  # our own interpreter stands in for a release that is not there
    Language.NODEJS: _node,
    Language.JAVA: _java,
    Language.DOTNET: _dotnet,
    Language.PROVIDED: _nothing,
    Language.RUBY: _ruby,
    Language.GO: _go,
}
