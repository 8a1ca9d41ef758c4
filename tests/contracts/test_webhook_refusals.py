"""What a webhook source does not believe or cannot take: the sender is told why in a few words, and so are we."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from listener.errors import SignInNeeded
from listener.model import Page
from listener.sources.webhook import Webhook
from tests.mouth import House
from tests.servers.sender import SECRET, Sender, arrived, make
from tests.servers.webhook_stage import FORMS, TIMED, stored, watched


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EARNEST_SECRET_REVIEWS_READ", SECRET)


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


@pytest.mark.parametrize("style", ["github", "standard"])
async def test_the_same_id_with_another_body_is_refused_waiting_or_stored(tmp_path: Path, house: House, style: str) -> None:
    source, sender = make(tmp_path, **FORMS[style])
    await source.fetch(None)
    first = asyncio.create_task(sender.deliver(sender.review("Acme one"), delivery="same"))
    await arrived(source)
    assert (await sender.deliver(sender.review("Acme two"), delivery="same")).status == 409
    async with watched(house, source):
        assert (await first).status == 200
        answer = await sender.deliver(sender.review("Acme three"), delivery="same")
        assert (answer.status, answer.said) == (409, {"error": "something else was delivered under this id"})
    assert [row["text"] for row in stored(house)] == ["Acme one"]
    house.store.close()


@pytest.mark.parametrize("style", FORMS)
async def test_what_was_listened_in_on_cannot_be_played_again_under_another_id(tmp_path: Path, house: House, style: str) -> None:
    source, sender = make(tmp_path, **FORMS[style])
    old, new = sender.review("Acme then"), sender.review("Acme now", id="r1", version=2)
    async with watched(house, source):
        heard = sender.signed(body := repr(old).replace("'", '"').encode(), delivery="first")
        assert (await sender.post(body, heard)).status == 200
        assert (await sender.deliver(new, delivery="second")).status == 200
        for name in ("X-GitHub-Delivery", "webhook-id"):
            await sender.post(body, {**heard, name: "third"})
        await sender.post(body, heard)
    assert [row["text"] for row in stored(house)] == ["Acme now"]
    house.store.close()


@pytest.mark.parametrize("style", TIMED)
async def test_a_signed_time_far_from_now_is_refused(tmp_path: Path, house: House, style: str) -> None:
    source, sender = make(tmp_path, **FORMS[style])
    now = sender.clock().timestamp()
    async with watched(house, source):
        for away in (-301, 302, -86_400):
            answer = await sender.deliver(sender.review(), at=now + away, delivery=f"d{away}")
            assert (answer.status, "minutes" in answer.said["error"]) == (401, True)
        for away in (-298, 299):
            assert (await sender.deliver(sender.review(), at=now + away, delivery=f"d{away}")).status == 200
    house.store.close()


@pytest.mark.parametrize("style", FORMS)
async def test_unsigned_wrongly_signed_or_changed_it_is_refused(tmp_path: Path, style: str) -> None:
    source, sender = make(tmp_path, **FORMS[style])
    await source.fetch(None)
    body = b'{"id": "r1", "body": "Acme", "user": {"name": "m", "id": 1}}'
    good = sender.signed(body)
    stranger = Sender(sender.place, form=sender.form, secret="somebodyElsesLongSecretWord1", clock=sender.clock)
    tries = [{}, stranger.signed(body), {**good, sender.form.header: "é" * 9}, {**good, sender.form.header: ""}]
    for headers in (*tries, *({**good, sender.form.header: good[sender.form.header][:-1]} for _ in "x")):
        assert (await sender.post(body, headers)).status == 401
    assert (await sender.post(body + b" ", good)).status == 401
    assert (await source.fetch(None)).posts == ()
    await source.close()


async def test_both_secrets_fit_while_one_is_changed(tmp_path: Path, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EARNEST_SECRET_REVIEWS_READ", f"{SECRET} the-new-secret-of-the-shop")
    source, sender = make(tmp_path)
    async with watched(house, source):
        for secret, status in ((SECRET, 200), ("the-new-secret-of-the-shop", 200), ("a-secret-of-nobody-at-all", 401)):
            sender.secret = secret
            assert (await sender.deliver(sender.review())).status == status
    house.store.close()


@pytest.mark.parametrize(("value", "words"), [("", "no secret"), ("short", "too short"), ("long-enough but-short", "too short")])
async def test_without_a_good_secret_nothing_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str, words: str) -> None:
    monkeypatch.setenv("EARNEST_SECRET_REVIEWS_READ", value)
    source, sender = make(tmp_path)
    for ask in (source.identify, lambda: source.fetch(None)):
        with pytest.raises(SignInNeeded) as caught:
            await ask()
        assert words in caught.value.message
        assert "reviews_read" in caught.value.hint
        assert "short" not in caught.value.hint
    assert not sender.door_is_there()


async def test_what_does_not_fit_is_told_to_the_sender_and_once_an_hour_to_us(tmp_path: Path) -> None:
    source, sender = make(tmp_path)
    cursor = (await source.fetch(None)).cursor

    async def misfit(source: Webhook, cursor: str | None, *, times: int = 1) -> Page:
        for _ in range(times):
            answer = await sender.deliver({"id": "r1", "body": "Acme \x1b[31m", "user": {"nick": "x"}})
            assert (answer.status, answer.said) == (422, {"error": "is not there", "path": "user.name"})
        return await source.fetch(cursor)

    told = await misfit(source, cursor, times=2)
    assert told.gap is not None
    assert told.gap.reason == "2 of the deliveries could not be taken; the last: user.name is not there"
    assert (await source.fetch(cursor)).gap is not None  # until it is stored
    quiet = await misfit(source, told.cursor)
    assert quiet.gap is None
    sender.clock.forward(minutes=61)
    later = await source.fetch(quiet.cursor)
    assert later.gap is not None
    assert later.gap.reason.startswith("1 of")
    await source.close()
    again, other = make(tmp_path)
    other.clock.moment = sender.clock.moment
    await again.fetch(later.cursor)
    assert (await misfit(again, later.cursor)).gap is None
    await again.close()


async def test_a_wrong_secret_is_told_to_us_too_and_a_stranger_without_any_is_not(tmp_path: Path, house: House) -> None:
    source, sender = make(tmp_path)
    sender.secret = "theSecretThatTheyHaveSince1"
    async with watched(house, source):
        for _ in range(3):
            assert (await sender.post(b"{}")).status == 401
    assert house.rows("SELECT * FROM gaps") == []
    again, _ = make(tmp_path)
    async with watched(house, again):
        assert (await sender.deliver(sender.review())).status == 401
    async with watched(house, again):
        (gap,) = house.rows("SELECT reason FROM gaps")
    assert gap["reason"] == "1 of the deliveries could not be taken; the last: the signature does not fit the secret"
    house.store.close()
