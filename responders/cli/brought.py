"""What `earnest sources` says of a source that is brought posts, and has nobody to ask for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from listener.errors import NetworkError, UsageError

if TYPE_CHECKING:
    from listener.model import Page
    from listener.sources.base import Invitation, Receiving

_THERE = {
    "earnest": "a daemon answers there now",
    "nobody": "nobody answers there now; a daemon would: earnest run",
}


async def invitation(source: Receiving) -> Invitation:
    """Return where a source is brought posts, without listening there: a daemon that runs keeps its door.

    Raises:
        SignInNeeded: the secret that deliveries are signed with is missing.
        NetworkError: something else than Earnest sits at its address.
    """
    found = await source.invite()
    if found.there == "other":
        message = f"another program, or one that this user may not ask, answers at {found.address}"
        raise NetworkError(message, "Stop that one, or give the source another address below `listen`.")
    return found


def heard_words(found: Invitation) -> list[str]:
    """Say where posts are brought to."""
    return [f"hear   yes, what is brought to {found.address}: {_THERE[found.there]}"]


def as_json(found: Invitation) -> dict[str, str]:
    """Return what `sources test --json` says of it."""
    return {"address": found.address, "there": found.there, "sample": found.sample}


def shown(source: Receiving, name: str, delivery: bytes | None) -> Page:
    """Return what a delivery would bring.

    Raises:
        UsageError: none is given.
        Malformed: it cannot be read.
    """
    if delivery is None:
        message = f"{name} is brought posts, so there is nothing to fetch"
        raise UsageError(message, f"Show what a delivery would be: earnest sources preview {name} --delivery FILE (- reads standard input)")
    return source.would_bring(delivery)
