"""A network that lies and shows late, and a store in memory whose process may die, for histories that are made up."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from listener.model import Account, Post
from listener.store.atonce import AtOnce
from listener.store.base import Tx
from listener.store.sqlite import SqliteTx
from responders.channels.base import Barred, MayLeave, Parent, Refused, SendResult, Sent, Unknown, Unsent, Withdrawn, WithdrawResult, always
from responders.model import Delivery, Kind
from tests.mouth import NETWORK, US, House, Mouth

T = TypeVar("T")
SHOWS_AFTER = {"late": 60, "very late": 600}
WALKED = (
    "CREATE TEMP TABLE walked (source TEXT, target TEXT)",
    """CREATE TEMP TRIGGER changed AFTER UPDATE OF state ON deliveries WHEN OLD.state <> NEW.state
        BEGIN INSERT INTO walked VALUES (OLD.state, NEW.state); END""",
    "CREATE TEMP TRIGGER made AFTER INSERT ON deliveries BEGIN INSERT INTO walked VALUES (NULL, NEW.state); END",
    "CREATE TEMP TRIGGER removed AFTER DELETE ON deliveries BEGIN INSERT INTO walked VALUES (OLD.state, NULL); END",
)


@dataclass(frozen=True)
class Copy:
    """One answer of ours on the network."""

    delivery: Delivery
    shown_at: datetime


@dataclass
class Net:
    """The network: posts as they are now, our answers, and one lie for the next POST."""

    clock: Callable[[], datetime]
    network: str = NETWORK
    keys: bool = True
    posts: dict[str, Post | None] = field(default_factory=dict)
    copies: list[Copy] = field(default_factory=list)
    lie: str = ""
    at_post: Callable[[Delivery], None] = lambda _delivery: None

    def shown(self) -> list[Delivery]:
        return [one.delivery for one in self.copies if one.shown_at <= self.clock()]

    async def identify(self) -> Account:
        return US

    async def keyed(self, kind: Kind) -> bool:  # noqa: ARG002
        return self.keys

    async def look(self, post: Post) -> Parent:
        now = self.posts[post.id]
        if now is None:
            return Parent(there=False)
        ours = tuple(Mouth.remote_id(one) for one in self.shown() if one.parent.id == post.id)
        return Parent(there=True, text=now.text, version=now.version, ours=ours)

    async def send(self, delivery: Delivery, timeout: float, may_leave: MayLeave = always) -> SendResult:
        assert timeout > 0
        if not may_leave():
            return Unsent("not any more")
        lie, self.lie = self.lie, ""
        if lie in {"refused", "unsent", "barred"}:
            return {"refused": Refused("too rude"), "unsent": Unsent("wait"), "barred": Barred("signed out")}[lie]
        if lie != "lost":
            self._publish(delivery, lie)
        return Unknown(lie) if lie else Mouth.sent(delivery)

    def _publish(self, delivery: Delivery, lie: str) -> None:
        self.at_post(delivery)
        if self.keys and any(one.delivery.key == delivery.key for one in self.copies):
            return
        self.copies.append(Copy(delivery, self.clock() + timedelta(seconds=SHOWS_AFTER.get(lie, 0))))

    async def find(self, delivery: Delivery) -> Sent | None:
        return next((Mouth.sent(one) for one in self.shown() if one.key == delivery.key), None)

    async def withdraw(self, delivery: Delivery, timeout: float) -> WithdrawResult:
        assert timeout > 0
        self.copies = [one for one in self.copies if Mouth.remote_id(one.delivery) != delivery.remote_id]
        return Withdrawn()

    async def close(self) -> None:
        pass


class Died(BaseException):
    """The process ended here."""


class Store(AtOnce):
    """A store in memory; the process may die around the k-th commit from now (`left`)."""

    url = "memory"
    shared = False

    def __init__(self, folder: Path, database: bytes) -> None:
        self._connection = sqlite3.connect(":memory:", isolation_level=None)
        self._connection.deserialize(database)
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("PRAGMA foreign_keys=ON")
        for statement in WALKED:
            self._connection.execute(statement)
        self._folder = folder
        self.left = 0

    def beside(self, ending: str) -> Path:
        return self._folder / f"earnest.db{ending}"

    def read(self) -> SqliteTx:
        return SqliteTx(self._connection)

    def write(self, work: Callable[[Tx], T], *, alongside: bool = False) -> T:  # noqa: ARG002  # there is one writer
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            done = work(SqliteTx(self._connection))
            self._step()
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")
        self._step()
        return done

    def write_first(self, work: Callable[[Tx], T]) -> T:
        return self.write(work)

    async def awrite_first(self, work: Callable[[Tx], T]) -> T:
        return self.write(work)

    async def awrite(self, work: Callable[[Tx], T], *, alongside: bool = False) -> T:  # noqa: ARG002  # there is one writer
        return self.write(work)

    def close(self) -> None:
        self._connection.close()

    def _step(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise Died


def _fresh() -> bytes:
    """Return an empty store with every table in it."""
    with TemporaryDirectory() as folder:
        house = House(Path(folder))
        found = house.store.write(lambda tx: tx.one("SELECT 1"))
        assert found
        connection = house.store._connect()  # noqa: SLF001  # to copy the file's content
        try:
            content = bytearray(connection.serialize())
            content[18:20] = b"\1\1"  # a store in memory keeps no write-ahead log (SQLite's file format, 1.3.3)
            return bytes(content)
        finally:
            connection.close()
            house.store.close()


EMPTY = _fresh()
