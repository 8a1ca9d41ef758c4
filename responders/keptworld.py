"""What deciding has to know of the store, kept until something changes it: for a store that nobody else writes (listener.store.scratch)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from listener.store.base import Reader
from listener.store.scratch import Scratch
from responders.circumstances import LOOKED_AT, World, lasts, world
from responders.ledger import people
from responders.model import Asked


class KeptWorld:
    """Returns what `responders.circumstances.world` returns, and keeps it while it stands."""

    def __init__(self, store: Scratch) -> None:
        """Look at `store`."""
        self._store = store
        self._kept: World | None = None
        self._stamp: tuple[int, ...] = ()
        self._until: datetime | None = None

    def __call__(self, reader: Reader, *, at: datetime, asked: Asked) -> World:
        """Return what is the same for every mention decided at a moment."""
        stamp, kept = self._store.stamp(LOOKED_AT), self._kept
        if kept and stamp == self._stamp and asked == kept.asked and kept.at <= at and (self._until is None or at < self._until):
            return kept if at == kept.at else replace(kept, at=at)
        found = world(reader, at=at, asked=asked)
        self._kept, self._stamp, self._until = found, stamp, lasts(found, people.paused(reader, at=at))
        return found
