"""A town with its stream on another host, as large servers have it, and sources that listen to both."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from listener.rules.rulebook import Brand, Route, Rulebook
from listener.settings import Secret
from listener.sources._mastodon_bell import Patience
from listener.sources.mastodon import KIND, Mastodon, Options
from tests.servers.proxy import Proxy, changed
from tests.servers.streams import Streams
from tests.servers.town import BRAND, Town, token

BOOK = Rulebook(version=1, brands={"acme": Brand(handles={"mastodon": BRAND})}, routes=(Route(name="all", when="always"),))
QUICK = Patience(first_rest=0.02, longest_rest=0.05, per_request=0.0)
"""As in daily use, but with short rests."""

Listen = Callable[..., Mastodon]


def named(url: str | None) -> Callable[[Any], object]:
    """Say that the stream is there."""

    def change(told: Any) -> object:  # noqa: ANN401 - JSON
        return {**told, "configuration": {**told["configuration"], "urls": {"streaming": url}}}

    return change


@asynccontextmanager
async def town_with_streams(town: Town, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Proxy, Streams]]:
    async with Proxy(town.url) as proxy, Streams(town) as streams:
        monkeypatch.setenv("EARNEST_ALLOW_HOSTS", f"{proxy.host},{streams.host}")
        monkeypatch.setenv("EARNEST_SECRET_MASTODON_READ", token(BRAND))
        proxy.always("GET", "/api/v2/instance", changed(named(streams.url)))
        yield proxy, streams


@asynccontextmanager
async def listeners(proxy: Proxy) -> AsyncIterator[Listen]:
    made: list[Mastodon] = []

    def listen(*tags: str, patience: Patience = QUICK, signed_in: bool = True) -> Mastodon:
        options = Options(instance=proxy.url, tags=tags, stream=True)
        made.append(Mastodon(KIND.network, options, [BRAND], Secret(token(BRAND)) if signed_in else None, patience))
        return made[-1]

    yield listen
    for source in made:
        await source.close()
