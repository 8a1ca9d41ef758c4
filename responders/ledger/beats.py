"""Signs of life: each daemon writes every few seconds who it is, by which rules it works, and what of it does not go round.

They say how one process fares, to whoever looks (`status`, `doctor`), on any store and by that process's own clock; nothing is decided by
them, and a daemon that leaves none works on. Who shares a store, and so who may send and whose turn it is to be heard of, is another
question: `responders.ledger.machines`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from listener.clock import from_text, to_text
from listener.store.base import Reader, Tx, pack, text, unpack
from responders.ledger import facts

EVERY = 15.0
"""Seconds between two signs of life."""

QUIET = timedelta(seconds=6 * EVERY)
"""A daemon of which nothing was seen for so long hangs, or its store takes nothing."""

_NAME = "beat "
_KEPT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Beat:
    """One sign of life: of which process on which machine, since when it runs, its version, its rules, loops that stall, sockets and files.

    `files` is how many it has open, and `most_files` how many it may have; 0 where nobody can tell.
    """

    who: str
    at: datetime
    since: datetime
    version: str
    rules: str
    stalled: tuple[str, ...] = ()
    files: int = 0
    most_files: int = 0


def write(tx: Tx, beat: Beat) -> None:
    """Leave a sign of life."""
    said = {
        "since": to_text(beat.since),
        "version": beat.version,
        "rules": beat.rules,
        "stalled": list(beat.stalled),
        "files": beat.files,
        "most_files": beat.most_files,
    }
    facts.keep(tx, _NAME + beat.who, pack(said), at=beat.at)


def end(tx: Tx, who: str, *, at: datetime) -> None:
    """Take one's own sign of life away, ending as one should, and those of long ago."""
    tx.run("DELETE FROM facts WHERE name = :name", name=_NAME + who)
    tx.run("DELETE FROM facts WHERE name LIKE 'beat %' AND at < :old", old=to_text(at - _KEPT))


def all_(reader: Reader) -> list[Beat]:
    """Return every sign of life, by name; of a daemon that was killed the last one stays for a while."""
    return [
        _beat(text(row, "name").removeprefix(_NAME), from_text(text(row, "at")), unpack(row["value"]))
        for row in reader.all("SELECT name, value, at FROM facts WHERE name LIKE 'beat %' ORDER BY name")
    ]


def _beat(who: str, at: datetime, said: object) -> Beat:
    found: Mapping[str, object] = said if isinstance(said, dict) else {}
    stalled = found.get("stalled")
    return Beat(
        who=who,
        at=at,
        since=from_text(str(found.get("since") or to_text(at))),
        version=str(found.get("version") or ""),
        rules=str(found.get("rules") or ""),
        stalled=tuple(map(str, stalled)) if isinstance(stalled, list) else (),
        files=_whole(found.get("files")),
        most_files=_whole(found.get("most_files")),
    )


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0
