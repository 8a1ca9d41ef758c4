"""`earnest report voice`: how much is said of us and of competitors, and in which mood. It only reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import click

from listener import clock
from listener.model import Mood
from listener.store.base import Reader, number, text
from responders.cli.base import App, common
from responders.cli.filters import to_span


@dataclass(frozen=True, slots=True)
class Voice:
    """What was said of a brand of ours ("" as `competitor`), or of a competitor of it. `share` is its part of all that was said of them."""

    brand: str
    competitor: str
    moods: Counter[str] = field(default_factory=Counter)
    share: float = 0.0

    @property
    def mentions(self) -> int:
        """How many posts."""
        return self.moods.total()


@click.command(epilog="Example: earnest report voice --since 30d")
@click.option("--since", default="7d", show_default=True, type=to_span, metavar="SPAN", help="Posts written in this time: 24h, 7d, 30d.")
@common
def voice(app: App, since: timedelta) -> None:
    """Say how much is said of each brand and of its competitors, in posts that were heard, and in which mood.

    A post that names both counts for both. Searches ask for our words only, so what is said of competitors alone is heard on streams and
    feeds, and where a source's own query names them: compare shares over time rather than with each other.
    """
    found = list(_voices(app, app.store.read(), since))
    if app.options.json:
        for one in found:
            app.out.record(_json(one))
        return
    head = ("BRAND", "WHO", "POSTS", "SHARE", *(mood.value.upper() for mood in Mood))
    app.out.table(head, [_row(one) for one in found])
    total = sum(one.mentions for one in found)
    if not any(one.competitor for one in found):
        app.out.next_step("No brand has competitors. Name some: brands.NAME.competitors in rules.yaml")
    else:
        app.out.next_step(f"{total} posts. Which they are: earnest mentions, earnest mentions --competitor NAME")


def _voices(app: App, reader: Reader, since: timedelta) -> Iterator[Voice]:
    """Yield every name the rules know or the store holds: each brand, then its competitors, those most spoken of first."""
    from listener.store import competitors  # noqa: PLC0415  # not needed for help

    book = app.book_if_any
    moods: dict[tuple[str, str], Counter[str]] = {}
    for brand, settings in book.brands.items() if book else ():
        moods |= {(brand, name): Counter() for name in ("", *settings.competitors)}
    for row in competitors.moods(reader, since=clock.now() - since):
        moods.setdefault((text(row, "brand"), text(row, "competitor")), Counter())[text(row, "mood")] += number(row, "n")
    for brand in dict.fromkeys(brand for brand, _ in moods):
        whole = sum(count.total() for (of, _), count in moods.items() if of == brand)
        ours = [(name, count) for (of, name), count in moods.items() if of == brand]
        for name, count in sorted(ours, key=lambda one: (one[0] != "", -one[1].total(), one[0])):
            yield Voice(brand, name, count, count.total() / whole if whole else 0.0)


def _row(one: Voice) -> tuple[object, ...]:
    shares = (f"{one.moods[mood.value] / one.mentions:.0%}" if one.mentions else "-" for mood in Mood)
    return (one.brand, one.competitor or "we", one.mentions, f"{one.share:.0%}", *shares)


def _json(one: Voice) -> dict[str, object]:
    return {
        "brand": one.brand,
        "competitor": one.competitor or None,
        "mentions": one.mentions,
        "share": round(one.share, 4),
        "moods": {mood.value: one.moods[mood.value] for mood in Mood},
    }
