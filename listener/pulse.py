"""What a listening program shows of itself while it runs: rounds that ended, pages that were heard, polls that were made.

Whoever wants to count takes a `Pulse` of its own; the one here only knows what goes round.
"""

from __future__ import annotations

from dataclasses import dataclass

from listener.polling import Taken
from listener.progress import Progress

HEAR = "hear"
"""What hearing as a whole is called among the loops: where no source at all gets to the end of a poll, the fault is ours."""


@dataclass(frozen=True, slots=True)
class Polled:
    """One poll of a source, ended: its state as in `status` ("listening" where it went well), its seconds, and gaps found in it."""

    source: str
    network: str
    state: str
    seconds: float
    gaps: int = 0


class Pulse:
    """Is told what goes on. Nothing here may fail or take long: it is called from the loops themselves."""

    def __init__(self, progress: Progress | None = None) -> None:
        """Keep book of what goes round in `progress`."""
        self.progress = progress or Progress()

    def mark(self, name: str, within: float) -> None:
        """A round of `name` ended, and the next one is to end within so many seconds."""
        self.progress.mark(name, within)

    def heard(self, taken: Taken) -> None:
        """A page was stored."""

    def polled(self, polled: Polled) -> None:
        """A source was polled, well or not."""

    def silent(self, source: str) -> None:
        """A source was found silent: its poller ended or hangs, and is started again."""

    def failed(self, loop: str) -> None:
        """A round of a loop ended in a mistake; it goes on with the next one."""

    def ready(self) -> None:
        """Everything has begun."""

    def rules_looked_at(self) -> None:
        """The rules file was read again, and either taken or not; that was told before."""
