"""Whole files from the web: as they are, bounded, and with wishes that go along where we are redirected to."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator

import pytest

from listener.downloads import Downloads
from listener.errors import Malformed, NetworkError, NotConnected, UsageError
from tests.servers.newsstand import Newsstand


@pytest.fixture
async def stand(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Newsstand]:
    async with Newsstand() as stand:
        monkeypatch.setenv("EARNEST_ALLOW_HOSTS", stand.host)
        yield stand


async def test_bytes_come_as_they_are(stand: Newsstand) -> None:
    stand.raw["/a b/file"] = (b"\0\xff<x>", "text/odd; charset=x")
    file = Downloads(f"{stand.url}/a%20b/file?q=1%2F2")
    got = await file.get()
    assert (got.status, got.body, got.headers["content-type"]) == (200, b"\0\xff<x>", "text/odd; charset=x")
    await file.close()


async def test_wishes_hold_for_one_question_only(stand: Newsstand) -> None:
    stand.away["/old"] = stand.url + "/new"
    file = Downloads(f"{stand.url}/old")
    tag = (await file.get()).headers["ETag"]
    assert (await file.get({"If-None-Match": tag})).status == 304
    assert (await file.get()).status == 200
    await file.close()


async def test_what_is_too_large_is_refused(stand: Newsstand) -> None:
    stand.raw["/file"] = (b"x" * 2_000, "text/plain")
    file = Downloads(f"{stand.url}/file", max_bytes=1_000)
    with pytest.raises(Malformed, match="too large"):
        await file.get()
    await file.close()


@pytest.mark.parametrize("target", ["https://127.0.0.1:9/", "http://x.example/", "https://a:b@x.example/", "ftp://x.example/"])
async def test_a_redirect_passes_the_guard(stand: Newsstand, target: str) -> None:
    stand.away["/old"] = target
    file = Downloads(f"{stand.url}/old")
    with pytest.raises(NetworkError):
        await file.get()
    await file.close()


async def test_an_address_on_this_machine_is_refused(stand: Newsstand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EARNEST_ALLOW_HOSTS")
    with pytest.raises(UsageError):
        Downloads(f"{stand.url}/file")
    file = Downloads(f"https://{stand.host}/file")
    with pytest.raises(NotConnected, match="private network"):
        await file.get()
    await file.close()


async def test_a_bomb_is_stopped_while_it_unfolds(stand: Newsstand) -> None:
    packed = gzip.compress(b"\0" * 50_000_000)
    assert len(packed) < 100_000
    stand.raw["/bomb"] = (packed, "text/xml")
    stand.packed.add("/bomb")
    file = Downloads(f"{stand.url}/bomb")
    with pytest.raises(Malformed, match="too large"):
        await file.get()
    await file.close()
