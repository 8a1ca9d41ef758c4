"""A running daemon's signs of life, as `earnest status` shows them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from listener.clock import to_text
from responders.cli.phrases import ago
from responders.ledger.beats import QUIET
from responders.views import Health


def signs_json(health: Health) -> dict[str, object]:
    """Return since when the daemon runs, when it was last heard of, and what of it does not go round; of several, of the oldest."""
    first = min(health.beats, key=lambda beat: beat.since, default=None)
    if first is None or not health.running:
        return {"since": None, "seen_at": None, "stalled": []}
    stalled = sorted({name for beat in health.beats for name in beat.stalled})
    return {"since": to_text(first.since), "seen_at": to_text(first.at), "stalled": stalled}


def signs_words(health: Health, at: datetime) -> Iterator[tuple[str, list[str]]]:
    """Yield what is wrong with a daemon that runs."""
    if not health.running or not health.beats:
        return
    last = max(beat.at for beat in health.beats)
    if at - last > QUIET:
        yield (
            f"The daemon has left no sign of life; the last one {ago(last, at)}",
            ["it hangs, or the store takes nothing from it: earnest doctor"],
        )
    stalled = sorted({name for beat in health.beats for name in beat.stalled})
    if stalled:
        yield "Parts of the daemon do not go round any more", [f"{', '.join(stalled)}: earnest doctor"]
