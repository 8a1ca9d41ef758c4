"""A simulated network: it may do anything to a POST and to a look that a real one has been seen to do, as the choices say."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from listener.errors import NetworkError
from listener.model import Account, Post
from responders.channels.base import (
    Barred,
    MayLeave,
    Parent,
    Refused,
    SendResult,
    Sent,
    Unknown,
    Unsent,
    Withdrawn,
    WithdrawResult,
    always,
)
from responders.model import Delivery, Kind
from tests.crash.world import STALL, World
from tests.mouth import US

TAKES, REFUSAL = "takes it", "refuses it"
OUTCOMES = (
    TAKES,
    "takes it, answers 504",
    "takes it, answers 504, shows it after 5 s",
    "takes it, answers 504, shows it after 60 s",
    "takes it, answers 504, shows it after 600 s",
    "takes it, answers 504, and no look ever knows it again",
    "takes it only 60 s after answering 504",
    "takes it, hangs until the time is up",
    "takes it, answers 400",
    "loses it, hangs until the time is up",
    REFUSAL,
    "asks to wait",
    "is not reached",
    "turns our account away",
)
_HIDDEN = {OUTCOMES[2]: 5.0, OUTCOMES[3]: 60.0, OUTCOMES[4]: 600.0, OUTCOMES[5]: 86_400.0, OUTCOMES[6]: 60.0}
_WAIT = 45.0


@dataclass(frozen=True, slots=True)
class Copy:
    """One post of ours on the network, and from when on it can be seen there."""

    id: str
    key: str
    kind: str
    parent: str
    taken_at: datetime
    shown_at: datetime


@dataclass(frozen=True, slots=True)
class Keys:
    """What a network does with keys, and what is said of it.

    `kept` is for how many seconds it really knows a key (0: never). The rest is what the channel says: whether keys count (`trusted`),
    for how long (`lifetime`, None: for ever), and after how many seconds everything accepted shows (`settle_after`).
    """

    trusted: bool
    kept: float
    lifetime: float | None
    settle_after: float


class Network:
    """The channel and the network behind it in one. `copies` is what is published."""

    network = "mastodon"

    def __init__(self, world: World, keys: Keys, copies: tuple[Copy, ...]) -> None:
        """Publish nothing yet; `while_stalled` is what another process does while this one stands still."""
        self._world = world
        self._keys = keys
        self.copies = list(copies)
        self.while_stalled: Callable[[], Awaitable[object]] | None = None

    async def identify(self) -> Account:
        """Return our account."""
        return US

    async def keyed(self, kind: Kind) -> bool:  # noqa: ARG002
        """Say whether keys count here; the question may fail."""
        self._look("asking whether keys count")
        return self._keys.trusted

    async def look(self, post: Post) -> Parent:
        """Read the post; our answers that show are seen. The look may fail."""
        self._look("reading the post")
        ours = tuple(one.id for one in self.copies if one.parent == post.id and one.shown_at <= self._world.moment)
        return Parent(there=True, text=post.text, version=post.version, ours=ours)

    async def find(self, delivery: Delivery) -> Sent | None:
        """Look for the delivery among what shows; the look may fail."""
        self._look("looking for our answer")
        shown = (one for one in self.copies if one.key == delivery.key and one.shown_at <= self._world.moment)
        return next((_sent(one) for one in shown), None)

    async def send(self, delivery: Delivery, timeout: float, may_leave: MayLeave = always) -> SendResult:
        """Do to the POST what is chosen; the process may die or stand still before it and after it."""
        await self._pass("before the POST")
        if not may_leave():
            return Unsent("not any more")
        result = self._post(delivery, timeout)
        self._world.news = True
        await self._pass("after the POST")
        return result

    async def withdraw(self, delivery: Delivery, timeout: float) -> WithdrawResult:
        """Take it away."""
        del timeout
        self.copies = [one for one in self.copies if one.key != delivery.key]
        return Withdrawn()

    async def close(self) -> None:
        """Do nothing."""

    def _look(self, where: str) -> None:
        if self._world.fails(where):
            message = "the look failed"
            raise NetworkError(message)

    async def _pass(self, where: str) -> None:
        if self._world.checkpoint(where, may_stall=self.while_stalled is not None):
            self._world.forward(STALL.total_seconds())
            other, self.while_stalled = self.while_stalled, None
            if other:
                await other()

    def _post(self, delivery: Delivery, timeout: float) -> SendResult:
        what = self._world.choices.pick("the network", OUTCOMES if self._world.budget.allows("lies") else OUTCOMES[:1])
        result = self._answer(what, delivery, timeout)
        if what != TAKES:
            self._world.spend("lies")
        return result

    def _answer(self, what: str, delivery: Delivery, timeout: float) -> SendResult:
        if what == "is not reached":
            return Unsent(what)
        if what == "asks to wait":
            return Unsent(what, _WAIT)
        if what == "turns our account away":
            return Barred(what)
        if what == REFUSAL:
            return Refused(what)
        copy = None if what.startswith("loses") else self._take(delivery, _HIDDEN.get(what, 0.0), late=what.startswith("takes it only"))
        self._world.forward(timeout if "hangs" in what else 1.0)
        return _sent(copy) if what == TAKES and copy else Unknown("nobody can tell")

    def _take(self, delivery: Delivery, hidden: float, *, late: bool) -> Copy:
        """Publish it, unless its key is known already; then the old one is meant."""
        at = self._world.moment
        for one in self.copies:
            if self._keys.kept and one.key == delivery.key and at < one.taken_at + timedelta(seconds=self._keys.kept):
                return one
        shown = at + timedelta(seconds=hidden)
        name = f"r{len(self.copies) + 1}"
        made = Copy(name, delivery.key, delivery.kind.value, delivery.parent.id, shown if late else at, shown)
        self.copies.append(made)
        return made


def _sent(copy: Copy) -> Sent:
    return Sent(copy.id, f"https://town.example/{copy.id}")
