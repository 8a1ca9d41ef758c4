"""Bluesky's real rate limiter, and our sender and source against it: the account rests as it is told, and nothing is lost or doubled.

Run by name, since it needs install.sh: pytest tests/real/bluesky/test_limits.py
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from listener.errors import RateLimited
from listener.polling import Ear
from listener.sources import bluesky as hearing
from listener.store import mentions as ledger
from listener.watching import Watcher
from responders.channels import bluesky as speaking
from responders.channels.base import ChannelKind, Pace
from responders.ledger import people
from responders.outbox import Outbox
from responders.pipeline import Mind
from tests.mouth import House
from tests.real.bluesky.devnet import Account, DevNet
from tests.servers.proxy import Proxy

PUT, SIGN_IN = "/xrpc/com.atproto.repo.putRecord", "/xrpc/com.atproto.server.createSession"
A_PUT, AN_HOUR = 2, 5_000  # points
ROUTE = {"name": "all", "when": "always", "reply": "hello"}
PLAIN, URGENT = "hello there, one thing", "the charger started smoking and burned my daughter's hand"
_NUMBERS = itertools.count(1)


@pytest.fixture(scope="module")
def net() -> Iterator[DevNet]:
    with DevNet(rate_limits=True) as running:
        yield running


class Shop:
    """A brand with its store, its sender and a customer; all it says goes through `proxy`."""

    def __init__(self, net: DevNet, proxy: Proxy, house: House, people: tuple[Account, Account]) -> None:
        self.net, self.proxy, self.house, (self.brand, self.alice) = net, proxy, house, people
        self.options = {"service": proxy.url}
        self.source = hearing.KIND.make("bluesky", self.options, house.book)
        self.channel = speaking.KIND.make(self.options, house.book)
        self.kind: ChannelKind = speaking.KIND
        self.mind = Mind(house.store, house.book, house.clock, {"bluesky": speaking.KIND}, undo=timedelta(seconds=10))

    async def approved(self, *words: str) -> None:
        """Let the customer write, and a person agree to every answer."""
        for text in words:
            await self.net.post(self.alice, f"@{self.brand.handle} {text}")
        await self.net.settle()
        ear = Ear(self.house.store, self.house.book, self.house.clock)
        watcher = Watcher(self.source, lambda: ear, self.house.store, self.house.clock, every=60, heard=lambda _: None)
        await watcher.round()
        for noted in await self.mind.round():
            self.house.desk().approve(noted.case)

    async def round(self, **later: float) -> list[str]:
        """Let time pass and one round of sending be; return the states of all answers."""
        self.house.clock.forward(**later)
        outbox = Outbox(self.house.store, lambda: self.house.book, self.house.clock, {"bluesky": self.channel}, {"bluesky": self.kind})
        await outbox.round()
        return self.house.states()

    @property
    def rest(self) -> float:
        """For how many seconds the account rests from now on."""
        at = self.house.clock()
        found = people.resting(self.house.store.read(), at=at).get("bluesky")
        return (found.until - at).total_seconds() if found and found.until else 0.0

    @property
    def posts(self) -> int:
        return len(self.proxy.asked("POST", PUT))

    async def copies(self) -> list[int]:
        """Return how many answers of ours stand under each post that was answered."""
        body = await self.net.call(
            "GET", "com.atproto.repo.listRecords", params={"repo": self.brand.did, "collection": "app.bsky.feed.post", "limit": "100"}
        )
        return [*Counter(one["value"]["reply"]["parent"]["uri"] for one in body.body["records"]).values()]


@pytest.fixture
async def shop(net: DevNet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Shop]:
    number = next(_NUMBERS)
    brand, alice = await net.create_account(f"limited{number}"), await net.create_account(f"dora{number}")
    async with Proxy(net.pds_url) as proxy, AsyncExitStack() as end:
        monkeypatch.setenv("EARNEST_ALLOW_HOSTS", proxy.host)
        monkeypatch.setenv("EARNEST_SECRET_BLUESKY_READ", brand.password)
        monkeypatch.setenv("EARNEST_SECRET_BLUESKY_WRITE", brand.password)
        brands = {"acme": {"names": ["Acme"], "handles": {"bluesky": brand.handle}}}
        house = House(tmp_path, brands=brands, boundaries={"pause_when": []}, routes=[ROUTE])
        end.callback(house.store.close)
        made = Shop(net, proxy, house, (brand, alice))
        end.push_async_callback(made.source.close)
        end.push_async_callback(made.channel.close)
        yield made


async def test_at_the_hourly_limit_the_account_rests_as_told_and_nothing_is_lost_or_doubled(shop: Shop) -> None:
    await shop.approved(*[f"{PLAIN} {number}" for number in range(8)], URGENT)
    await shop.net.spend(shop.brand, AN_HOUR - 3 * A_PUT)
    states = await shop.round(seconds=11)
    assert Counter(states) == {"sent": 3, "ready": 6}
    assert shop.house.rows("SELECT state FROM deliveries ORDER BY points DESC LIMIT 1") == [{"state": "sent"}], "the urgent one first"
    told = shop.posts
    assert 0 < shop.rest <= 900, "as told, but a quarter of an hour at most"
    assert shop.rest > 60

    assert await shop.round(seconds=60) == states
    assert shop.posts == told, "while it rests nothing is tried"
    await shop.round(seconds=901)
    tried = shop.posts - told
    assert 0 < tried <= 5, "afterwards it finds out that the hour is not over, and rests again"
    assert shop.rest > 60

    await shop.net.let_limits_pass()
    for _ in range(3):
        states = await shop.round(seconds=901)
    assert Counter(states) == {"sent": 9}
    assert await shop.copies() == [1] * 9


async def test_at_our_own_pace_the_urgent_keep_their_share(shop: Shop) -> None:
    shop.kind = replace(speaking.KIND, pace=Pace(5, 3_600.0))
    await shop.approved(*[f"{PLAIN} {number}" for number in range(6)])
    assert Counter(await shop.round(seconds=11)) == {"sent": 4, "ready": 2}
    await shop.approved(URGENT)
    assert Counter(await shop.round(seconds=11)) == {"sent": 5, "ready": 2}
    assert shop.house.rows("SELECT state FROM deliveries ORDER BY points DESC LIMIT 1") == [{"state": "sent"}]
    await shop.round(seconds=3_700)
    assert Counter(await shop.round(seconds=11)) == {"sent": 7}
    assert await shop.copies() == [1] * 7


async def test_sign_ins_that_are_limited_make_everything_wait_and_lose_nothing(shop: Shop) -> None:
    await shop.approved(PLAIN)
    wrong = {"identifier": shop.brand.handle, "password": "wrong"}
    statuses = [(await shop.net.call("POST", SIGN_IN.rpartition("/")[2], body=wrong)).status for _ in range(31)]
    assert (statuses[0], statuses[-1]) == (401, 429)
    anew = hearing.KIND.make("bluesky", shop.options, shop.house.book)
    with pytest.raises(RateLimited) as caught:
        await anew.fetch(None)
    assert 1 <= caught.value.retry_after <= 300
    await anew.close()
    assert await shop.round(seconds=11) == ["ready"]
    assert 0 < shop.rest <= 300
    assert shop.posts == 0
    await shop.net.let_limits_pass()
    assert await shop.round(seconds=301) == ["sent"]
    assert await shop.copies() == [1]


async def test_what_is_said_while_reading_is_limited_is_heard_afterwards(shop: Shop) -> None:
    """3,000 requests in five minutes from one address are answered, and then no more."""
    ear = Ear(shop.house.store, shop.house.book, shop.house.clock)
    watcher = Watcher(shop.source, lambda: ear, shop.house.store, shop.house.clock, every=60, heard=lambda _: None)
    await watcher.round()
    await shop.net.post(shop.alice, f"@{shop.brand.handle} {PLAIN}")
    await shop.net.settle()
    _, before = ledger.cursor(shop.house.store.read(), "bluesky")
    limited = False
    while not limited:
        answer = await shop.net.call("GET", "com.atproto.server.describeServer")
        limited = answer.status == 429
    with pytest.raises(RateLimited) as caught:
        await watcher.round()
    assert 1 <= caught.value.retry_after <= 300
    assert ledger.cursor(shop.house.store.read(), "bluesky") == (True, before)
    await shop.net.let_limits_pass()
    await watcher.round()
    assert len(shop.house.rows("SELECT 1 FROM mentions")) == 1
    assert shop.house.rows("SELECT * FROM gaps") == []
