"""Showing the daemons that share a store, in `earnest status`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from listener.clock import in_words, to_text
from listener.text import one_line
from responders.cli.phrases import ago, counted
from responders.ledger.machines import LATE, Machine, by_rules, undone

_WIDTH = 60


def machine_json(one: Machine) -> dict[str, object]:
    """Return one machine as `status --json` prints it."""
    return {
        "name": one.name,
        "roles": list(one.roles),
        "version": one.version,
        "rules": one.fingerprint,
        "mode": one.mode,
        "since": to_text(one.since),
        "seen_at": to_text(one.seen_at),
    }


def machines_parts(found: Sequence[Machine], lost: Sequence[Machine], at: datetime) -> Iterator[tuple[str, list[str]]]:
    """Yield what `earnest status` says of the machines that are there, of work that none of them does, and of those that went."""
    if found:
        yield machines_title(found), machines_words(found, at)
    for one in undone(found):
        yield f"{one.words[0].upper()}{one.words[1:]}", [one.hint]
    if lost:
        yield f"{counted(len(lost), 'machine')} went without a word", _lost(lost, at)


def machines_title(found: Sequence[Machine]) -> str:
    """Say how many machines there are, and whether they work by different rules."""
    many = counted(len(found), "machine works on this store", "machines work on this store")
    return f"{many} by different rules; what would leave by itself waits until they agree" if len(by_rules(found)) > 1 else many


def machines_words(found: Sequence[Machine], at: datetime) -> list[str]:
    """Say of each machine what it does, by which rules and program, and since when."""
    return [
        f"{one_line(one.name, _WIDTH)}  {', '.join(one.roles)}; rules {one.fingerprint}, mode {one.mode}, "
        f"Earnest {one_line(one.version, 20)}; since {ago(one.since, at)}{_late(one, at)}"
        for one in found
    ]


def _late(one: Machine, at: datetime) -> str:
    return f"; NOT HEARD OF for {in_words(at - one.seen_at)}" if at - one.seen_at >= LATE else ""


def _lost(found: Sequence[Machine], at: datetime) -> list[str]:
    """Say of each machine that went without a word what it did, and when it was seen last."""
    return [f"{one_line(one.name, _WIDTH)}  {', '.join(one.roles)}; last heard of {ago(one.seen_at, at)}" for one in found]
