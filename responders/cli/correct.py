"""`earnest correct` and `earnest corrections`: what a person says of how posts are judged."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from listener import clock
from listener.clock import to_text
from listener.errors import EarnestError, UsageError
from listener.model import Intent, Labels, Level, Mood
from listener.text import one_line
from responders.cli.base import AS, App, common
from responders.cli.phrases import counted, local

if TYPE_CHECKING:
    from listener.model import Assessment
    from listener.store.corrections import Correction
    from responders.approvals import Done
    from responders.correcting import Correcting

_MOODS = tuple(mood.value for mood in Mood if mood is not Mood.UNKNOWN)
_LEVELS = tuple(level.value for level in reversed(Level))
_INTENTS = tuple(intent.value for intent in Intent)
_WIDTH = 60


@click.command(epilog="Example: earnest correct A-217 --sentiment positive --urgency low")
@click.argument("case", required=False)
@click.option("--sentiment", type=click.Choice(_MOODS), help="The mood towards the brand.")
@click.option("--urgency", type=click.Choice(_LEVELS), help="How soon a person must look.")
@click.option("--intent", type=click.Choice(_INTENTS), help="What the author wants.")
@click.option("--sarcasm/--no-sarcasm", default=None, help="Whether the words say the opposite of what is meant.")
@click.option("--note", default="", metavar="TEXT", help="Why, for your colleagues.")
@click.option("--undo", is_flag=True, help="Take back what was said of CASE: it is judged exactly as before.")
@click.option("--text", metavar="TEXT", help="Teach by this text instead of a CASE; --sentiment says what it is.")
@click.option("--brand", metavar="NAME", help="With --text: the brand it is about, where there are several.")
@AS
@common
def correct(
    app: App,
    *,
    case: str | None,
    sentiment: str | None,
    urgency: str | None,
    intent: str | None,
    sarcasm: bool | None,
    note: str,
    undo: bool,
    text: str | None,
    brand: str | None,
    who: str | None,
) -> None:
    """Say how the newest post of CASE should have been judged; without options, it asks.

    It counts at once: what was drafted on the old judgement is void, and the case is decided again. What you say of the mood teaches
    how this brand's posts are judged from now on; urgency, intent and sarcasm are counted, and told in `earnest report judgement`.
    """
    if (case is None) == (text is None):
        message = "name a CASE, or give a text with --text"
        raise UsageError(message, 'such as: earnest correct A-3 --sentiment positive, or earnest correct --text "…" --sentiment positive')
    acting = _acting(app, who)
    labels = Labels(
        Mood(sentiment) if sentiment else None, Level(urgency) if urgency else None, Intent(intent) if intent else None, sarcasm
    )
    if text is not None:
        _tell(app, _teach(app, acting, text, brand, labels, note=note), "See what was learned: earnest report judgement")
        return
    name = case or ""
    if undo:
        _tell(app, acting.undo_of(name), f"See it: earnest show {name}")
        return
    if labels == Labels():
        labels, note = _asked(app, acting.seen(name), name)
    _tell(app, acting.correct(name, labels, note=note), f"See it: earnest show {name}. Not so after all: earnest correct {name} --undo")


def _acting(app: App, who: str | None) -> Correcting:
    from responders.correcting import Correcting  # noqa: PLC0415  # help needs no store

    return Correcting(app.store, app.book, clock.now, who=who or app.me, running=app.store.held)


def _tell(app: App, done: Done, next_step: str) -> None:
    if app.options.json:
        app.out.record({"case": done.case, "says": done.says})
        return
    app.out.line(done.says)
    app.out.next_step(next_step)


def _asked(app: App, seen: Assessment, name: str) -> tuple[Labels, str]:
    """Ask for each of them; Enter keeps what Earnest judged."""
    if not app.interactive:
        message = "say what it should have been"
        raise UsageError(message, f"such as: earnest correct {name} --sentiment positive --urgency low")
    mood = seen.sentiment.label.value
    said = click.prompt("Mood", type=click.Choice(_MOODS), default=mood if mood in _MOODS else "neutral", err=True)
    urgency = click.prompt("Urgency", type=click.Choice(_LEVELS), default=seen.urgency.level.value, err=True)
    intent = click.prompt("Intent", type=click.Choice(_INTENTS), default=seen.intent.value, err=True)
    sarcasm = click.confirm("Sarcasm", default=seen.sarcasm, err=True)
    note = click.prompt("A note (nothing: none)", default="", show_default=False, err=True)
    return Labels(Mood(said), Level(urgency), Intent(intent), sarcasm), note


def _teach(app: App, acting: Correcting, text: str, brand: str | None, labels: Labels, *, note: str) -> Done:
    from listener.scoring.assessor import Assessor  # noqa: PLC0415  # loads the word lists
    from responders.rehearsal import made_up_post  # noqa: PLC0415

    brands = tuple(app.book.brands)
    about = brand or (brands[0] if len(brands) == 1 else "")
    if about not in brands:
        message = f'no brand is called "{brand}"' if brand else "there are several brands"
        raise UsageError(message, f"name one with --brand: {', '.join(brands)}")
    if labels.mood is None or not text.strip():
        message = "a text teaches by its mood"
        raise UsageError(message, 'such as: earnest correct --text "this deck is sick" --sentiment positive')
    return acting.teach(text, about, Assessor(app.book.scoring).assess(made_up_post(text, at=clock.now())), labels, note=note)


@click.command(epilog="Example: earnest corrections --export corrections.jsonl")
@click.option("--undo", "number", type=int, metavar="ID", help="Take the correction of that number back.")
@click.option("--export", "file", metavar="FILE", help="Write those that stand as JSON lines, which earnest eval reads; - is stdout.")
@AS
@common
def corrections(app: App, *, number: int | None, file: str | None, who: str | None) -> None:
    """List what people said of how posts are judged, newest last: when, who, what it was and is, and the post's first words."""
    from listener.store import corrections as said  # noqa: PLC0415  # help needs no store

    if number is not None:
        _tell(app, _acting(app, who).undo(number), "What else stands: earnest corrections")
        return
    if file is not None:
        _export(app, said.standing(app.store.read()), file)
        return
    found = said.every(app.store.read())
    if app.options.json:
        for one in found:
            app.out.record(_json(one))
        return
    if found:
        head = ("ID", "WHEN", "WHO", "BRAND", "WHAT", "POST")
        app.out.table(head, [_cells(one) for one in found], widths=(6, 19, 12, 12, 44, 0))
    stand = sum(one.stands for one in found)
    words = f"{counted(stand, 'correction')} {'stands' if stand == 1 else 'stand'}" if found else "Nobody corrected anything yet"
    app.out.next_step(f"{words}. Correct one: f in earnest review, or earnest correct CASE. What they teach: earnest report judgement")


def _cells(one: Correction) -> Sequence[str]:
    what = ", ".join(f"{name} {now}" + ("" if was == now else f" (was {was})") for name, was, now in one.said)
    ended = f"taken back by {one.undone_by}: " if one.undone_at else "" if one.words else "the words are gone: "
    return (str(one.id), local(one.at), one.who, one.brand, one_line(f"{ended}{what}", 200), one_line(one.words, _WIDTH) or "-")


def _json(one: Correction) -> dict[str, object]:
    return {
        "id": one.id,
        "at": to_text(one.at),
        "who": one.who,
        "brand": one.brand,
        "network": one.network or None,
        "post": one.post_id or None,
        "text": one.words or None,
        "judged": {name: was for name, was, _ in one.said},
        "said": {name: now for name, _, now in one.said},
        "note": one.note or None,
        "stands": one.stands,
        "undone_at": to_text(one.undone_at) if one.undone_at else None,
        "undone_by": one.undone_by or None,
    }


def _export(app: App, found: Sequence[Correction], file: str) -> None:
    names = {"mood": "sentiment"}
    lines = []
    for one in found:
        said = {names.get(name, name): now == "yes" if name == "sarcasm" else now for name, _, now in one.said}
        lines.append(json.dumps({"id": str(one.id), "text": one.words, "language": one.judged["language"], **said}, ensure_ascii=False))
    if file == "-":
        for line in lines:
            app.out.line(line, whole=True)
        return
    try:
        Path(file).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    except OSError as problem:
        message = f"{one_line(file, 200)} cannot be written: {problem.strerror}"
        raise EarnestError(message, "name another file") from None
    app.out.next_step(f"{counted(len(lines), 'correction')} written. They hold people's words: keep the file as you keep the store.")
