"""What a daemon does of the whole: all of it, or a part, where several machines share the work."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """A part of the work that a machine may do alone: `listen` hears and judges, `think` decides, drafts and alerts, `send` speaks."""

    LISTEN = "listen"
    THINK = "think"
    SEND = "send"


ALL_ROLES = frozenset(Role)
