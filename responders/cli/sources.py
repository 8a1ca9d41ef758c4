"""`earnest sources`: can we hear, can we speak, and what would a source bring right now."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import IO, TYPE_CHECKING

import click

from listener import clock
from listener.errors import Unreachable
from listener.store.base import text
from listener.text import one_line
from responders import views
from responders.cli import brought
from responders.cli.base import App, common
from responders.cli.marking import label, network_of, reopen
from responders.cli.phrases import counted
from responders.cli.status import source_json, source_words
from responders.cli.trying import Trial, heard_words, listen, problem_words, speak_there, taken_row
from responders.views import Health

if TYPE_CHECKING:
    from listener.model import Mention, Post
    from listener.rules.rulebook import Rulebook

_WIDTH = 200  # columns of a foreign line


@click.group(invoke_without_command=True, epilog="Example: earnest sources test mastodon")
@common
def sources(app: App) -> None:
    """List where we listen, how it goes, and how far behind it is."""
    if click.get_current_context().invoked_subcommand is None:
        _list(app)


def _list(app: App) -> None:
    at = clock.now()
    health = _health(app, at)
    heard = {text(row, "name"): row for row in health.sources} if health else {}
    book = app.book_if_any
    names = list(dict.fromkeys((*(book.sources if book else ()), *heard)))
    for name in names:
        row = heard.get(name)
        if app.options.json:
            app.out.record(source_json(row, health, at) if row and health else _unheard_json(name, book))
        else:
            gone = " (no longer in rules.yaml)" if book and name not in book.sources else ""
            app.out.line(
                (source_words(row, at, running=health.running) if row and health else f"{one_line(name, 30):<14} not heard yet") + gone
            )
    if names:
        app.out.next_step(f"Try one, without storing anything: earnest sources test {names[0]}")
    else:
        app.out.next_step("No source is named. Name one below `sources:` in rules.yaml, or begin with: earnest init")


def _health(app: App, at: datetime) -> Health | None:
    """Return how the sources do; None where there is no store yet, which is no mistake before the first run."""
    try:
        store = app.store
    except Unreachable:
        if app.book_if_any is None:
            raise
        return None
    return views.health(store, running=store.held(), at=at)


def _unheard_json(name: str, book: Rulebook | None) -> dict[str, object]:
    settings = book.sources.get(name) if book else None
    network = settings.network_of(name) if settings else name
    return {"name": name, "network": network, "state": "new", "lag_s": None, "gaps": 0, "detail": None}


def _try(book: Rulebook, name: str, *, preview: bool, delivery: bytes | None = None) -> Trial:
    """Try a source that the rules name.

    Raises:
        EarnestError: they name none of that name.
    """
    trial = Trial(name, kind=network_of(book, name))

    async def both() -> None:
        await listen(trial, book, preview=preview, delivery=delivery)
        if not preview:
            await speak_there(trial, book)

    asyncio.run(both())
    return trial


@sources.command(epilog="Example: earnest sources test mastodon")
@click.argument("name")
@common
def test(app: App, *, name: str) -> int:
    """Sign in to source NAME and fetch once, without storing anything: can we hear, can we speak?

    A webhook is brought posts: its address is told, with a command that brings it one.

    Then what the network asks of programs that answer there, each with its date and source, and whether ours keeps to it. That we cannot
    speak is no failure: a person then posts the answers by hand.
    """
    at = clock.now()
    trial = _try(app.book, name, preview=False)
    if app.options.json:
        app.out.record(_trial_json(trial))
    else:
        for line in (*heard_words(trial, at), *_spoken_words(trial)):
            app.out.line(line)
        if trial.invitation:
            app.out.line(trial.invitation.sample, whole=True)
        for line in (*_gates(trial), *_closed(app, trial)):
            app.out.line(line)
        app.out.next_step(_after_test(trial))
    return trial.deaf.exit_code if trial.deaf else 0


def _after_test(trial: Trial) -> str:
    if trial.deaf:
        return "What is in the way, all at once: earnest doctor"
    if trial.invitation:
        return f"That command brings one made-up post. What a real delivery would be: earnest sources preview {trial.name} --delivery FILE"
    return f"What it would bring: earnest sources preview {trial.name}"


def _spoken_words(trial: Trial) -> list[str]:
    if trial.speaker is None:
        return ["speak  no: " + problem_words(trial.mute)]
    return [f"speak  yes, as @{one_line(trial.speaker.handle, 60)}"]


def _gates(trial: Trial) -> list[str]:
    from responders.cli import gates  # noqa: PLC0415  # reading the gates takes a moment

    labelled, remedy = (trial.label.marked, trial.label.remedy) if trial.label else (None, trial.remedy)
    return list(gates.lines(trial.where, speaks=trial.speaks, labelled=labelled, remedy=remedy))


def _closed(app: App, trial: Trial) -> list[str]:
    """Return where on the network our account was turned away, a line each."""
    from responders.ledger import places  # noqa: PLC0415  # only here

    try:
        rows = [row for row in places.rows(app.store.read()) if text(row, "network") == trial.where]
    except Unreachable:
        return []
    again = f"let it answer there again: earnest sources reopen {trial.name}"
    return [
        f"closed {text(row, 'place')} since {text(row, 'since')}: {one_line(text(row, 'reason'), _WIDTH)}; {again} {text(row, 'place')}"
        for row in rows
    ]


def _trial_json(trial: Trial) -> dict[str, object]:
    from responders.cli import gates  # noqa: PLC0415  # reading the gates takes a moment

    return {
        "name": trial.name,
        "network": trial.network or None,
        "hear": {
            "ok": trial.deaf is None,
            "account": trial.account.handle if trial.account else None,
            "posts": len(trial.page.posts) if trial.page else 0,
            "mentions": sum(bool(found) for _, found in trial.found),
            "problem": problem_words(trial.deaf) if trial.deaf else None,
            "told": brought.as_json(trial.invitation) if trial.invitation else None,
        },
        "speak": {
            "ok": trial.speaker is not None,
            "account": trial.speaker.handle if trial.speaker else None,
            "problem": problem_words(trial.mute) if trial.mute else None,
        },
        "gates": gates.to_json(trial.where, speaks=trial.speaks, labelled=trial.label.marked if trial.label else None),
    }


@sources.command(epilog="Example: earnest sources preview mastodon")
@click.argument("name")
@click.option("--query", default="", help="Try this query, as if a brand and the source had it; rules.yaml stays as it is.")
@click.option("--delivery", type=click.File("rb"), metavar="FILE", help="What a webhook would be brought (- reads standard input).")
@common
def preview(app: App, *, name: str, query: str, delivery: IO[bytes] | None) -> None:
    """Fetch source NAME once, without storing anything: what it asks the network, which posts would count and why.

    Words of the brands that found nothing, or nothing but noise, are named. A webhook has nobody to ask: give it a delivery, and it shows
    what its `map` makes of it.
    """
    from responders.cli import keywords  # noqa: PLC0415  # the search for words is slow to import

    book = keywords.with_query(app.book, name, query) if query else app.book
    trial = _try(book, name, preview=True, delivery=delivery.read() if delivery else None)
    if trial.deaf:
        raise trial.deaf
    taken = [(post, mentions) for post, mentions in trial.found if mentions]
    own = (trial.account,) if trial.account else ()
    words = keywords.keywords(book, [post for post, _ in trial.found], trial.network, own)
    if app.options.json:
        for post, mentions in taken:
            app.out.record(_taken_json(post, mentions))
        for record in keywords.as_json(trial.asks, words):
            app.out.record(record)
        return
    for line in keywords.asked_words(trial.asks):
        app.out.line(line)
    if taken:
        app.out.table(("BRAND", "BECAUSE", "AUTHOR", "TEXT"), [taken_row(post, found) for post, found in taken], widths=(12, 30, 24, 80))
    for line in keywords.odd_words(words):
        app.out.line(line)
    app.out.next_step(
        f"{len(taken)} of {counted(len(trial.found), 'post')} would count. Why one would be routed: earnest explain --post TEXT"
    )


def _taken_json(post: Post, mentions: tuple[Mention, ...]) -> dict[str, object]:
    return {
        "network": post.network,
        "id": post.id,
        "author": post.author.handle,
        "text": post.text,
        "url": post.url,
        "created_at": clock.to_text(post.created_at),
        "brands": [mention.brand for mention in mentions],
        "because": [{"ground": one.ground.value, "text": one.text} for mention in mentions for one in mention.because],
    }


sources.add_command(label)
sources.add_command(reopen)
