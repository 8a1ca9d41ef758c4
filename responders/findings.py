"""What a check-up finds: each thing with how it is to be taken, its cause, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How one finding is to be taken."""

    OK = "ok"
    WARNING = "warning"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: what was found, and what to do (empty where nothing is)."""

    check: str
    state: State
    message: str
    hint: str = ""
