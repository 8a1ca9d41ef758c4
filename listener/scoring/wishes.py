"""What the author asks of us about being contacted: `stop` (no contact at all) and `no_dm` (no private messages).

A wish must be about being written to: "stop charging me" and "can you stop the bus" are none.
"""

from __future__ import annotations

from listener.model import Signal
from listener.scoring.signals import Reading

NAMES = ("stop", "no_dm")


def wishes(reading: Reading) -> tuple[Signal, ...]:
    """Return the wishes in a text, each with the words that prove it and no points."""
    return tuple(Signal(name, 0, why) for name in NAMES if (why := reading.quotes(f"wishes.{name}")))
