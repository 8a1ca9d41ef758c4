"""Our accounts say that they are automated: read on each network that tells, and set without touching anything else."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from listener.errors import NetworkError
from listener.rules.rulebook import Brand, Route, Rulebook
from responders.channels.base import Labelled
from responders.channels.bluesky import KIND as BLUESKY
from responders.channels.mastodon import KIND as MASTODON
from responders.house import channel_kind, speaking_networks
from tests.servers.pds import Pds
from tests.servers.pds_people import Person
from tests.servers.town import BRAND, Town, token

BOOK = Rulebook(version=1, brands={"acme": Brand(handles={"bluesky": "brand.test"})}, routes=(Route(name="all", when="always"),))
PROFILE = {"$type": "app.bsky.actor.profile", "displayName": "Acme", "description": "Shoes", "createdAt": "2026-01-01T00:00:00.000Z"}


@pytest.fixture
async def pds(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Pds]:
    async with Pds() as server:
        monkeypatch.setenv("EARNEST_ALLOW_HOSTS", server.url.removeprefix("http://"))
        yield server


@pytest.fixture
def brand(pds: Pds, monkeypatch: pytest.MonkeyPatch) -> Person:
    person = pds.account("brand.test")
    monkeypatch.setenv("EARNEST_SECRET_BLUESKY_WRITE", person.password)
    return person


@pytest.fixture
async def bluesky(pds: Pds, brand: Person) -> AsyncIterator[Labelled]:
    assert brand
    made = BLUESKY.make({"service": pds.url}, BOOK)
    assert isinstance(made, Labelled)
    yield made
    await made.close()


def labels(*values: str) -> dict[str, object]:
    return {"$type": "com.atproto.label.defs#selfLabels", "values": [{"val": value} for value in values]}


async def test_bluesky_keeps_everything_else_of_the_profile(bluesky: Labelled, brand: Person) -> None:
    brand.profile = {**PROFILE, "labels": labels("!no-unauthenticated"), "someday": {"new": [1]}}
    assert not (await bluesky.label()).marked
    assert (await bluesky.mark()).marked
    assert brand.profile == {**PROFILE, "labels": labels("!no-unauthenticated", "bot"), "someday": {"new": [1]}}
    assert (await bluesky.label()).marked


async def test_bluesky_marks_an_account_without_a_profile(bluesky: Labelled, brand: Person) -> None:
    assert not (await bluesky.label()).marked
    assert (await bluesky.mark()).marked
    assert brand.profile == {"$type": "app.bsky.actor.profile", "labels": labels("bot")}


async def test_bluesky_is_not_written_to_where_the_label_is_there(bluesky: Labelled, pds: Pds, brand: Person) -> None:
    brand.profile = {**PROFILE, "labels": labels("bot")}
    assert (await bluesky.mark()).marked
    assert pds.written() == []


async def test_a_profile_that_somebody_edits_meanwhile_is_left_as_it_is(bluesky: Labelled, pds: Pds, brand: Person) -> None:
    brand.profile = dict(PROFILE)
    old = {"uri": f"at://{brand.did}/app.bsky.actor.profile/self", "cid": "bafyold", "value": {**PROFILE, "displayName": "Old"}}
    pds.answer_next("com.atproto.repo.getRecord", 200, old, {"Content-Type": "application/json"})
    with pytest.raises(NetworkError, match="did not take the label"):
        await bluesky.mark()
    assert brand.profile == PROFILE


async def test_labels_of_an_unknown_kind_are_not_lost(bluesky: Labelled, pds: Pds, brand: Person) -> None:
    brand.profile = {**PROFILE, "labels": {"$type": "com.example.labels", "values": [{"val": "x"}]}}
    with pytest.raises(NetworkError, match="does not know"):
        await bluesky.mark()
    assert pds.written() == []


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
    with Town() as town:
        yield town


async def test_mastodon_tells_and_takes_the_bot_mark_and_keeps_the_rest(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EARNEST_ALLOW_HOSTS", town.host)
    monkeypatch.setenv("EARNEST_SECRET_MASTODON_WRITE", token(BRAND))
    channel = MASTODON.make({"instance": town.url}, BOOK)
    assert isinstance(channel, Labelled)
    try:
        assert not (await channel.label()).marked
        assert (await channel.mark()).marked
        assert (await channel.label()).marked
    finally:
        await channel.close()
    account = await town.ask("GET", "/api/v1/accounts/verify_credentials", by=BRAND)
    assert (account["display_name"], account["bot"]) == (BRAND.title(), True)


def test_every_network_has_a_way_to_its_label() -> None:
    for network in speaking_networks():
        kind = channel_kind(network)
        assert kind
        assert kind.label_by_hand or network in {"bluesky", "mastodon"}
