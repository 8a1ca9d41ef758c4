"""What a channel is: one network spoken on, writing only. One POST per attempt; every library's own retry is off.

A channel is one file in this folder. The file's name is the network's name. It offers a module-level `KIND`, a `ChannelKind`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from listener.model import Account, Post
from responders.model import Delivery, Kind

if TYPE_CHECKING:
    from listener.rules.rulebook import Rulebook


@dataclass(frozen=True, slots=True)
class Sent:
    """The network has it: its id there and the address a person can open."""

    remote_id: str
    url: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The network said no, in a way known to mean that nothing was published.

    `closes` names the part of the network (a subreddit) that takes nothing from our account: it is not tried there again.
    """

    reason: str
    closes: str = ""


@dataclass(frozen=True, slots=True)
class Unknown:
    """We cannot tell whether it was published."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unsent:
    """Surely not published (no connection, or the network asked us to wait): may be tried again after `retry_after` seconds."""

    reason: str
    retry_after: float = 0.0


@dataclass(frozen=True, slots=True)
class Barred:
    """Surely not published, and nothing else will be: the account itself may not speak now (sign-in refused, suspended, no credit).

    The account rests until a sign-in works again, and ops are told. `hint` says what they can do.
    """

    reason: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """What was said is not on the network any more, whoever took it away."""


SendResult = Sent | Refused | Unknown | Unsent | Barred
WithdrawResult = Withdrawn | Refused | Unknown | Unsent | Barred
TOO_LATE = "nothing was sent: sending was paused just before, or the attempt took too long"
MayLeave = Callable[[], bool]
"""Whether a claimed delivery may still leave: nobody has paused sending meanwhile, and its claim has not run out."""


def always() -> bool:
    """Say that it may leave: for whoever sends outside the outbox."""
    return True


@dataclass(frozen=True, slots=True)
class Parent:
    """The post to be answered, read again just before sending. `version` is empty where the network has none.

    `ours` are the ids of all answers to it by our own account that can be seen, whoever wrote them, as `Sent.remote_id` gives them.
    """

    there: bool
    text: str = ""
    version: str = ""
    ours: tuple[str, ...] = ()
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

    async def keyed(self, kind: Kind) -> bool:
        """Return whether sending an answer of that kind twice with the same key is known to publish once on this server."""

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

    async def withdraw(self, delivery: Delivery, timeout: float) -> WithdrawResult:
        """Take back what was sent, with one request, within `timeout` seconds. Never raises for what a network does.

        `delivery.remote_id` names it. Harmless where it is gone already.
        """

    async def close(self) -> None:
        """Let go of connections."""


@dataclass(frozen=True, slots=True)
class Label:
    """Whether our account says that it is automated, as the network tells; `remedy` says how to get the label, for people."""

    marked: bool
    remedy: str


@runtime_checkable
class Labelled(Protocol):
    """A channel whose network tells whether our account is marked as automated, and lets us mark it."""

    async def label(self) -> Label:
        """Return whether our account is marked.

        Raises:
            SignInNeeded, NetworkError
        """

    async def mark(self) -> Label:
        """Mark our account as automated, and change nothing else of it.

        Raises:
            SignInNeeded, NetworkError: it was not marked, or nobody can tell.
        """


@dataclass(frozen=True, slots=True)
class Pace:
    """How many posts a network takes from one account: `posts` in `per` seconds, by its own documents."""

    posts: int
    per: float


def last_part(url: str, account: str) -> str:  # noqa: ARG001 - every network is asked the same way
    """Return the last part of an address's path: on most networks the id of the post that it shows."""
    return url.partition("?")[0].partition("#")[0].rstrip("/").rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class ChannelKind:
    """What is known of a network before any connection.

    `address` returns the text as it must leave (Mastodon needs the author's handle in it); giving it its own result changes nothing.
    `new_key` makes the key of a delivery. `private` says whether a private message can be sent at all by this program.
    `settle_after` is how many seconds an accepted post may stay invisible there; a look before that proves nothing. `key_lifetime` is
    how many seconds after the first attempt the same key still means the same post (None: for ever). `pace` bounds what we send. `id_in`
    returns the id (as in `Sent.remote_id`) of a post of ours, from the address a person copied and the id of our account.
    `label_by_hand` says how a person marks the account as automated, where the network has no request for that.
    """

    network: str
    make: Callable[[Mapping[str, object], Rulebook], Channel]
    limits: Callable[[Kind], TextLimits]
    address: Callable[[str, Post, Kind], str]
    new_key: Callable[[], str]
    private: bool
    secrets: tuple[str, ...]
    pace: Pace
    settle_after: float = 90.0
    key_lifetime: float | None = 3_000.0
    id_in: Callable[[str, str], str] = last_part
    label_by_hand: str = ""
