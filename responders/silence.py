"""What keeps an approved answer waiting though nobody objects to it: all sending is stopped, or our account on its network rests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from listener.clock import in_words
from responders import flag
from responders.ledger import people


@dataclass(frozen=True, slots=True)
class Silence:
    """`why` is what holds ("sending is paused (checking)"), `after` when an answer may leave ("once sending is resumed (checking)")."""

    why: str
    after: str


def silence(store: flag.Kept, network: str, *, at: datetime) -> Silence | None:
    """Return what keeps every answer on a network from leaving at `at`, or None.

    Raises:
        sqlite3.Error, Unreachable: the store cannot be read.
    """
    if pause := flag.stopped(store, at=at):
        return Silence(f"sending is paused ({pause.reason})", f"once sending is resumed ({pause.reason})")
    rest = people.resting(store.read(), at=at).get(network)
    if rest is None:
        return None
    span = f" for {in_words(rest.until - at)}" if rest.until else ""
    ours = f"our account on {network}"
    return Silence(f"{ours} rests{span} ({rest.reason})", f"once {ours} may speak again ({rest.reason})")
