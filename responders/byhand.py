"""What is known of a network that Earnest cannot speak on, so that answers can be written for a person to post there by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn
from uuid import uuid4

from listener.errors import EarnestError
from listener.model import Post
from listener.rules.rulebook import Rulebook
from responders.channels.base import ChannelKind, Pace, TextLimits
from responders.model import Kind

_LONGEST = 10_000  # characters; nobody reads more


def _problem(text: str) -> str:
    return f"it has {len(text)} characters; at most {_LONGEST} are posted by hand" if len(text) > _LONGEST else ""


_LIMITS = TextLimits(limit=_LONGEST, count=len, problem=_problem)


def _limits(_kind: Kind) -> TextLimits:
    return _LIMITS


def _address(text: str, post: Post, kind: Kind) -> str:  # noqa: ARG001 - every network is asked the same way
    return text


def _new_key() -> str:
    return str(uuid4())


def _make(options: Mapping[str, object], book: Rulebook) -> NoReturn:  # noqa: ARG001 - every network is made the same way
    message = "Earnest cannot speak there"
    raise EarnestError(message, "a person posts the answer by hand")


def by_hand_kind(network: str) -> ChannelKind:
    """Return what stands for the channel of a network that has none: any text fits, nothing is private, and nothing can be sent."""
    return ChannelKind(
        network=network,
        make=_make,
        limits=_limits,
        address=_address,
        new_key=_new_key,
        private=False,
        secrets=(),
        pace=Pace(1, 1.0),
    )
