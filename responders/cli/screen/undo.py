"""What this person approved here, so that it can be taken back, and the line that counts down until it leaves."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from responders.approvals import UNDO


@dataclass(frozen=True, slots=True)
class Approved:
    """A case approved here at a moment, for its network; `dropped` holds public words that were left out, so that they can be put back.

    It is not `complete` where another person must agree, too: then nothing is about to leave.
    """

    name: str
    case_id: int
    at: datetime
    dropped: str | None = None
    network: str = ""
    complete: bool = True


@dataclass(slots=True)
class Approvals:
    """What was approved here, the latest last."""

    done: list[Approved] = field(default_factory=list)

    def add(self, approved: Approved) -> None:
        """Remember one."""
        self.done.append(approved)

    def latest(self) -> Approved | None:
        """Take out the latest, or return None."""
        return self.done.pop() if self.done else None

    def countdown(self, now: datetime, still: Callable[[str], str]) -> str:
        """Say what is about to leave, or "" where nothing was approved in the last 10 seconds; `still` says why nothing leaves there."""
        soon = [one for one in self.done if one.complete and one.at <= now < one.at + UNDO]
        if not soon:
            return ""
        last = soon[-1]
        others = f" ({len(soon) - 1} more before it)" if len(soon) > 1 else ""
        if stopped := still(last.network):
            return f"{last.name} is approved{others}, but {stopped}. [u] takes it back"
        seconds = math.ceil((last.at + UNDO - now).total_seconds())
        return f"{last.name} is approved and leaves in {seconds} s{others}. [u] takes it back"
