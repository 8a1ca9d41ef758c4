"""What is heard where nobody has an account, from the network to the inbox: shown, rung for, and drafted for a person to post by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from listener.polling import Ear
from listener.sources.base import Source
from listener.sources.feeds import Feeds
from listener.sources.feeds import Options as FeedsOptions
from listener.sources.hackernews import HackerNews
from listener.sources.hackernews import Options as SearchOptions
from listener.watching import Watcher
from responders.checkup import State, check_up
from responders.pipeline import Noted
from tests.mouth import ALONE, House
from tests.servers.hackernews import FakeHackerNews
from tests.servers.newsstand import Newsstand

DAY = 86_400
CRY = "The Acme charger started smoking and burned my daughter's hand"


@pytest.fixture
async def stand(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Newsstand]:
    async with Newsstand() as stand:
        monkeypatch.setenv("EARNEST_ALLOW_HOSTS", stand.host)
        yield stand


def ago(house: House, age: float) -> float:
    """Return how long before the real present lies what is `age` seconds old on the house's clock."""
    return (datetime.now(UTC) - house.clock()).total_seconds() + age


async def hear(house: House, source: Source) -> list[Noted]:
    ear = Ear(house.store, house.book, house.clock)
    watcher = Watcher(source, lambda: ear, house.store, house.clock, every=60, heard=lambda _: None)
    await watcher.round()
    await watcher.close()
    return await house.think()


def feeds(house: House, stand: Newsstand) -> Feeds:
    return Feeds("feeds", FeedsOptions(urls=(f"{stand.url}/rss",)), clock=house.clock)


async def test_the_past_of_a_feed_is_heard_late_and_what_comes_is_not(tmp_path: Path, stand: Newsstand) -> None:
    house = House(tmp_path, **ALONE)
    stand.say("/rss", "Acme of old", ago=ago(house, 2 * DAY))
    stand.say("/rss", "Acme without a date", dated=False)
    stand.say("/rss", "Acme of today", ago=ago(house, 60))
    gates = {one.heard.mention.post.text: {hold.gate for hold in one.decision.holds} for one in await hear(house, feeds(house, stand))}
    late = {str(row["text"]): row["late"] for row in house.rows("SELECT text, late FROM posts")}
    assert late == {"Acme of old": 1, "Acme without a date": 1, "Acme of today": 0}
    assert {text for text, held in gates.items() if "answer_within" in held} == {"Acme of old", "Acme without a date"}
    stand.say("/rss", "hey @acme, thank you, I love it", dated=False)
    (noted,) = await hear(house, feeds(house, stand))
    assert noted.heard.mention.addressed
    assert house.rows("SELECT * FROM drafts") + house.rows("SELECT * FROM deliveries") == []
    house.store.close()


async def test_the_past_of_hacker_news_is_heard_late_and_drafts_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    house = House(tmp_path, **ALONE)
    async with FakeHackerNews() as fake:
        monkeypatch.setenv("EARNEST_ALLOW_HOSTS", fake.host)
        for days in (400, 2):
            fake.say("tom", f"Acme, {days} days ago", ago=ago(house, days * DAY))
        fake.say("tom", "@acme hello", ago=ago(house, 60))
        assert len(await hear(house, HackerNews("hackernews", SearchOptions(query="acme", service=fake.url), clock=house.clock))) == 3
    assert [row["late"] for row in house.rows("SELECT late FROM posts ORDER BY created_at")] == [1, 1, 0]
    assert house.rows("SELECT * FROM drafts") + house.rows("SELECT * FROM deliveries") == []
    house.store.close()


async def test_a_cry_for_help_in_a_feed_reaches_a_person_even_on_the_first_poll(tmp_path: Path, stand: Newsstand) -> None:
    house = House(tmp_path)
    stand.say("/rss", CRY, ago=ago(house, 3_600))
    (noted,) = await hear(house, feeds(house, stand))
    assert noted.alerted == "on-call"
    assert noted.state == "waiting"
    house.store.close()


async def test_what_is_heard_there_gets_a_draft_with_a_link_that_a_person_posts(tmp_path: Path, stand: Newsstand) -> None:
    house = House(tmp_path)
    stand.say("/rss", "Acme charged me twice and support ignores me", ago=ago(house, 60))
    (noted,) = await hear(house, feeds(house, stand))
    assert noted.decision.by_hand
    assert "a person posts this by hand: Earnest has no way" in next(hold.reason for hold in noted.decision.holds if hold.by_hand)
    house.desk().edit(noted.case, public="Which order was that? Then we put it right. ^Jo")
    done = house.desk().approve(noted.case)
    assert (done.copy, bool(done.link)) == ("Which order was that? Then we put it right. ^Jo", True)
    assert house.states() == ["by_hand"]
    house.store.close()


async def test_praise_there_is_not_drafted_for_a_route_that_would_thank_by_itself(tmp_path: Path, stand: Newsstand) -> None:
    house = House(tmp_path)
    stand.say("/rss", "Acme made lovely shoes, I love them", ago=ago(house, 60))
    (noted,) = await hear(house, feeds(house, stand))
    assert (noted.decision.route, noted.state) == ("thanks", "noted")
    assert house.rows("SELECT * FROM drafts") == []
    house.store.close()


async def test_a_feed_that_changes_every_minute_makes_one_post_of_an_entry(tmp_path: Path, stand: Newsstand) -> None:
    house = House(tmp_path)
    said = stand.say("/rss", "Acme is fine", ago=ago(house, 60))
    for number in range(5):
        said.html = f"<p>Acme is fine, version {number}</p>"
        await hear(house, feeds(house, stand))
    assert [str(row["text"]) for row in house.rows("SELECT text FROM posts")] == ["Acme is fine, version 4"]
    assert house.rows("SELECT COUNT(*) AS n FROM gaps") == [{"n": 0}]
    house.store.close()


def test_the_doctor_says_that_no_key_is_needed(tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text(
        "version: 1\nbrands: {acme: {names: [Acme]}}\nsources:\n  hackernews: {query: acme}\n"
        "  feeds: {urls: ['https://stand.example/rss']}\nroutes: [{name: all, when: always, examples: [{post: Acme is here}]}]\n",
        encoding="utf-8",
    )
    found = {one.check: one for one in check_up(rules, f"sqlite:///{tmp_path}/earnest.db", at=datetime.now(UTC))}
    for name in ("feeds", "hackernews"):
        assert (found[f"source {name}"].state, found[f"source {name}"].message) == (State.OK, "it needs no key")
        assert found[f"channel {name}"].state is State.OK
        assert "cannot speak there" in found[f"channel {name}"].message
