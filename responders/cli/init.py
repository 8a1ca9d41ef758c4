"""`earnest init`: five questions, and rules of one's own."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
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
@click.option("--instance", help="The Mastodon server whose hashtags are heard; else your account's, else mastodon.social.")
@click.option("--mastodon", help="Your account on Mastodon, such as acme@mastodon.social.")
@click.option("--bluesky", help="Your account on Bluesky, such as acme.example.")
@click.option("--feeds", help="Addresses of RSS or Atom feeds, with commas.")
@click.option("--people", help="Who is told when it burns, with commas.")
@common
def init(app: App, folder: Path, **given: str | None) -> int:
    """Answer five questions and get a commented rules.yaml and a data folder for your brand, checked at once.

    It listens without any account, to Bluesky, hashtags on Mastodon, Hacker News and feeds. What is given as an option is not asked.
    Nothing that exists is overwritten.
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
    _write(target, text, {"": find("data/rules.schema.json"), "answers": find("data/answers/README.md")})
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


def _write(target: Path, text: str, shipped: Mapping[str, Path]) -> None:
    """Write the rules, and beside them what goes into folders of `data`, unless it is there."""
    data = target.parent / "data"
    try:
        for folder, file in shipped.items():
            (data / folder).mkdir(parents=True, exist_ok=True)
            if not (data / folder / file.name).exists():
                shutil.copyfile(file, data / folder / file.name)
        target.write_text(text, encoding="utf-8")
    except OSError as problem:
        message = f"cannot write into {target.parent}: {problem.strerror}"
        raise EarnestError(message) from None


def _ask(app: App, given: dict[str, str | None]) -> Answers:
    from responders.founding import Answers, accounts, split  # noqa: PLC0415  # not needed for help

    checks: dict[str, Check] = {"name": _name, "tags": _tags, "accounts": _accounts, "feeds": _feeds}

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
    if given.get("mastodon") is not None or given.get("bluesky") is not None:
        mastodon, bluesky = _account(given.get("mastodon") or "", "mastodon"), _account(given.get("bluesky") or "", "bluesky")
    else:
        words = "3. Your accounts, if any? (Mastodon: name@server, Bluesky: name.example; commas between, empty for none)"
        mastodon, bluesky = accounts(one("accounts", words, ""))
    instance = given.get("instance")
    server = mastodon.partition("@")[2] or "mastodon.social" if instance is None else instance.strip()
    feeds = split(one("feeds", "4. Which feeds write about you? (addresses of RSS or Atom, commas between; empty for none)", ""))
    people = split(one("people", "5. Who is told when it burns? (names, commas between)", app.me))
    return Answers(name, tags, server, mastodon, bluesky, people, _timezone(), feeds)


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


def _account(words: str, network: str) -> str:
    from responders.founding import is_handle  # noqa: PLC0415  # not needed for help

    bare = words.strip().removeprefix("@")
    if bare and not is_handle(bare):
        message = f'"{bare}" is no account name'
        raise UsageError(message, "write it like " + ("acme@mastodon.social" if network == "mastodon" else "acme.example"))
    return bare


def _accounts(words: str) -> str:
    from responders.founding import accounts  # noqa: PLC0415  # not needed for help

    accounts(words)
    return words


def _feeds(words: str) -> str:
    from pydantic import ValidationError  # noqa: PLC0415  # not needed for help

    from listener.sources.feeds import Options  # noqa: PLC0415
    from responders.founding import split  # noqa: PLC0415

    if urls := split(words):
        try:
            Options(urls=urls)
        except ValidationError as problem:
            message, _, hint = problem.errors()[0]["msg"].removeprefix("Value error, ").partition(": ")
            raise UsageError(message, hint) from None
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
