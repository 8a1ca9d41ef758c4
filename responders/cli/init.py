"""`earnest init`: five questions, and rules of one's own."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from listener.errors import EarnestError, UsageError
from listener.text import visible
from responders.cli.base import App, common

if TYPE_CHECKING:
    from responders.founding import Answers

Check = Callable[[str], str]


@click.command(epilog='Example: earnest init my-brand --name "Acme Shoes" --people "jo, kim"')
@click.argument("folder", default=".", type=click.Path(path_type=Path, file_okay=False))
@click.option("--name", help="What people call your brand.")
@click.option("--tags", help="Hashtags that mean you, with commas.")
@click.option("--instance", help="The Mastodon server to listen on.")
@click.option("--mastodon", help="Your account on Mastodon, such as acme@mastodon.social.")
@click.option("--bluesky", help="Your account on Bluesky, such as acme.example.")
@click.option("--people", help="Who is told when it burns, with commas.")
@common
def init(app: App, folder: Path, **given: str | None) -> int:
    """Answer five questions and get a commented rules.yaml and a data folder for your brand, checked at once.

    What is given as an option is not asked. Nothing that exists is overwritten.
    """
    from listener.rules.checking import read_checked  # noqa: PLC0415  # not needed for help
    from responders.founding import compose  # noqa: PLC0415
    from responders.rehearsal import rehearse  # noqa: PLC0415
    from responders.resources import find  # noqa: PLC0415
    from responders.surroundings import known  # noqa: PLC0415

    target = folder / "rules.yaml"
    if target.exists():
        message = f"{target} exists already"
        raise EarnestError(message, "edit that one, or name another folder: earnest init FOLDER")
    answers = _ask(app, given)
    text = compose(find("rules.yaml").read_text(encoding="utf-8"), answers)
    book = read_checked(text, filename=str(target), known=known())
    failures = rehearse(book)
    _write(target, text, find("data/rules.schema.json"))
    if app.options.json:
        told = [str(failure) for failure in failures]
        app.out.record({"rules": str(target), "data": str(folder / "data"), "routes": len(book.routes), "failures": told})
    else:
        app.out.line(f"Wrote {target} and {folder / 'data'}: {len(book.routes)} routes, checked.")
    for failure in failures:
        app.out.talk(f"an example does not come out with your words yet: {failure}")
    where = "" if folder == Path() else f"cd {folder} && "
    app.out.next_step(f"Read it and change it; earnest rules check says what is wrong. Then: {where}earnest run --observe")
    return 1 if failures else 0


def _write(target: Path, text: str, schema: Path) -> None:
    data = target.parent / "data"
    try:
        data.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        if not (data / schema.name).exists():
            shutil.copyfile(schema, data / schema.name)
    except OSError as problem:
        message = f"cannot write into {target.parent}: {problem.strerror}"
        raise EarnestError(message) from None


def _ask(app: App, given: dict[str, str | None]) -> Answers:
    from responders.founding import Answers, split  # noqa: PLC0415  # not needed for help

    checks: dict[str, Check] = {"name": _name, "tags": _tags, "mastodon": _account, "bluesky": _account}

    def one(key: str, question: str, default: str) -> str:
        value = given.get(key)
        if value is not None:
            return checks[key](value.strip()) if key in checks else value.strip()
        if not app.interactive:
            return default
        return _asked(question, default, checks.get(key))

    if not app.interactive and not given.get("name"):
        message = "nobody can be asked here, and no --name is given"
        raise UsageError(message, 'say it: earnest init --name "Acme Shoes"')
    name = one("name", "1. What do people call your brand?", "")
    squeezed = "".join(letter for letter in name.casefold() if letter.isalnum())
    tags = split(one("tags", "2. Which hashtags mean you? (commas between)", squeezed))
    instance = one("instance", "3. Which Mastodon server should Earnest listen on?", "mastodon.social")
    accounts = {
        "mastodon": one("mastodon", "4. Your account on Mastodon? (name@server; empty for none)", ""),
        "bluesky": one("bluesky", "   … and on Bluesky? (name.example; empty for none)", ""),
    }
    people = split(one("people", "5. Who is told when it burns? (names, commas between)", app.me))
    trimmed = {network: handle.removeprefix("@") for network, handle in accounts.items()}
    return Answers(name, tags, instance, trimmed["mastodon"], trimmed["bluesky"], people, _timezone())


def _asked(question: str, default: str, check: Check | None) -> str:
    """Ask until the answer will do; the answers before it stay."""
    while True:
        answer = str(click.prompt(question, default=default, show_default=bool(default), err=True, prompt_suffix=" ")).strip()
        try:
            return check(answer) if check else answer
        except UsageError as problem:
            click.echo(f"   {visible(problem.message)}; {visible(problem.hint or '')}", err=True)


def _name(words: str) -> str:
    if not words or not words.isprintable():
        message = "a brand needs a name"
        raise UsageError(message, "the one people write")
    return words


def _account(words: str) -> str:
    from responders.founding import is_handle  # noqa: PLC0415  # not needed for help

    if words and not is_handle(words):
        message = f'"{words}" is no account name'
        raise UsageError(message, "write it like acme@mastodon.social or acme.example")
    return words


def _tags(words: str) -> str:
    from responders.founding import split  # noqa: PLC0415  # not needed for help

    for tag in split(words):
        if "#" in tag or len(tag.split()) != 1:
            message = f'"{tag}" is no hashtag'
            raise UsageError(message, "a hashtag is one word; put commas between several")
    return words


def _timezone() -> str:
    from tzlocal import get_localzone_name  # noqa: PLC0415  # not needed for help

    return get_localzone_name() or "UTC"
