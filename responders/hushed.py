"""Sources that fell silent, told to our own people: one incident a source, until it is heard again."""

from __future__ import annotations

from datetime import datetime

from listener.store import silences
from listener.store.base import Reader, Row, Tx, number, text
from listener.text import one_line
from responders.ledger import audit, facts, incidents

_LAST = "silence_told"  # the newest spell that was made an incident
_WIDTH = 200  # columns of what is wrong


def notice(reader: Reader) -> bool:
    """Return whether `settle` has anything to do."""
    return bool(_new(reader)) or bool(_over(reader))


def settle(tx: Tx, *, at: datetime) -> None:
    """Make incidents of sources that fell silent, short as it may have been, and end those of sources that are heard again."""
    fresh = _new(tx)
    for row in fresh:
        source = text(row, "source")
        why = one_line(text(row, "reason"), _WIDTH)
        words = f"Earnest heard nothing of {source} any more: {why}. It is begun anew; how it goes: earnest status"
        if incidents.raise_(tx, incidents.silent(source), words, at=at):
            audit.record(tx, audit.DAEMON, "found a source silent", at=at, source=source)
    if fresh:
        facts.keep(tx, _LAST, str(fresh[-1]["id"]), at=at)
    for name in _over(tx):
        incidents.end(tx, name, at=at)


def _new(reader: Reader) -> list[Row]:
    seen = reader.one("SELECT value FROM facts WHERE name = :name", name=_LAST)
    return silences.since(reader, number(seen, "value") if seen else 0)


def _over(reader: Reader) -> list[str]:
    """Return the incidents of sources that are silent no more."""
    rows = reader.all("SELECT name FROM incidents WHERE ended_at IS NULL AND name LIKE 'silent %'")
    if not rows:
        return []
    going = {incidents.silent(text(row, "source")) for row in silences.open_(reader)}
    return [text(row, "name") for row in rows if text(row, "name") not in going]
