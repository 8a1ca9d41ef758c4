"""What a person does with an answer after its approval: take the yes back, settle doubt by looking, take words off the network."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from listener import clock
from listener.errors import UsageError
from responders.cli import states
from responders.cli.base import AS, App, common
from responders.cli.decide import desk, noted, tell
from responders.cli.phrases import quoted
from responders.model import Delivery, Kind

if TYPE_CHECKING:
    from responders.approvals import Done
    from responders.dispatch import Dispatch

F = TypeVar("F", bound=Callable[..., Any])

_WHY = click.option("--reason", default="", metavar="TEXT", help="Why, for the log.")
_KIND = click.option("--kind", type=click.Choice([kind.value for kind in Kind]), help="Which answer, where the case has both.")


def _about_one(command: F) -> F:
    """Give a command its CASE, `--kind` and `--as`."""
    for part in (_KIND, AS, click.argument("case")):
        command = part(command)
    return command


def dispatch(app: App, who: str | None) -> Dispatch:
    """Return the desk for what was approved, in the name of whoever acts; it needs no rules."""
    from responders.dispatch import Dispatch  # noqa: PLC0415  # slow to import
    from responders.house import channel_kind  # noqa: PLC0415

    return Dispatch(app.store, clock.now, channel_kind, who=who or app.me)


def _kind(name: str | None) -> Kind | None:
    return Kind(name) if name else None


def _done(app: App, done: Done, next_step: str, *, who: str | None, reason: str) -> None:
    """Keep the reason and say what came of it."""
    tell(app, noted(desk(app, who, by_rules=False), done, reason), next_step)


def _leaves(app: App) -> str:
    return "" if app.store.held() else "The daemon is not running, so nothing leaves before: earnest run. "


@click.command(epilog="Example: earnest undo A-217")
@click.argument("case")
@AS
@_WHY
@common
def undo(app: App, *, case: str, who: str | None, reason: str) -> None:
    """Take the approval of CASE back while nothing has left; the draft waits again.

    What has left is another matter: earnest withdraw takes it off its network.
    """
    done = dispatch(app, who).take_back(case)
    _done(app, done, f"Change it: earnest edit {done.case}. Say no: earnest reject {done.case}", who=who, reason=reason)


@click.command(epilog="Example: earnest found A-217 https://social.example/@acme/1234")
@_about_one
@click.argument("url")
@_WHY
@common
def found(app: App, *, case: str, url: str, kind: str | None, who: str | None, reason: str) -> None:
    """Say that the answer of CASE that was in doubt is on the network, at URL, the address of our answer. It is kept as sent.

    An answer is in doubt where the network did not say whether it took it and Earnest could not find out. It is never sent again by
    itself.
    """
    done = dispatch(app, who).found(case, url, _kind(kind))
    following = "What else waits: earnest inbox" if done.complete else f"Read it first: earnest show {done.case}"
    _done(app, done, following, who=who, reason=reason)


@click.command(epilog="Example: earnest posted A-217 --url https://news.example/item?id=4711")
@click.argument("case")
@click.option("--url", default="", metavar="URL", help="The address of our answer, where there is one.")
@AS
@_WHY
@common
def posted(app: App, *, case: str, url: str, who: str | None, reason: str) -> None:
    """Say that you posted the approved answer of CASE by hand. It then counts as our answer.

    Some networks take no answer from a program, or not to this post; `earnest show` says which rule of theirs that is. Earnest makes no
    request for such an answer, ever.
    """
    done = dispatch(app, who).posted(case, url)
    _done(app, done, f"What else waits: earnest inbox. Where it was a mistake: earnest absent {done.case}", who=who, reason=reason)


@click.command(epilog="Example: earnest resend A-217")
@_about_one
@_WHY
@common
def resend(app: App, *, case: str, kind: str | None, who: str | None, reason: str) -> int:
    """Say that the answer of CASE that was in doubt is not on the network, and send it after all. Look first: it would stand there twice.

    On a terminal the words and the link are shown, and you are asked whether you looked. It leaves ten seconds later; until then
    `earnest undo` takes it back.
    """
    acting = dispatch(app, who)
    seen = acting.in_doubt(case, _kind(kind))
    if app.interactive and not _looked(app, seen):
        return 1
    done = acting.resend(case, seen.kind, seen=seen)
    _done(app, done, f"{_leaves(app)}Take it back: earnest undo {done.case}", who=who, reason=reason)
    return 0


def _looked(app: App, one: Delivery) -> bool:
    """Show what would be sent and where to look; return whether the person says that they looked and that it is not there."""
    app.out.line(f"{one.case} {one.kind.value} answer: {states.doubt(one)}", style="bold")
    for line in quoted(one.text, "      "):
        app.out.line(line)
    app.out.line(f"   look  {states.post_link(one)}")
    if click.confirm("Did you look, and is it not there?", default=False, err=True):
        return True
    from responders.ledger import cases, deliveries  # noqa: PLC0415  # help needs no store

    there, _ = states.settling(one, deliveries.of_case(app.store.read(), cases.id_of(one.case)))
    app.out.line("Nothing was sent.")
    app.out.next_step(f"It is there: {there}. Not sure: leave it, it is never sent by itself")
    return False


@click.command(epilog="Example: earnest absent A-217")
@_about_one
@_WHY
@common
def absent(app: App, *, case: str, kind: str | None, who: str | None, reason: str) -> None:
    """Say that the answer of CASE that was in doubt is not on the network, and shall not be sent as it is. Its draft waits again.

    The same for one that was to be posted by hand and will not be. One that was posted by hand and deleted there is kept as taken back.
    """
    done = dispatch(app, who).absent(case, _kind(kind))
    _done(app, done, f"Change it: earnest edit {done.case}. Say no: earnest reject {done.case}", who=who, reason=reason)


@click.command(epilog='Example: earnest withdraw A-217 --reason "the wrong customer"')
@_about_one
@click.option("--reason", required=True, metavar="TEXT", help="Why, for the log; `earnest show` tells it.")
@common
def withdraw(app: App, *, case: str, reason: str, kind: str | None, who: str | None) -> None:
    """Take what was sent in CASE off its network: every answer of it, or only the one of a kind.

    The daemon does it, also while sending is paused, and asks again until it is gone. Whoever has read it has read it.
    """
    if not reason.strip():
        message = "a withdrawal needs a reason"
        raise UsageError(message, f'say it: earnest withdraw {case} --reason "the wrong customer"')
    done = dispatch(app, who).withdraw(case, reason.strip(), _kind(kind))
    by = "The daemon does it within seconds" if app.store.held() else "The daemon does it, and is not running: earnest run"
    tell(app, done, f"{by}. See how it ends: earnest show {done.case}")
