"""`earnest add`: another source, asked for, tried, shown, and only then put into rules.yaml."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from listener import clock
from listener.errors import EarnestError, RulesWrong, UsageError
from listener.text import visible
from responders.cli import questions
from responders.cli.base import App, common
from responders.cli.phrases import counted
from responders.cli.trying import Trial, heard_words, listen, problem_words, taken_row

if TYPE_CHECKING:
    from listener.rules.rulebook import Rulebook
    from listener.sources.base import SourceKind
    from responders.adding import Added
    from responders.cli.questions import Given

_SHOWN = 5  # posts of the preview


@dataclass(frozen=True)
class _Plan:
    """What is about to be put in: the source, the text with it, and the rules that this text makes."""

    name: str
    kind: str
    given: Given
    added: Added
    book: Rulebook


@click.command(epilog="Example: earnest add mastodon --set instance=mastodon.social --set tags=acme,shoes --yes")
@click.argument("kind", required=False)
@click.option("--name", help="What to call it; else the kind, or the kind with something behind it.")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="An option of the source; lists with commas. May be repeated.")
@click.option("--untested", is_flag=True, help="Do not try it first.")
@click.option("-y", "--yes", is_flag=True, help="Put it in without asking; one that cannot be heard only with --untested.")
@common
def add(app: App, *, kind: str | None, name: str | None, settings: tuple[str, ...], untested: bool, yes: bool) -> int:
    """Add a source to rules.yaml: asks what it needs, tries it, shows what it would hear now, and writes it when you say yes.

    KIND is a network, such as mastodon; without one you choose from a list. Every other character of the file stays as it is. It is
    checked and its examples are played before it takes the place of the old one, which a running daemon then takes up by itself.
    """
    from responders.rulefile import read_raw, read_rehearsed, replace  # noqa: PLC0415  # not needed for help

    before = read_raw(app.rules_path)
    book = read_rehearsed(before.removeprefix("\ufeff"), filename=str(app.rules_path))
    chosen = _chosen(app, kind)
    given = _options(app, chosen, settings, book)
    plan = _plan(app, before, book, chosen=chosen, name=_named(app, name, chosen, given, book), given=given)
    trial = None if untested else _tried(app, plan)
    if not _agreed(app, plan, trial, yes=yes):
        app.out.talk("Nothing was put in.")
        return 1
    replace(app.rules_path, before, plan.added.text)
    if app.options.json:
        app.out.record(_record(app, plan, trial))
    else:
        app.out.line(f"Put {plan.name} into {app.rules_path}, line {plan.added.line}.")
    app.out.next_step(f"A running daemon takes it up by itself; else start one: earnest run. How it goes: earnest sources test {plan.name}")
    return 0


def _kinds() -> dict[str, SourceKind]:
    from responders.surroundings import source_kinds  # noqa: PLC0415  # networks are slow to import

    return source_kinds()


def _chosen(app: App, kind: str | None) -> str:
    """Return the kind of source that is wanted.

    Raises:
        UsageError: there is none of that name, or nobody can be asked.
    """
    kinds = _kinds()
    if kind is not None:
        if kind not in kinds:
            from listener.rules.problems import suggest  # noqa: PLC0415  # only here

            message = f'there is no kind of source called "{kind}"'
            raise UsageError(message, suggest(kind, kinds) or "there are: " + ", ".join(kinds))
        if questions.by_hand(kinds[kind]):
            message = f"a source of the kind {kind} wants more than can be asked here"
            raise UsageError(message, "write it below `sources:` yourself: docs/rules.md lists its keys, docs/howto how it is done")
        return kind
    kinds = {name: one for name, one in kinds.items() if not questions.by_hand(one)}
    if not app.interactive:
        message = "nobody can be asked here, and no kind of source is named"
        raise UsageError(message, "name one: " + ", ".join(kinds))
    rows = [(name, questions.needs(one), one.hears) for name, one in kinds.items()]
    app.out.table(("KIND", "NEEDS", "HEARS"), rows)
    return str(click.prompt("Which one?", type=click.Choice(list(kinds)), show_choices=False, err=True, prompt_suffix=" "))


def _options(app: App, chosen: str, settings: tuple[str, ...], book: Rulebook) -> Given:
    """Return the options as they are given, and as they are answered where somebody can be asked.

    Raises:
        UsageError: one cannot be used, or one that must be given is not.
    """
    kind = _kinds()[chosen]
    given: Given = {}
    for words in settings:
        key, sign, value = words.partition("=")
        if not sign:
            message = f'"{words}" is no option'
            raise UsageError(message, "write it like --set tags=acme,shoes")
        given[key.strip()] = questions.read(kind, key.strip(), value)
        if wrong := questions.complaint(kind, given, key.strip()):
            message = f"{key.strip()}: {wrong}"
            raise UsageError(message, questions.about(kind, key.strip()) if key.strip() in kind.options.model_fields else "")
    for key in questions.wanted(kind):
        if key in given:
            continue
        if app.interactive:
            _ask(kind, key, given, questions.proposal(chosen, kind, key, book))
        elif questions.must(kind, key):
            message = f"a source of the kind {chosen} needs {key}: {questions.about(kind, key)}"
            raise UsageError(message, f"say it: --set {key}=…")
    return given if questions.EVERY in given or not kind.every else {**given, questions.EVERY: kind.every}


def _ask(kind: SourceKind, key: str, given: Given, proposal: str) -> None:
    """Ask for one option until the answer will do; an empty one leaves it out."""
    more = "" if questions.must(kind, key) else "; empty for none" if not proposal else '; "-" for none'
    while True:
        asked = f"{key} ({questions.about(kind, key)}{more})"
        answer = str(click.prompt(asked, default=proposal, show_default=bool(proposal), err=True, prompt_suffix=" ")).strip()
        if answer in {"", "-"}:
            if not questions.must(kind, key):
                return
            continue
        given[key] = questions.read(kind, key, answer)
        wrong = questions.complaint(kind, given, key)
        if not wrong:
            return
        del given[key]
        click.echo(f"   {visible(wrong)}", err=True)


def _named(app: App, name: str | None, chosen: str, given: Given, book: Rulebook) -> str:
    """Return the name of the new source.

    Raises:
        UsageError: it is taken.
    """
    proposal = questions.free_name(chosen, _kinds()[chosen], given, book)
    while name is None or name in book.sources:
        if name is not None and not app.interactive:
            message = f'there is a source called "{name}" already'
            raise UsageError(message, f"name another: --name {proposal}")
        if name is None and (proposal == chosen or not app.interactive):
            return proposal
        if name is not None:
            click.echo(f'   there is a source called "{visible(name)}" already', err=True)
        name = str(click.prompt("What shall it be called?", default=proposal, err=True, prompt_suffix=" ")).strip()
    return name


def _plan(app: App, before: str, book: Rulebook, *, chosen: str, name: str, given: Given) -> _Plan:
    """Return what would be put in, checked and rehearsed.

    Raises:
        RulesWrong: the rules would not be right with it.
        EarnestError: something else in them would change.
    """
    from listener.rules.rulebook import SourceSettings  # noqa: PLC0415  # not needed for help
    from responders.adding import add_source  # noqa: PLC0415
    from responders.rulefile import read_rehearsed  # noqa: PLC0415

    settings = {**({"kind": chosen} if name != chosen else {}), **given}
    added = add_source(before, name, settings)
    try:
        after = read_rehearsed(added.text.removeprefix("\ufeff"), filename=str(app.rules_path))
    except RulesWrong as wrong:  # the text is nowhere yet, so there is nothing in the file to put right
        wrong.hint = f"this is how it would be with {name}. Nothing was put in, and {app.rules_path} stays as it was: give other answers"
        raise
    expected = {**book.sources, name: SourceSettings.model_validate(settings)}
    if after.model_dump(exclude={"sources"}) != book.model_dump(exclude={"sources"}) or dict(after.sources) != expected:
        message = f"{app.rules_path} is written in a way that {name} cannot be put into by a program"
        raise EarnestError(message, "put these lines below `sources:` yourself:\n" + "\n".join(added.lines))
    return _Plan(name, chosen, given, added, after)


def _tried(app: App, plan: _Plan) -> Trial:
    """Try the source as it would be, and say what came of it."""
    trial = Trial(plan.name, kind=plan.kind)
    if app.interactive:
        app.out.talk(f"Trying {plan.name} …")
    asyncio.run(listen(trial, plan.book))
    if app.options.json:
        return trial
    for line in heard_words(trial, clock.now()):
        app.out.line(line)
    taken = [(post, mentions) for post, mentions in trial.found if mentions]
    if taken:
        rows = [taken_row(post, found) for post, found in taken[:_SHOWN]]
        app.out.table(("BRAND", "BECAUSE", "AUTHOR", "TEXT"), rows, widths=(12, 30, 24, 80))
    if len(taken) > _SHOWN:
        app.out.line(f"and {counted(len(taken) - _SHOWN, 'more', 'more')}")
    return trial


def _agreed(app: App, plan: _Plan, trial: Trial | None, *, yes: bool) -> bool:
    """Show the lines, and ask whether to put them in.

    Raises:
        EarnestError: it cannot be heard, and nobody can be asked whether that matters.
        UsageError: nobody can be asked, and nobody said yes.
    """
    deaf = trial.deaf if trial else None
    if deaf and (yes or not app.interactive):
        hint = f"{deaf.hint}{'' if deaf.hint.endswith(('.', '?', '!')) else '.'} " if deaf.hint else ""
        deaf.hint = f"{hint}Nothing was put in; with --untested it is put in all the same."
        raise deaf
    if not app.options.json:
        app.out.line(f"These lines go into {app.rules_path}, line {plan.added.line}:", style="bold")
        for line in plan.added.lines:
            app.out.line(f"  {line}", whole=True)
    if yes:
        return True
    if not app.interactive:
        message = "nobody can be asked here, so nothing was put in"
        raise UsageError(message, "with --yes it is")
    asked = "It cannot be heard just now. Put it in all the same?" if deaf else "Put it in?"
    return click.confirm(asked, default=not deaf, err=True)


def _record(app: App, plan: _Plan, trial: Trial | None) -> dict[str, object]:
    heard = None
    if trial:
        heard = {
            "ok": trial.deaf is None,
            "posts": len(trial.page.posts) if trial.page else 0,
            "mentions": sum(bool(found) for _, found in trial.found),
            "problem": problem_words(trial.deaf) if trial.deaf else None,
        }
    where = {"rules": str(app.rules_path), "line": plan.added.line}
    return {"name": plan.name, "kind": plan.kind, "options": plan.given, "heard": heard, **where}
