"""AWS's runtime identifiers (service model, shape Runtime), by the language they stand for."""

import enum
import re

_FORMS = re.compile(
    r"(?a)\A(?:(python)(3\.\d{1,2})|(nodejs)(\d{1,2})\.x|(java)(\d{1,2})(?:\.al2)?|(dotnet)(?:core)?(\d{1,2}(?:\.\d)?)"
    r"|(provided)((?:\.al2(?:023)?)?)|(ruby)(\d\.\d)|(go)(1)\.x)\Z"
)


class Language(enum.Enum):
    """What a function is written in."""

    PYTHON = "python"
    NODEJS = "nodejs"
    JAVA = "java"
    DOTNET = "dotnet"
    PROVIDED = "provided"
    RUBY = "ruby"
    GO = "go"


def parse(runtime: str) -> tuple[Language, str] | None:
    """Language and release of an identifier ("python3.12": PYTHON, "3.12"); None for what is no identifier."""
    match = _FORMS.match(runtime)
    if match is None:
        return None
    name, release = (group for group in match.groups() if group is not None)
    return Language(name), release
