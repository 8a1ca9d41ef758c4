"""Showing the daemons that share a store, in `earnest status`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from listener.clock import to_text
from listener.text import one_line
from responders.cli.phrases import ago
from responders.ledger.machines import Machine

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


def machines_words(found: Sequence[Machine], at: datetime) -> list[str]:
    """Say of each machine what it does, by which rules and program, and since when."""
    return [
        f"{one_line(one.name, _WIDTH)}  {', '.join(one.roles)}; rules {one.fingerprint}, mode {one.mode}, "
        f"Earnest {one_line(one.version, 20)}; since {ago(one.since, at)}"
        for one in found
    ]
