"""What a channel is: one network spoken on, writing only. One POST per attempt; every library's own retry is off.

A channel is one file in this folder. The file's name is the network's name. It offers a module-level `KIND`, a `ChannelKind`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from listener.model import Account, Post
from listener.rules.rulebook import Rulebook
from responders.model import Delivery, Kind


@dataclass(frozen=True, slots=True)
class Sent:
    """The network has it: its id there and the address a person can open."""

    remote_id: str
    url: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The network said no, in a way known to mean that nothing was published."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """We cannot tell whether it was published."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unsent:
    """Surely not published (no connection, or the network asked us to wait): may be tried again after `retry_after` seconds."""

    reason: str
    retry_after: float = 0.0


SendResult = Sent | Refused | Unknown | Unsent
TOO_LATE = "nothing was sent: sending was paused just before, or the attempt took too long"
MayLeave = Callable[[], bool]
"""Whether a claimed delivery may still leave: nobody has paused sending meanwhile, and its claim has not run out."""


def always() -> bool:
    """Say that it may leave: for whoever sends outside the outbox."""
    return True


@dataclass(frozen=True, slots=True)
class Parent:
    """The post to be answered, read again just before sending. `version` is empty where the network has none."""

    there: bool
    text: str = ""
    version: str = ""
    answered_by_us: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class TextLimits:
    """How long a text may be, counted as the network counts. `problem` returns "" where it fits, else what to say."""

    limit: int
    count: Callable[[str], int]
    problem: Callable[[str], str]


class Channel(Protocol):
    """A network being spoken on, by one account."""

    network: str

    async def identify(self) -> Account:
        """Return the account that would speak.

        Raises:
            SignInNeeded, NetworkError
        """

    async def keyed(self) -> bool:
        """Return whether sending twice with the same key is known to publish once on this server."""

    async def look(self, post: Post) -> Parent:
        """Read the post that would be answered, as it is now.

        Raises:
            NetworkError: it could not be read; then nothing may be sent.
        """

    async def send(self, delivery: Delivery, timeout: float, may_leave: MayLeave = always) -> SendResult:
        """Make one attempt, with one POST, within `timeout` seconds. Never raises for what a network does.

        `may_leave` is asked when all else is ready, with nothing awaited between its yes and the POST; on a no it is `Unsent`.
        """

    async def find(self, delivery: Delivery) -> Sent | None:
        """Look whether the delivery is on the network; None where it surely is not to be seen now.

        Raises:
            NetworkError: the look failed, which says nothing.
        """

    async def close(self) -> None:
        """Let go of connections."""


@dataclass(frozen=True, slots=True)
class ChannelKind:
    """What is known of a network before any connection.

    `address` returns the text as it must leave (Mastodon needs the author's handle in it); giving it its own result changes nothing.
    `new_key` makes the key of a delivery. `private` says whether a private message can be sent at all by this program.
    `settle_after` is how many seconds an accepted post may stay invisible there; a look before that proves nothing. `key_lifetime` is
    how many seconds after the first attempt the same key still means the same post (None: for ever).
    """

    network: str
    make: Callable[[Mapping[str, object], Rulebook], Channel]
    limits: Callable[[Kind], TextLimits]
    address: Callable[[str, Post, Kind], str]
    new_key: Callable[[], str]
    private: bool
    secrets: tuple[str, ...]
    settle_after: float = 90.0
    key_lifetime: float | None = 3_000.0
