"""Showing the daemons that share a store, in `earnest status`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from listener.clock import to_text
from listener.text import one_line
from responders.cli.phrases import ago, counted
from responders.ledger.machines import Machine, by_rules

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


def machines_title(found: Sequence[Machine]) -> str:
    """Say how many machines there are, and whether they work by different rules."""
    many = counted(len(found), "machine works on this store", "machines work on this store")
    return f"{many} by different rules; what would leave by itself waits until they agree" if len(by_rules(found)) > 1 else many


def machines_words(found: Sequence[Machine], at: datetime) -> list[str]:
    """Say of each machine what it does, by which rules and program, and since when."""
    return [
        f"{one_line(one.name, _WIDTH)}  {', '.join(one.roles)}; rules {one.fingerprint}, mode {one.mode}, "
        f"Earnest {one_line(one.version, 20)}; since {ago(one.since, at)}"
        for one in found
    ]
