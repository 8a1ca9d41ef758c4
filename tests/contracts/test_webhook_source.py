"""What the webhook source promises: stored, then answered; nothing lost and nothing twice, whatever comes again or late."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from listener.doorbell import Doorbells, Limits
from listener.errors import Unreachable, UsageError
from listener.model import Page
from listener.polling import Ear
from listener.watching import Watcher
from responders.ledger import audit
from tests.contracts.test_source_contract import Heard, HearingContract, drain
from tests.mouth import House
from tests.servers.sender import SECRET, Answered, arrived, free_port, make
from tests.servers.webhook_stage import FORMS, stored, watched


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EARNEST_SECRET_REVIEWS_READ", SECRET)


class TestWebhook(HearingContract):
    @pytest.fixture
    async def scene(self, tmp_path: Path) -> AsyncIterator[Heard]:
        source, sender = make(tmp_path)
        waiting: list[asyncio.Task[Answered]] = []

        async def say(words: str) -> str:
            if not waiting:
                await source.fetch(None)
            review = sender.review(words)
            before = len(source.line)
            waiting.append(asyncio.create_task(sender.deliver(review)))
            await arrived(source, before + 1)
            return str(review["id"])

        yield Heard(source, say)
        await source.close()
        assert {answer.status for answer in await asyncio.gather(*waiting)} <= {200, 503}


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


@pytest.mark.parametrize("style", FORMS)
async def test_a_delivery_is_answered_once_it_is_stored(tmp_path: Path, house: House, style: str) -> None:
    source, sender = make(tmp_path, **FORMS[style])
    async with watched(house, source):
        answer = await sender.deliver(sender.review("Acme is lovely"))
        assert [row["text"] for row in stored(house)] == ["Acme is lovely"]
    assert (answer.status, answer.said) == (200, {"stored": 1})
    house.store.close()


@pytest.mark.parametrize("style", FORMS)
async def test_brought_again_it_is_there_already_also_after_a_restart(tmp_path: Path, house: House, style: str) -> None:
    source, sender = make(tmp_path, **FORMS[style])
    review = sender.review()
    async with watched(house, source):
        assert (await sender.deliver(review)).said == {"stored": 1}
        assert (await sender.deliver(review)).said == {"stored": 0, "already": True}
    before = house.rows("SELECT * FROM posts") + house.rows("SELECT * FROM mentions")
    again, _ = make(tmp_path, **FORMS[style])
    async with watched(house, again):
        answer = await sender.deliver(review)
        assert (answer.status, answer.said) == (200, {"stored": 0, "already": True})
    assert house.rows("SELECT * FROM posts") + house.rows("SELECT * FROM mentions") == before
    house.store.close()


class Broken(House):
    """A house whose store refuses pages while `full`."""

    full = False

    def break_(self, monkeypatch: pytest.MonkeyPatch) -> None:
        real = self.store.awrite

        async def awrite(work: Callable[..., object], *, alongside: bool = False) -> object:
            if self.full:
                message = "the store cannot be used: disk full"
                raise Unreachable(message)
            return await real(work, alongside=alongside)

        monkeypatch.setattr(self.store, "awrite", awrite)


async def test_what_cannot_be_stored_is_to_come_again_and_is_then_stored_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    house = Broken(tmp_path)
    house.break_(monkeypatch)
    source, sender = make(tmp_path, patience=0.2)
    ear = Ear(house.store, house.book, house.clock)
    watcher = Watcher(source, lambda: ear, house.store, house.clock, every=60, heard=lambda _taken: None)
    await watcher.round()
    house.full = True
    review = sender.review()
    first = asyncio.create_task(sender.deliver(review))
    await arrived(source)
    with pytest.raises(Unreachable):
        await watcher.round()
    answer = await first
    assert (answer.status, answer.headers["Retry-After"]) == (503, "30")
    assert stored(house) == []
    house.full = False
    await watcher.round()
    second = asyncio.create_task(sender.deliver(review))
    await arrived(source)
    await watcher.round()
    assert (await second).status == 200
    assert len(stored(house)) == 1
    await watcher.close()
    assert audit.broken_at(house.store.read()) is None
    house.store.close()


async def test_one_delivery_that_can_never_be_stored_does_not_stay(tmp_path: Path) -> None:
    source, sender = make(tmp_path, patience=0.05)
    await source.fetch(None)
    assert (await sender.deliver(sender.review())).status == 503
    page = await source.fetch(None)
    assert len(page.posts) == 1
    assert (await source.fetch(None)).posts == ()
    assert page.cursor is not None
    assert (await sender.deliver(sender.review(id="r1"))).status == 503
    await source.close()


async def test_stored_but_never_answered_it_is_known_when_it_comes_again(tmp_path: Path, house: House) -> None:
    source, sender = make(tmp_path)
    review = sender.review()
    _, cursor = await drain(source, None)
    lost = asyncio.create_task(sender.deliver(review))
    await arrived(source)
    page = await source.fetch(cursor)
    await Ear(house.store, house.book, house.clock).take("reviews", page, network="reviewhub")
    await source.close()  # the daemon stops before it asks again, so that nobody knows
    assert (await lost).status == 503
    again, _ = make(tmp_path)
    async with watched(house, again):
        assert (await sender.deliver(review)).said == {"stored": 0, "already": True}
    assert len(stored(house)) == 1
    house.store.close()


async def test_two_who_bring_the_same_at_once_get_the_same_answer(tmp_path: Path, house: House) -> None:
    source, sender = make(tmp_path)
    await source.fetch(None)
    review = sender.review()
    both = [asyncio.create_task(sender.deliver(review)) for _ in range(2)]
    await arrived(source)
    async with watched(house, source):
        assert [answer.status for answer in await asyncio.gather(*both)] == [200, 200]
    assert len(stored(house)) == 1
    house.store.close()


async def test_a_full_line_is_told_to_wait_and_loses_nothing(tmp_path: Path, house: House) -> None:
    source, sender = make(tmp_path, limits=Limits(connections=200))
    await source.fetch(None)
    many = [asyncio.create_task(sender.deliver(sender.review())) for _ in range(100)]
    await arrived(source, 100)
    late = sender.review("Acme, late")
    refused = await sender.deliver(late)
    assert (refused.status, refused.headers["Retry-After"], "too many" in refused.said["error"]) == (503, "30", True)
    async with watched(house, source):
        assert {answer.status for answer in await asyncio.gather(*many)} == {200}
        assert (await sender.deliver(late)).status == 200
    assert len(stored(house)) == 101
    house.store.close()


async def test_a_deletion_and_a_new_version_stay_in_order(tmp_path: Path, house: House) -> None:
    source, sender = make(tmp_path, deleted_when={"action": ["deleted"]})
    await source.fetch(None)
    events = [sender.review("Acme one"), sender.review("Acme two", id="r1", version=2), {"id": "r1", "action": "deleted"}]
    waiting = []
    for event in events:
        waiting.append(asyncio.create_task(sender.deliver(event)))
        await arrived(source, len(waiting))
    pages: list[Page] = []
    for _ in (*events, "and one that proves the last"):
        pages.append(await source.fetch(pages[-1].cursor if pages else None))
        await Ear(house.store, house.book, house.clock).take("reviews", pages[-1], network="reviewhub")
    assert [([post.version for post in page.posts], page.gone) for page in pages[:3]] == [(["1"], ()), (["2"], ()), ([], ("r1",))]
    assert {answer.status for answer in await asyncio.gather(*waiting)} == {200}
    (row,) = stored(house)
    assert (row["text"], row["deleted_at"] is None) == ("", False)
    await source.close()
    house.store.close()


async def test_deliveries_that_are_no_posts_are_let_go(tmp_path: Path, house: House) -> None:
    source, sender = make(tmp_path, only_when={"action": ["created"]})
    async with watched(house, source):
        assert (await sender.deliver({"zen": "Keep it simple", "hook_id": 1})).said == {"stored": 0}
        assert (await sender.deliver(sender.review(action="created"))).said == {"stored": 1}
    assert house.rows("SELECT * FROM gaps") == []
    house.store.close()


async def test_everything_brought_is_about_the_brand_where_rules_say_so_and_our_own_words_are_not(tmp_path: Path, house: House) -> None:
    source, sender = make(tmp_path, about="acme", own_authors=["99"], posts="data")
    reviews = [sender.review("The sole came off."), sender.review("Sorry to hear.", user={"name": "us", "id": 99})]
    async with watched(house, source):
        assert (await sender.deliver({"data": reviews})).said == {"stored": 2}
    assert house.rows("SELECT post_id, because, addressed FROM mentions") == [
        {"post_id": "r1", "because": '[["place","everything in reviewhub"]]', "addressed": 0}
    ]
    assert house.rows("SELECT own FROM posts WHERE id = 'r2'") == [{"own": 1}]
    house.store.close()


async def test_stopping_sends_those_who_wait_away_and_closes_the_door(tmp_path: Path) -> None:
    source, sender = make(tmp_path)
    await source.fetch(None)
    waiting = asyncio.create_task(sender.deliver(sender.review()))
    await arrived(source)
    await source.close()
    assert (await waiting).status == 503
    assert not sender.door_is_there()


async def test_two_sources_share_an_address_and_each_hears_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EARNEST_SECRET_SHOP_READ", "the-shops-own-secret-words")
    bells, place = Doorbells(), f"127.0.0.1:{free_port()}"
    reviews, one = make(tmp_path, place=place, bells=bells)
    shop, two = make(tmp_path, "shop", place=place, path="/shop", bells=bells)
    third, _ = make(tmp_path, place=place, bells=bells)
    await reviews.fetch(None)
    await shop.fetch(None)
    with pytest.raises(UsageError, match="another source"):
        await third.fetch(None)
    assert (await two.deliver(two.review())).status == 401  # signed with the other's secret
    two.secret = "the-shops-own-secret-words"
    waiting = [asyncio.create_task(sender.deliver(sender.review(words))) for sender, words in ((one, "one"), (two, "two"))]
    await asyncio.gather(arrived(reviews), arrived(shop))
    assert [post.text for source in (reviews, shop) for post in (await source.fetch(None)).posts] == ["one", "two"]
    await reviews.close()
    assert (await one.post(b"")).status == 404
    await shop.close()
    assert {answer.status for answer in await asyncio.gather(*waiting)} == {503}
