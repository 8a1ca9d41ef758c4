"""The switch that stops all sending. It needs the store and nothing else: neither rules nor a network nor the daemon."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from listener.clock import Clock
from listener.store.base import Store, Tx
from responders.ledger import audit, deliveries, people


@dataclass(frozen=True, slots=True)
class Stopped:
    """Sending is stopped: until when (None: until somebody resumes), and how many answers were on the way already."""

    until: datetime | None
    leaving: int


class Switch:
    """Stops and resumes sending in the name of one person."""

    def __init__(self, store: Store, clock: Clock, *, who: str) -> None:
        """Act as `who`."""
        self._store = store
        self._clock = clock
        self._who = who

    def pause(self, reason: str, span: timedelta | None) -> Stopped:
        """Stop all sending, for a while or until somebody resumes. Hearing, judging, drafting and alerts go on.

        Where it is stopped already, it stays so for the longer of both times.
        """
        at = self._clock()
        until = at + span if span else None

        def stop(tx: Tx) -> Stopped:
            people.pause(tx, reason, by=self._who, until=until, at=at)
            audit.record(tx, self._who, "paused", at=at, reason=reason)
            now = people.paused(tx, at=at)
            return Stopped(now.until if now else until, deliveries.counts(tx)["claimed"])

        return self._store.write(stop)

    def resume(self) -> bool:
        """Let sending go on; return whether it was stopped."""
        at = self._clock()

        def go_on(tx: Tx) -> bool:
            was = people.paused(tx, at=at) is not None
            if people.resume(tx):
                audit.record(tx, self._who, "resumed", at=at)
            return was

        return self._store.write(go_on)
