"""`earnest rules take`: a person's word for exactly this text of the rules, after seeing what it would change."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import click

from listener import clock
from listener.errors import RulesWrong
from listener.text import one_line
from responders.cli.base import AS, App, common
from responders.cli.confirming import CONFIRM, typed
from responders.cli.replay import shown
from responders.model import Mode

if TYPE_CHECKING:
    from listener.rules.rulebook import Rulebook
    from listener.store.base import Reader, Store
    from responders.comparing import Difference
    from responders.edits import Allowed
    from responders.weighing import Objection, Weighed

_WIDTH = 400  # columns of an objection


@dataclass
class _Tried:
    """What came of trying a file: the difference to the rules in force, where there are any, and why a person must say yes."""

    book: Rulebook
    allowed: Allowed
    in_force: str = ""
    difference: Difference | None = None
    objections: tuple[Objection, ...] = ()
    mode: tuple[Objection, ...] = field(default=())


@click.command(epilog='Example: earnest rules take --force --reason "from today we thank everybody". Exit codes: 0 taken, 1 not taken.')
@click.option("--force", is_flag=True, help="Take it though the last day would have been very different by it.")
@CONFIRM
@AS
@click.option("--reason", default="", metavar="TEXT", help="Why, for the log.")
@common
def take(app: App, *, force: bool, confirmed: str | None, who: str | None, reason: str) -> int:
    """Say yes to the rules file exactly as it stands, after trying it: its mistakes, its examples and tests, and the last day by it.

    The daemon takes a saved file by itself unless it raises `mode`, would have sent ten times more by itself, or lets one route speak to
    a fifth of everybody anew. Then it waits for this. A running daemon takes the file within a second, another at its next start; if the
    text changes before that, the yes is void. With --rules another file can be tried, and is taken when its text is saved as the rules.
    """
    from responders.house import open_store  # noqa: PLC0415  # not needed for help
    from responders.rulefile import load_rehearsed  # noqa: PLC0415

    try:
        book = load_rehearsed(app.rules_path)
    except RulesWrong as problem:
        return _wrong(app, problem)
    store = open_store(app.options.store, create=True)
    click.get_current_context().call_on_close(store.close)
    tried = _try(app, store, book)
    if tried.in_force == book.fingerprint and not (tried.mode or tried.objections):
        return _nothing_new(app, tried)
    _show(app, tried)
    missing = [] if force else list(tried.objections)
    if tried.mode and not (missing or typed(app, Mode(book.mode), tried.allowed.ceiling, confirmed)):
        missing += tried.mode
    if missing:
        return _not_taken(app, tried, missing)
    _give(store, tried, who=who or app.me, reason=reason)
    return _taken(app, tried, running=store.held())


def _try(app: App, store: Store, book: Rulebook) -> _Tried:
    """Play the last day by the file and by the rules in force, where these are others."""
    from responders import edits, weighing  # noqa: PLC0415  # not needed for help
    from responders.edits import Allowed  # noqa: PLC0415
    from responders.ledger import rulebooks  # noqa: PLC0415
    from responders.rulekeeper import last_good  # noqa: PLC0415
    from responders.shelf import answers_beside  # noqa: PLC0415

    reader, at = store.read(), clock.now()
    allowed, last = Allowed.of(reader), rulebooks.last(reader)
    tried = _Tried(book, allowed, last[0] if last else "", mode=edits.of_mode(book, allowed))
    if store.held() and tried.in_force == book.fingerprint:
        tried.objections = _of_answers(reader)
    before = last_good(reader, answers_beside(app.rules_path)) if last and last[0] != book.fingerprint else None
    if before is None:
        return tried
    before = edits.as_allowed(before, allowed)
    try:
        weighed = weighing.weigh(app.options.store, book, before, at=at)
        tried.objections = weighing.objections(book, before, weighed)
        tried.difference = _difference(app, before, weighed)
    except Exception as problem:  # noqa: BLE001  # as for the daemon: what cannot be tried wants a person's word
        tried.objections = (weighing.untried(problem),)
    return tried


def _of_answers(reader: Reader) -> tuple[Objection, ...]:
    """Return why a daemon waits for a word though these rules are in force: other written answers stand beside them."""
    from responders.ledger import facts  # noqa: PLC0415  # not needed for help
    from responders.weighing import Objection  # noqa: PLC0415

    known = facts.known(reader)
    if not known.get("rules_held", ("", None))[0]:
        return ()
    said = known["rules_error"][0].splitlines()[1:]
    return (Objection("answers", f"the written answers beside it are others than those in force: {one_line(' '.join(said), _WIDTH)}"),)


def _difference(app: App, before: Rulebook, weighed: Weighed) -> Difference:
    """Return what differs; the rules in force are shown as they are, not in the mode of the file."""
    from responders.comparing import compare  # noqa: PLC0415  # not needed for help
    from responders.replaying import replay  # noqa: PLC0415

    story = weighed.before if weighed.as_is else replay(app.options.store, before, weighed.span)
    return compare(weighed.after, story)


def _wrong(app: App, problem: RulesWrong) -> int:
    if app.options.json:
        app.out.record({"taken": False, "problem": problem.message, "objections": []})
    else:
        app.out.line(problem.message)
    app.out.next_step("Put this right first: earnest rules check, then earnest rules test")
    return 1


def _nothing_new(app: App, tried: _Tried) -> int:
    if app.options.json:
        app.out.record(_json(tried, taken=True))
    app.out.next_step(f"These rules ({tried.book.fingerprint}) are in force already. How things stand: earnest status")
    return 0


def _show(app: App, tried: _Tried) -> None:
    """Say what would change."""
    if app.options.json:
        return
    app.out.talk(f"From the rules in force ({tried.in_force or 'none yet'}) to {app.rules_path} ({tried.book.fingerprint}), the last day:")
    if tried.difference is not None:
        app.out.line(tried.difference.summary(compared=True))
        for aside in tried.difference.asides():
            app.out.line(aside)
        for line in shown(tried.difference, compared=True) if app.options.verbose else ():
            app.out.line(line)
    elif not tried.objections:
        app.out.line("There are no earlier rules to compare with.")
    for one in tried.objections:
        app.out.line(_objection(app, one), style="yellow")


def _objection(app: App, one: Objection) -> str:
    return f"{app.rules_path}:{one.line}:{one.column}: {one_line(one.words, _WIDTH)}"


def _not_taken(app: App, tried: _Tried, missing: list[Objection]) -> int:
    from responders.edits import hint  # noqa: PLC0415  # not needed for help

    if app.options.json:
        app.out.record(_json(tried, taken=False))
    else:
        for one in (one for one in missing if one.code == "mode"):
            app.out.line(_objection(app, one), style="yellow")
    everything = (*tried.objections, *tried.mode)
    app.out.next_step(f"Not taken; the rules in force stay. What to do: {hint(everything, tried.book.mode)}")
    return 1


def _give(store: Store, tried: _Tried, *, who: str, reason: str) -> None:
    from responders.edits import seal  # noqa: PLC0415  # not needed for help
    from responders.ledger import takes  # noqa: PLC0415

    book, allowed = tried.book, tried.allowed
    word = takes.Word(seal(book), who, forced=True, mode=book.mode if tried.mode else "")
    over = [one.code for one in tried.objections]
    store.write(lambda tx: takes.give(tx, word, reason=reason, over=over, before=allowed.ceiling, at=clock.now()))


def _taken(app: App, tried: _Tried, *, running: bool) -> int:
    if app.options.json:
        app.out.record(_json(tried, taken=True))
    when = "The daemon takes it within a second, if it is the file it reads" if running else "The next start takes it: earnest run"
    app.out.next_step(f"Taken. {when}. How things stand: earnest status")
    return 0


def _json(tried: _Tried, *, taken: bool) -> dict[str, object]:
    difference = tried.difference.to_json() if tried.difference else {}
    figures = {name: difference.get(name) for name in ("mentions", "changed", "would_send", "would_send_before")}
    return {
        "taken": taken,
        "version": tried.book.fingerprint,
        "in_force": tried.in_force or None,
        "mode": {"allowed": tried.allowed.ceiling.value, "wanted": tried.book.mode},
        **figures,
        "objections": [one.to_json() for one in (*tried.objections, *tried.mode)],
    }
