"""`earnest rules`: check, test and show the rules, and what is made from their types."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from listener.errors import EarnestError
from responders.cli.base import App, common
from responders.cli.replay import replay
from responders.cli.restoring import restore
from responders.cli.rulestest import test
from responders.cli.selfservice import shelved

if TYPE_CHECKING:
    from listener.rules.problems import Problem
    from listener.rules.rulebook import Rulebook

_LARGEST = 600_000  # more than the reader takes, so that it says what is wrong
_WARNINGS_ONLY = 3

_FILE = click.argument("file", type=click.Path(path_type=Path), required=False)


@click.group(epilog="Example: earnest rules check")
@common
def rules(app: App) -> None:  # the options may stand here too
    """Check, test and show the rules."""


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as opened:
            return opened.read(_LARGEST)
    except OSError as problem:
        message = f"cannot read {path}: {problem.strerror}"
        raise EarnestError(message, "name a rules file, or write one with: earnest init") from None


def _tell(app: App, problems: Sequence[Problem]) -> None:
    """Write problems to stdout: they are what was asked for."""
    for problem in problems:
        if app.options.json:
            app.out.record({**problem.as_json()})
        else:
            app.out.line(str(problem), style="yellow" if problem.severity == "warning" else "")


def _exit_code(problems: Sequence[Problem]) -> int:
    if any(problem.severity == "error" for problem in problems):
        return 1
    return _WARNINGS_ONLY if problems else 0


@rules.command(epilog="Example: earnest rules check. Exit codes: 0 all is well, 1 mistakes, 3 warnings only.")
@click.argument("files", type=click.Path(path_type=Path), nargs=-1)
@common
def check(app: App, files: tuple[Path, ...]) -> int:
    """Say every mistake in rules files, with its line and what was probably meant."""
    from listener.rules.checking import check as check_text  # noqa: PLC0415  # reading YAML is slow to import
    from listener.rules.problems import count_in_words  # noqa: PLC0415
    from responders.rulefile import known_beside  # noqa: PLC0415

    problems: list[Problem] = []
    for path in files or (app.rules_path,):
        data = _read(path)
        found = (*check_text(data, filename=str(path), known=known_beside(path)), *shelved(path, data))
        _tell(app, found)
        problems += found
        if not app.options.json:
            app.out.next_step(f"{path}: {count_in_words(found)}")
    code = _exit_code(problems)
    app.out.next_step("Put this right, then: earnest rules check" if code == 1 else "See whether the examples hold: earnest rules test")
    return code


rules.add_command(test)
rules.add_command(replay)
rules.add_command(restore)


@rules.command(epilog="Example: earnest rules show --origin")
@_FILE
@click.option("--origin", is_flag=True, help="Say for each value where it comes from: a line of the file, or nowhere (default).")
@common
def show(app: App, file: Path | None, *, origin: bool) -> int:
    """Show the rules as they are understood, with every default filled in."""
    from listener.rules.checking import read_checked  # noqa: PLC0415  # reading YAML is slow to import
    from listener.rules.reading import read  # noqa: PLC0415
    from responders.surroundings import known  # noqa: PLC0415

    path = file or app.rules_path
    data = _read(path)
    book = read_checked(data, filename=str(path), known=known())
    reading = read(data, filename=str(path))
    from listener.rules.look import origin_line  # noqa: PLC0415

    rows = [(key, value, origin_line(reading, way)) for way, key, value in _flat(book)]
    if app.options.json:
        for key, value, line in rows:
            app.out.record({"key": key, "value": value, "line": line})
        return 0
    told = ((key, _said(value), f"line {line}" if line else "default") for key, value, line in rows)
    head = ("key", "value", "from") if origin else ("key", "value")
    app.out.table(head, (row if origin else row[:2] for row in told), widths=(0, 90))
    app.out.next_step(f"Version {book.fingerprint}. See which route a post would take: earnest explain --post TEXT")
    return 0


def _flat(book: Rulebook) -> Iterator[tuple[tuple[str | int, ...], str, object]]:
    """Yield every value with its path and its dotted name."""
    yield from _inside((), book.model_dump(mode="json", by_alias=True, exclude_none=True))


def _inside(way: tuple[str | int, ...], value: object) -> Iterator[tuple[tuple[str | int, ...], str, object]]:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _inside((*way, key), inner)
    elif isinstance(value, list) and any(isinstance(inner, dict) for inner in value):
        for number, inner in enumerate(value):
            yield from _inside((*way, number), inner)
    else:
        yield way, _dotted(way), value


def _dotted(way: tuple[str | int, ...]) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in way).removeprefix(".")


def _said(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "-"
    return "-" if value in ({}, "") else str(value)


@rules.command(epilog="Example: earnest rules schema > data/rules.schema.json")
@common
def schema(app: App) -> int:  # noqa: ARG001  # what it prints is JSON already, for people and scripts alike
    """Print the JSON Schema by which editors complete and check rules.yaml."""
    from listener.rules.schema import schema_text  # noqa: PLC0415  # reaches pydantic
    from responders.surroundings import source_models  # noqa: PLC0415

    click.echo(schema_text(source_models()), nl=False)
    return 0


@rules.command(epilog="Example: earnest rules docs --into docs/rules.md")
@click.option("--into", "page", type=click.Path(path_type=Path), help="Put it between the marks of this page instead.")
@common
def docs(app: App, page: Path | None) -> int:
    """Print the reference of all keys, as Markdown."""
    from listener.rules.schema import key_table, put_table  # noqa: PLC0415  # reaches pydantic
    from responders.surroundings import source_models  # noqa: PLC0415

    if page is None:
        table = key_table(source_models())
        if app.options.json:
            app.out.record({"markdown": table})
        else:
            click.echo(table, nl=False)
        return 0
    try:
        page.write_text(put_table(_read(page).decode("utf-8"), source_models()), encoding="utf-8")
    except (OSError, ValueError) as problem:
        message = f"cannot put the keys into {page}: {problem}"
        raise EarnestError(message) from None
    return 0
