"""What a person does with a case before anything leaves: approve, edit, reject, private, snooze, assign, escalate."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import click

from listener import clock
from listener.errors import UsageError
from responders.cli.base import AS, App, common
from responders.cli.filters import to_span
from responders.cli.phrases import quoted
from responders.model import REASONS, Kind

if TYPE_CHECKING:
    from listener.rules.rulebook import Rulebook
    from responders.approvals import Desk, Done

F = TypeVar("F", bound=Callable[..., Any])

_WHY = click.option("--reason", default="", metavar="TEXT", help="Why, for the log.")


def _deciding(command: F) -> F:
    """Give a command its CASE, `--as` and `--reason`."""
    for part in (_WHY, AS, click.argument("case")):
        command = part(command)
    return command


def desk(app: App, who: str | None, *, by_rules: bool) -> Desk:
    """Return the desk of whoever acts.

    Only acts that judge words or name teams go `by_rules`; the others work while rules.yaml is broken.
    """
    from responders.approvals import Desk  # noqa: PLC0415  # judging words is slow to import
    from responders.house import channel_kind  # noqa: PLC0415

    return Desk(app.store, app.book if by_rules else _no_rules(), clock.now, channel_kind, who=who or app.me)


def _no_rules() -> Rulebook:
    """Return the smallest rulebook there is, for acts that never look into it."""
    from listener.rules.rulebook import Brand, Route, Rulebook  # noqa: PLC0415  # slow to import

    return Rulebook(version=1, brands={"none": Brand()}, routes=(Route(name="none", when="always"),))


def tell(app: App, done: Done, next_step: str, words: Mapping[Kind, str | None] | None = None) -> None:
    """Say what came of an act, in a line and the `words` that it concerns, and what to do next."""
    if app.options.json:
        said = {kind.value: text for kind, text in (words or {}).items()}
        app.out.record({"case": done.case, "says": done.says, "complete": done.complete, "by_hand": bool(done.copy), **said})
        return
    app.out.line(done.says)
    for kind, text in (words or {}).items():
        if text is not None:
            app.out.line(f"   {kind.value}")
            for line in quoted(text, "      "):
                app.out.line(line)
    app.out.next_step(next_step)


def _after_yes(app: App, done: Done) -> str:
    if done.copy:
        return f"Copy the words, post them there, then: earnest posted {done.case} --url URL. Not after all: earnest undo {done.case}"
    if done.complete and not app.store.held():
        return f"The daemon is not running, so nothing leaves before: earnest run. Take it back: earnest undo {done.case}"
    return f"Take it back: earnest undo {done.case}. What else waits: earnest inbox" if done.complete else "What else waits: earnest inbox"


def noted(acting: Desk, done: Done, reason: str) -> Done:
    """Keep a reason that the act itself has no place for."""
    if reason:
        acting.note(done.case, reason)
    return done


@click.command(epilog="Example: earnest approve A-217 --as jo")
@_deciding
@common
def approve(app: App, *, case: str, who: str | None, reason: str) -> None:
    """Say yes to the draft of CASE, and print the words that this covers.

    They leave ten seconds later; until then `earnest undo` takes them back. Where the network takes no program's answer, a person
    copies them and posts them by hand: see `earnest posted`.
    """
    _approve(app, case, who, reason, private_only=False)


@click.command(epilog="Example: earnest private A-217")
@_deciding
@common
def private(app: App, *, case: str, who: str | None, reason: str) -> None:
    """Say yes to the private message of CASE only; nothing is said in public."""
    _approve(app, case, who, reason, private_only=True)


def _approve(app: App, name: str, who: str | None, reason: str, *, private_only: bool) -> None:
    """Approve the words as they stand now, and show those very words."""
    from responders.ledger import cases, drafts  # noqa: PLC0415  # help needs no store

    acting = desk(app, who, by_rules=True)
    draft = drafts.newest(app.store.read(), cases.id_of(name))
    done = noted(acting, acting.approve(name, private_only=private_only, seen=draft), reason)
    words = {Kind.PUBLIC: draft.public if draft and not private_only else None, Kind.PRIVATE: draft.private if draft else None}
    tell(app, done, _after_yes(app, done), words)


@click.command(epilog='Example: earnest edit A-217 --text "That charge is wrong. You hear from me by 5 pm. Jo"')
@click.option("--text", metavar="TEXT", help="The new public words.")
@click.option("--private-text", metavar="TEXT", help="The new private words.")
@_deciding
@common
def edit(app: App, *, case: str, who: str | None, reason: str, text: str | None, private_text: str | None) -> int:
    """Put other words in the draft of CASE, or write one where there is none. Without words given, an editor opens.

    The words are kept even where the voice check objects (exit code 1), but cannot leave until it no longer does.
    """
    if text is None and private_text is None:
        from responders.cli.writing import in_editor  # noqa: PLC0415  # only where an editor is wanted

        text, private_text = in_editor(app, case)
    for words in (text, private_text):
        if words is not None and not words.strip():
            message = "the words are empty"
            raise UsageError(message, f"to say nothing: earnest reject {case}; only in private: earnest private {case}")
    acting = desk(app, who, by_rules=True)
    done = noted(acting, acting.edit(case, public=text, private=private_text), reason)
    tell(app, done, f"Say yes: earnest approve {done.case}" if done.complete else f"Change the words: earnest edit {done.case}")
    return 0 if done.complete else 1


@click.command(epilog='Example: earnest reject A-217 --reason "no reply needed"')
@_deciding
@common
def reject(app: App, *, case: str, who: str | None, reason: str) -> None:
    """Say no to the draft of CASE. Reasons that are counted: tone, facts, not ours, no reply needed, other."""
    if not reason and app.interactive:
        reason = click.prompt("Why", type=click.Choice(REASONS), default="other", err=True)
    done = desk(app, who, by_rules=False).reject(case, reason or "other")
    tell(app, done, "What else waits: earnest inbox")


@click.command(epilog="Example: earnest snooze A-217 --for 2h")
@click.option("--for", "span", type=to_span, default="1h", show_default=True, metavar="SPAN", help="How long: 15m, 2h, 1d.")
@_deciding
@common
def snooze(app: App, *, case: str, who: str | None, reason: str, span: timedelta) -> None:
    """Keep CASE out of the inbox for a while. Its clocks run on."""
    acting = desk(app, who, by_rules=False)
    done = noted(acting, acting.snooze(case, span), reason)
    tell(app, done, "What else waits: earnest inbox")


@click.command(epilog="Example: earnest assign A-217 kim")
@_deciding
@click.argument("person", required=False)
@common
def assign(app: App, *, case: str, who: str | None, reason: str, person: str | None) -> None:
    """Give CASE to PERSON; without a PERSON, take it yourself."""
    acting = desk(app, who, by_rules=False)
    done = noted(acting, acting.assign(case, person or who or app.me), reason)
    tell(app, done, f"Theirs alone: earnest inbox --assignee {person or who or app.me}")


@click.command(epilog='Example: earnest escalate A-217 --team on-call --reason "asks for a lawyer"')
@click.option("--team", metavar="NAME", help="Which team; else the one that rules.yaml names for the case.")
@_deciding
@common
def escalate(app: App, *, case: str, who: str | None, reason: str, team: str | None) -> None:
    """Tell a team of CASE now, by its alert service."""
    done = desk(app, who, by_rules=True).escalate(case, team or _team_of(app, case), reason)
    tell(app, done, f"See whether they were told: earnest show {done.case}")


def _team_of(app: App, name: str) -> str:
    """Return the team that a case is for: its route's for alerts, else its own, else the only one there is."""
    from responders.ledger import cases  # noqa: PLC0415  # only here

    case = cases.find(app.store.read(), name)
    route = next((route for route in app.book.routes if route.name == case.route), None)
    only = next(iter(app.book.teams), "") if len(app.book.teams) == 1 else ""
    team = (route.escalate if route else None) or case.team or only
    if not team:
        message = f"no team stands for {case.name}"
        raise UsageError(message, "name one with --team: " + (", ".join(app.book.teams) or "rules.yaml knows none"))
    return team
