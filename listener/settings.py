"""What comes from the machine and not from rules.yaml: secrets, allowed test hosts, and where rules and store lie.

A secret is asked for by name. Reading and writing on a network are different names (`mastodon_read`, `mastodon_write`), so a
machine that only listens does not hold the second.
"""

from __future__ import annotations

import math
import os
import re
from datetime import timedelta
from pathlib import Path

from listener.errors import UsageError

DEFAULT_RULES = "rules.yaml"
DEFAULT_STORE = "sqlite:///data/earnest.db"

USUAL_TURN = timedelta(seconds=15)
"""How long a machine that shares a store may be gone before another takes over, unless `EARNEST_TURN` says otherwise."""

_TURN_FROM, _TURN_TO = 1.0, 600.0  # seconds
_MASK = "***"
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


class Secret:
    """A value that never shows itself: it prints, formats and pickles as `***`. Only `reveal` gives it away."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        """Keep the value out of sight."""
        self._value = value

    def reveal(self) -> str:
        """Return the value itself. Never log, store or show what this returns."""
        return self._value

    def __repr__(self) -> str:
        """Return the mask."""
        return _MASK

    def __format__(self, spec: str) -> str:
        """Return the mask, whatever the format."""
        return _MASK

    def __reduce__(self) -> tuple[type[Secret], tuple[str]]:
        """Pickle the mask: a pickle may reach a disk or another machine."""
        return (Secret, (_MASK,))

    def __copy__(self) -> Secret:
        """Return itself; it never changes."""
        return self

    def __deepcopy__(self, memo: object) -> Secret:
        """Return itself; it never changes."""
        return self


def secret(name: str) -> Secret | None:
    """Read a secret from `$CREDENTIALS_DIRECTORY/<name>`, then from `EARNEST_SECRET_<NAME>`; None where neither has it.

    White space around the value is dropped; an empty value counts as none.

    Raises:
        UsageError: the name is no name, or its file cannot be read.
    """
    if not _NAME.fullmatch(name):
        message = f"{name!r} is no name for a secret"
        raise UsageError(message, "Use small letters, digits, - and _ only.")
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    if folder and (path := Path(folder) / name).exists():
        try:
            value = path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            message = f"the secret {name} cannot be read from its file"
            raise UsageError(message, "Check who may read it, and that it is plain text.") from None
    else:
        value = os.environ.get(secret_variable(name), "").strip()
    return Secret(value) if value else None


def secret_variable(name: str) -> str:
    """Return the environment variable that may hold the secret: `mastodon_read` is in `EARNEST_SECRET_MASTODON_READ`."""
    return f"EARNEST_SECRET_{name.upper().replace('-', '_')}"


def reading_secret(network: str) -> str:
    """Return the name of the secret that lets us read on a network."""
    return f"{network}_read"


def writing_secret(network: str) -> str:
    """Return the name of the secret that lets us write on a network."""
    return f"{network}_write"


def allowed_hosts() -> frozenset[str]:
    """Return the `host:port` pairs that may lie on this machine or a private network (`EARNEST_ALLOW_HOSTS`, comma separated)."""
    named = os.environ.get("EARNEST_ALLOW_HOSTS", "").split(",")
    return frozenset(host.strip().lower() for host in named if host.strip())


def rules_path() -> str:
    """Return where the rules lie: `EARNEST_RULES`, else `rules.yaml`."""
    return os.environ.get("EARNEST_RULES") or DEFAULT_RULES


def store_url() -> str:
    """Return where the store lies: `EARNEST_STORE`, else the embedded one below `data/`."""
    return os.environ.get("EARNEST_STORE") or DEFAULT_STORE


def turn() -> timedelta:
    """Return how long a machine that shares a store may be gone before another takes over its turns (`EARNEST_TURN`, in seconds).

    Raises:
        UsageError: that is no number of seconds from 1 to 600.
    """
    given = os.environ.get("EARNEST_TURN", "").strip()
    if not given:
        return USUAL_TURN
    try:
        seconds = float(given)
    except ValueError:
        seconds = math.nan
    if not _TURN_FROM <= seconds <= _TURN_TO:
        message = f"EARNEST_TURN is no number of seconds from {_TURN_FROM:.0f} to {_TURN_TO:.0f}"
        raise UsageError(message, f"leave it out for the usual {USUAL_TURN.total_seconds():.0f}, or give each machine the same number")
    return timedelta(seconds=seconds)
