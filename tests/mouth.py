"""A house with a network in memory: everything real but the network, which does as it is told, on a clock that stands still.

The channel comes in where a plug-in's would, so it may also do what no channel should.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cached_property
from pathlib import Path

from listener.model import Account, Author, Page, Post
from listener.polling import Ear
from listener.rules.rulebook import Rulebook
from listener.store import mentions as heard_ledger
from listener.store.base import Row
from listener.store.sqlite import SqliteStore
from responders.approvals import Desk
from responders.channels.base import (
    Barred,
    Channel,
    ChannelKind,
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
from responders.house import channel_kind, open_store
from responders.model import Delivery, Kind
from responders.outbox import Outbox, Sending
from responders.pipeline import Mind, Noted
from tests.keeping import store_url
from tests.street import RULES, Hands

NETWORK = "mastodon"
US = Account(NETWORK, "us", "acme", "https://town.example/@acme")
ALONE = {
    "mode": "send",
    "routes": [{"name": "all", "when": "always", "reply": "hello", "approval": "none"}],
    "boundaries": {"limits": {"per_thread": 1, "per_author": "1/24h"}},
}


FOREIGN = "written-by-hand"
"""The id of the answer that stands under every post where `Mouth.answered` is true: by our account, but not by this program."""


def kind(**changes: object) -> ChannelKind:
    """Return what is known of the network, with `changes` such as `pace=Pace(2, 60.0)` or `key_lifetime=None`."""
    found = channel_kind(NETWORK)
    assert found is not None
    return replace(found, **changes)  # type: ignore[arg-type]


@dataclass
class Mouth:
    """A network that keeps what is published, and lies as `lies` say: one for each attempt, then it is honest.

    An attempt's lie is `unsent`, `refused`, `barred`, `lost` (doubt, and it is not there), `raise` (it is there, and the channel raises),
    or anything else: doubt, and it is there. `takings` are the lies of the attempts to withdraw, by the same words. `blind` hides what
    is published from every look. `changed` is what every post reads by now. `answered` puts the answer `FOREIGN` of our account under
    every post. `remote_id` names what stands.
    """

    network: str = NETWORK
    keys: bool = True
    published: list[Delivery] = field(default_factory=list)
    lies: list[str] = field(default_factory=list)
    takings: list[str] = field(default_factory=list)
    withdrawals: list[Delivery] = field(default_factory=list)
    wait: float = 0.0
    blind: bool = False
    answered: bool = False
    gone: bool = False
    changed: Post | None = None
    unreadable: frozenset[str] = frozenset()
    before_post: Callable[[], object] = lambda: None
    on_look: Callable[[], object] = lambda: None

    @staticmethod
    def remote_id(delivery: Delivery) -> str:
        return f"r-{delivery.key}"

    @classmethod
    def sent(cls, delivery: Delivery) -> Sent:
        return Sent(cls.remote_id(delivery), f"https://town.example/{cls.remote_id(delivery)}")

    async def identify(self) -> Account:
        return US

    async def keyed(self, kind: Kind) -> bool:  # noqa: ARG002
        return self.keys

    async def look(self, post: Post) -> Parent:
        self.on_look()
        if post.id in self.unreadable:
            message = "this plug-in did not expect that"
            raise RuntimeError(message)
        mine = [] if self.blind else [self.remote_id(one) for one in self.published if one.parent.id == post.id]
        ours = tuple(dict.fromkeys([*([FOREIGN] if self.answered else []), *mine]))
        now = self.changed or post
        return Parent(there=not self.gone, text=now.text, version=now.version, ours=ours)

    async def send(self, delivery: Delivery, timeout: float, may_leave: MayLeave = always) -> SendResult:
        assert timeout > 0
        self.before_post()
        if not may_leave():
            return Unsent("not any more")
        lie = self.lies.pop(0) if self.lies else ""
        if lie == "unsent":
            return Unsent("asked to wait", self.wait)
        if lie == "refused":
            return Refused("too rude")
        if lie == "barred":
            return Barred("the sign-in was refused", "put a new token into the secret mastodon_write")
        if lie != "lost":
            self.published.append(delivery)
        if lie == "raise":
            message = "this plug-in raises"
            raise RuntimeError(message)
        return Unknown("it broke off") if lie else self.sent(delivery)

    async def find(self, delivery: Delivery) -> Sent | None:
        if delivery.parent.id in self.unreadable:
            message = "this plug-in did not expect that"
            raise RuntimeError(message)
        if self.blind:
            return None
        return next((self.sent(one) for one in self.published if one.key == delivery.key), None)

    async def withdraw(self, delivery: Delivery, timeout: float) -> WithdrawResult:
        assert timeout > 0
        assert delivery.remote_id, "only what has an id can be taken back"
        self.withdrawals.append(delivery)
        lie = self.takings.pop(0) if self.takings else ""
        nothing_done: dict[str, WithdrawResult] = {
            "unsent": Unsent("asked to wait"),
            "refused": Refused("too late"),
            "barred": Barred("the sign-in was refused"),
            "lost": Unknown("it broke off"),
        }
        if lie in nothing_done:
            return nothing_done[lie]
        self.published = [one for one in self.published if self.remote_id(one) != delivery.remote_id]
        if lie == "raise":
            message = "this plug-in raises"
            raise RuntimeError(message)
        return Unknown("it broke off") if lie else Withdrawn()

    async def close(self) -> None:
        pass

    def of(self, post: str, what: Kind = Kind.PUBLIC) -> int:
        return sum(one.parent.id == post and one.kind is what for one in self.published)


class House:
    """One brand's house, with one round of thinking or sending at a time."""

    def __init__(self, folder: Path, store: Callable[[str], SqliteStore] | None = None, **changes: object) -> None:
        self.book = Rulebook.model_validate({**RULES, **changes})
        self.clock = Hands()
        self.folder = folder
        self.store = store(f"sqlite:///{folder}/earnest.db") if store else open_store(store_url(folder), create=True)
        self.mouth = Mouth()
        self.channels: dict[str, Channel] = {NETWORK: self.mouth}
        self.store.write(lambda tx: heard_ledger.record_account(tx, US, at=self.clock()))

    def post(self, post_id: str, words: str, by: str = "marta", *, thread: str = "", age: float = 60.0, **more: object) -> Post:
        """Return a post that mentions us, unless `more` says `mentions=()`."""
        author = Author(NETWORK, f"id-{by}", by)
        created = self.clock() - timedelta(seconds=age)
        return Post(NETWORK, post_id, words, author, created, thread or post_id, **{"mentions": ("acme",), **more})  # type: ignore[arg-type]

    async def hear(self, *posts: Post) -> None:
        await Ear(self.store, self.book, self.clock).take(NETWORK, Page(posts, "c"))

    @cached_property
    def mind(self) -> Mind:
        return Mind(self.store, self.book, self.clock, {NETWORK: kind()}, undo=timedelta(seconds=10))

    async def think(self) -> list[Noted]:
        return await self.mind.round()

    def outbox(self) -> Outbox:
        return Outbox(self.store, lambda: self.book, self.clock, self.channels, {NETWORK: kind()})

    async def speak(self, **later: float) -> list[Sending]:
        self.clock.forward(**later)
        return await self.outbox().round()

    def desk(self, who: str = "jo") -> Desk:
        return Desk(self.store, self.book, self.clock, channel_kind, who=who)

    async def approved(self, post_id: str = "p1", words: str = "@acme hello there, one thing", by: str = "marta") -> None:
        await self.hear(self.post(post_id, words, by))
        noted = await self.think()
        self.desk().approve(noted[-1].case)

    def rows(self, sql: str, **values: str | int) -> list[Row]:
        return self.store.read().all(sql, **values)

    def states(self) -> list[str]:
        return [str(row["state"]) for row in self.rows("SELECT state FROM deliveries ORDER BY id")]
