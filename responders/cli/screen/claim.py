"""The claim on the case in hand: made when it is shown, renewed while it stays in sight, given up when the person moves on."""

from __future__ import annotations

from datetime import datetime, timedelta

from listener.clock import Clock
from responders.approvals import Desk

_RENEW_AFTER = timedelta(seconds=30)


class Claim:
    """At most one case is claimed at a time."""

    def __init__(self, desk: Desk, clock: Clock) -> None:
        """Start with none."""
        self._desk = desk
        self._clock = clock
        self._name = ""
        self._since: datetime | None = None

    def take(self, name: str) -> str:
        """Claim the case `name` ("" for none) and let go of any other; return who else has it, or "".

        Raises:
            Unreachable: the store refused.
        """
        now = self._clock()
        if name != self._name:
            self.release()
            self._name = name
        if not name or (self._since and now - self._since < _RENEW_AFTER):
            return ""
        someone = self._desk.look(name)
        self._since = None if someone else now
        return someone

    def release(self) -> None:
        """Let go.

        Raises:
            Unreachable: the store refused; the claim ends by itself after two minutes.
        """
        name, held = self._name, self._since is not None
        self._name, self._since = "", None
        if held:
            self._desk.leave(name)
