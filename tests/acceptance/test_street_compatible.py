"""Servers compatible with Mastodon take `Idempotency-Key` and ignore it: there a key protects nothing, and nobody may believe it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.servers.proxy import GATEWAY_TIMEOUT, Proxy, answer, changed
from tests.servers.town import BRAND, Town, token
from tests.street import Street

INSTANCE = "/api/v2/instance"
STATUSES = "/api/v1/statuses"
PLEROMA = {"version": "2.7.2 (compatible; Akkoma 3.13.2)"}
GOTOSOCIAL = {"version": "0.17.0+git-abc1234", "source_url": "https://codeberg.org/superseriousbusiness/gotosocial"}
MASTODON = {"version": "4.6.0", "source_url": "https://github.com/mastodon/mastodon"}


@pytest.fixture
async def street(tmp_path: Path, proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Street]:
    monkeypatch.setenv("EARNEST_ALLOW_HOSTS", proxy.host)
    monkeypatch.setenv("EARNEST_SECRET_MASTODON_READ", token(BRAND))
    monkeypatch.setenv("EARNEST_SECRET_MASTODON_WRITE", token(BRAND))
    made = Street(tmp_path, {"mastodon": {"instance": proxy.url}})
    yield made
    made.close()


def says(proxy: Proxy, about: Mapping[str, Any]) -> None:
    proxy.always("GET", INSTANCE, changed(lambda told: {**told, "source_url": "", **about}))


def says_v1_only(proxy: Proxy) -> None:
    """As before 2022: no second page about the server, and the length under a name of its own."""
    proxy.always("GET", INSTANCE, answer(404, {"error": "Not found"}))
    proxy.always("GET", "/api/v1/instance", answer(200, {"version": PLEROMA["version"], "max_toot_chars": 5000}))


async def approved(street: Street, town: Town) -> str:
    status = await town.write("marta", f"@{BRAND} hello there, one thing")
    await street.round()
    street.desk().approve("A-1")
    return str(status["id"])


async def hide_our_posts(proxy: Proxy, town: Town, post: str) -> None:
    """As where a server is slow to show what it has taken: neither among our own posts nor in the thread."""
    us = await town.ask("GET", "/api/v1/accounts/verify_credentials", by=BRAND)
    proxy.always("GET", f"/api/v1/accounts/{us['id']}/statuses", answer(200, []))
    proxy.always("GET", f"{STATUSES}/{post}/context", answer(200, {"ancestors": [], "descendants": []}))


async def test_the_stand_in_really_ignores_the_key(proxy: Proxy, town: Town) -> None:
    from aiohttp import ClientSession  # noqa: PLC0415 - only here the server is asked by hand

    proxy.unheard = frozenset({"idempotency-key"})
    headers = {"Authorization": f"Bearer {token(BRAND)}", "Idempotency-Key": "one"}
    async with ClientSession(headers=headers) as session:
        for _ in range(2):
            async with session.post(proxy.url + STATUSES, json={"status": "twice"}) as told:
                assert told.ok
    us = await town.ask("GET", "/api/v1/accounts/verify_credentials", by=BRAND)
    assert len(await town.page(f"/api/v1/accounts/{us['id']}/statuses", by=BRAND)) == 2


@pytest.mark.parametrize("about", [PLEROMA, GOTOSOCIAL, None], ids=["akkoma", "gotosocial", "of before 2022"])
@pytest.mark.parametrize("hidden", [False, True], ids=["seen", "hidden"])
async def test_a_reply_in_doubt_is_never_sent_twice_where_the_key_is_ignored(
    street: Street, town: Town, proxy: Proxy, about: Mapping[str, Any] | None, *, hidden: bool
) -> None:
    proxy.unheard = frozenset({"idempotency-key"})
    if about is None:
        says_v1_only(proxy)
    else:
        says(proxy, about)
    post = await approved(street, town)
    if hidden:
        await hide_our_posts(proxy, town, post)
    proxy.once("POST", STATUSES, GATEWAY_TIMEOUT)
    await street.later(seconds=11)
    for _ in range(5):
        await street.later(seconds=100)
    assert len(proxy.asked("POST", STATUSES)) == 1
    assert len(await town.answers(post)) == 1
    assert street.states() == [("public", "parked" if hidden else "sent")]


async def test_mastodon_itself_keeps_the_key_so_a_lost_reply_is_sent_again_with_it(street: Street, town: Town, proxy: Proxy) -> None:
    says(proxy, MASTODON)
    post = await approved(street, town)
    proxy.once("POST", STATUSES, GATEWAY_TIMEOUT.before())
    await street.later(seconds=11)
    for _ in range(5):
        await street.later(seconds=100)
    assert street.states() == [("public", "sent")]
    assert len(proxy.asked("POST", STATUSES)) == 2
    assert len({asked.headers["Idempotency-Key"] for asked in proxy.asked("POST", STATUSES)}) == 1
    assert len(await town.answers(post)) == 1
