"""`streamcore deploy` and `streamcore delete`: a folder of code, or a template with all that is in it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from streamcore.commands.endpoint import Endpoint, endpoint_options, run

if TYPE_CHECKING:
    from streamcore.deploy.deployment import Deployment
    from streamcore.deploy.model.template import Plan

_TEMPLATES: Final = (".yaml", ".yml", ".json", ".template")


@click.command()
@click.argument("what", type=click.Path(exists=True, path_type=Path))
@click.option("--name", help="Name of the function, or of the template's stack. [that of the folder]")
@click.option("--runtime", help="AWS's name of the runtime. [what the files leave no doubt about]")
@click.option("--handler", help="As AWS's Handler. [what the files leave no doubt about]")
@click.option("--memory", type=click.IntRange(128, 10_240), help="In MB. [128]")
@click.option("--timeout", type=click.IntRange(1, 900), help="In seconds. [3]")
@click.option("--env", multiple=True, metavar="KEY=VALUE", help="A variable of the function's environment.")
@click.option("--parameter", multiple=True, metavar="KEY=VALUE", help="A parameter of the template.")
@click.option("--watch", is_flag=True, help="Run the code where it lies: a changed file counts with the next event.")
@endpoint_options
def deploy(
    endpoint: Endpoint, what: Path, name: str | None, parameter: tuple[str, ...], watch: bool, **given: Any
) -> None:
    """Make WHAT run: a folder or archive of code becomes a function, an AWS SAM or CloudFormation template (.yaml,
    .yml, .json, .template) what is in it. What is there already is brought up to date.
    """
    if _is_template(what):
        wrong = [f"--{option}" for option, value in given.items() if value]
        if wrong:
            raise click.UsageError(f"{', '.join(wrong)} is for folders; a template says it itself")
        run(_deploy_template(endpoint, what, name, _pairs(parameter, "--parameter"), watch))
        return
    if parameter:
        raise click.UsageError("--parameter is for templates")
    from streamcore.deploy.model.identity import stack_name

    function = name or stack_name(what.resolve().stem)[:64]
    run(_deploy_code(endpoint, what, function, watch, _pairs(given.pop("env"), "--env"), **given))


@click.command()
@click.argument("template", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--name", help="Name of the stack. [that of the folder]")
@click.option("--parameter", multiple=True, metavar="KEY=VALUE", help="A parameter of the template.")
@endpoint_options
def delete(endpoint: Endpoint, template: Path, name: str | None, parameter: tuple[str, ...]) -> None:
    """Remove what a deployed TEMPLATE has made."""

    async def work() -> int:
        from streamcore.deploy import stack

        plan, place = _plan(endpoint, template, name, _pairs(parameter, "--parameter"))
        async with endpoint.client() as client:
            to = _deployment(client, place, template)
            result = await stack.remove(plan, to, click.echo)
        return 1 if result.failed else 0

    run(work())


def _is_template(what: Path) -> bool:
    return what.is_file() and what.suffix in _TEMPLATES


def _pairs(given: tuple[str, ...], option: str) -> dict[str, str]:
    found = {}
    for each in given:
        key, equals, value = each.partition("=")
        if not (key and equals):
            raise click.UsageError(f"{option} takes KEY=VALUE; got {each!r}")
        found[key] = value
    return found


# ------------------------------------------------------------ templates


async def _deploy_template(
    endpoint: Endpoint, template: Path, name: str | None, given: dict[str, str], watch: bool
) -> int:
    from streamcore.deploy import stack

    plan, place = _plan(endpoint, template, name, given)
    for note in plan.notes:
        click.echo(f"note: {note}", err=True)
    async with endpoint.client() as client:
        result = await stack.put(plan, _deployment(client, place, template, watch), click.echo)
    for key, value in result.outputs.items():
        click.echo(f"{key} = {value}")
    if result.failed:
        click.echo(f"not made: {', '.join(result.failed)}", err=True)
    return 1 if result.failed else 0


def _plan(endpoint: Endpoint, template: Path, name: str | None, given: dict[str, str]) -> tuple[Plan, Any]:
    """Raises TemplateError."""
    from streamcore.deploy.errors import TemplateError
    from streamcore.deploy.model import document
    from streamcore.deploy.model.identity import Place, stack_name
    from streamcore.deploy.model.template import plan

    try:
        text = template.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise TemplateError(f"{template}: {error}") from None
    place = Place(stack_name(name or template.resolve().parent.name), endpoint.account, endpoint.region)
    return plan(document.load(text), given, place), place


def _deployment(client: Any, place: Any, template: Path, watch: bool = False) -> Deployment:
    from streamcore.deploy.deployment import Deployment

    return Deployment(client, place, template.resolve().parent, watch)


# ------------------------------------------------------------ folders


async def _deploy_code(
    endpoint: Endpoint,
    what: Path,
    function: str,
    watch: bool,
    environment: dict[str, str],
    *,
    runtime: str | None,
    handler: str | None,
    memory: int | None,
    timeout: int | None,
) -> None:
    from streamcore.deploy.functions import code_at, deploy
    from streamcore.deploy.model.identity import Place

    if runtime is None or handler is None:
        runtime, handler = _guessed(what, runtime, handler)
    settings = {"Runtime": runtime, "Handler": handler, "MemorySize": memory, "Timeout": timeout}
    configuration: dict[str, Any] = {key: value for key, value in settings.items() if value is not None}
    if environment:
        configuration["Environment"] = {"Variables": environment}
    role = Place("", endpoint.account, endpoint.region).role()
    async with endpoint.client() as client:
        done = await deploy(client, function, code_at(what, watched=watch), configuration, create={"Role": role})
    click.echo(f"{function} is {done.what}", err=True)
    click.echo(done.arn)


def _guessed(what: Path, runtime: str | None, handler: str | None) -> tuple[str, str]:
    """Runtime and handler, of which one may be given. Raises ClickException unless the files leave no doubt."""
    from streamcore.deploy.model.guess import FILES, guess

    files = {}
    for name in FILES if what.is_dir() else ():
        path = what / name
        if path.is_file():
            files[name] = "" if name == "bootstrap" else path.read_text(errors="replace")
    guesses = [
        each
        for each in guess(files)
        if (runtime is None or runtime.startswith(each.language)) and handler in (None, each.handler)
    ]
    if len(guesses) != 1:
        what_else = "; ".join(f"{each.language} {each.handler}" for each in guesses)
        raise click.ClickException(
            f"what {what} is written in is not certain{f' ({what_else})' if what_else else ''}: "
            "give --runtime and --handler"
        )
    found = (runtime or _newest(guesses[0].language), guesses[0].handler)
    click.echo(f"taken for {found[0]} with the handler {found[1]}", err=True)
    return found


def _newest(language: str) -> str:
    """The identifier of a language's release on this machine, as far as it is known without running it."""
    import sys

    if language == "python":
        return f"python{sys.version_info.major}.{sys.version_info.minor}"
    return {"nodejs": "nodejs22.x", "provided": "provided.al2023"}[language]
