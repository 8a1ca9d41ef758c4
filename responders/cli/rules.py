"""`earnest rules`: check, test and show the rules, and what is made from their types."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from listener.errors import EarnestError
from responders.cli.answers import shelved
from responders.cli.base import App, common
from responders.cli.problems import exit_code, tell
from responders.cli.replay import replay
from responders.cli.restoring import restore
from responders.cli.rulesshow import read_rules, show
from responders.cli.rulestest import test
from responders.cli.take import take

if TYPE_CHECKING:
    from listener.rules.problems import Problem


@click.group(epilog="Example: earnest rules check")
@common
def rules(app: App) -> None:  # the options may stand here too
    """Check, test and show the rules."""


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
        data = read_rules(path)
        found = (*check_text(data, filename=str(path), known=known_beside(path)), *shelved(path, data))
        tell(app, found)
        problems += found
        if not app.options.json:
            app.out.next_step(f"{path}: {count_in_words(found)}")
    code = exit_code(problems)
    again = "".join(f" {shlex.quote(str(path))}" for path in files)
    hold = f"See whether the examples hold: earnest rules test{again if len(files) == 1 else ''}"
    app.out.next_step(f"Put this right, then: earnest rules check{again}" if code == 1 else hold)
    return code


rules.add_command(test)
rules.add_command(replay)
rules.add_command(restore)
rules.add_command(show)
rules.add_command(take)


@rules.command(epilog="Example: earnest rules schema --into data/rules.schema.json")
@click.option("--into", "target", type=click.Path(path_type=Path, dir_okay=False), help="Write it to this file instead.")
@common
def schema(app: App, target: Path | None) -> int:
    """Print the JSON Schema by which editors complete and check rules.yaml.

    The first line of rules.yaml names the file: # yaml-language-server: $schema=data/rules.schema.json
    """
    from listener.rules.schema import schema_text  # noqa: PLC0415  # reaches pydantic
    from responders.surroundings import source_models  # noqa: PLC0415

    text = schema_text(source_models())
    if target is None:  # what is printed is JSON already, for people and scripts alike
        click.echo(text, nl=False)
        return 0
    try:
        target.write_text(text, encoding="utf-8")
    except OSError as problem:
        message = f"cannot write {target}: {problem.strerror}"
        raise EarnestError(message, "name a file in a folder that exists and can be written") from None
    if not app.options.json:
        app.out.line(f"Wrote {target}.")
        app.out.next_step(f"Begin rules.yaml with this line: # yaml-language-server: $schema={target}")
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
        page.write_text(put_table(read_rules(page).decode("utf-8"), source_models()), encoding="utf-8")
    except (OSError, ValueError) as problem:
        message = f"cannot put the keys into {page}: {problem}"
        raise EarnestError(message, "name a page that can be written and holds the two marks, as docs/rules.md does") from None
    return 0
