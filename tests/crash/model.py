"""The kinds of network, and the approved answers to begin with."""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from listener.clock import Clock
from listener.store.base import Store
from responders.channels.base import Channel, ChannelKind
from responders.outbox import Outbox
from tests.crash.explore import Setting
from tests.crash.network import Keys
from tests.mouth import House, kind

_FOR_EVER = 10.0 * 365 * 86_400
_AN_HOUR = 3_600.0
ANSWERS = {
    "public": "@acme hello there, one thing",
    "private and public": "@acme you charged me twice and support ignores me",
}
NETWORKS = {
    "key for ever": Keys(trusted=True, kept=_FOR_EVER, lifetime=None, settle_after=10.0),  # Bluesky
    "key for 50 minutes": Keys(trusted=True, kept=_AN_HOUR, lifetime=3_000.0, settle_after=90.0),  # Mastodon
    "key ignored": Keys(trusted=False, kept=0.0, lifetime=3_000.0, settle_after=90.0),  # a server that says it is compatible
    "no key": Keys(trusted=False, kept=0.0, lifetime=0.0, settle_after=90.0),  # X, Reddit
}


@cache
def approved(words: str) -> tuple[bytes, House]:
    """Return a database in which answers to a post of these words are approved, and the house it comes from."""
    with tempfile.TemporaryDirectory() as folder:
        house = House(Path(folder))
        try:
            asyncio.run(house.approved(words=words))
        finally:
            house.store.close()
        connection = sqlite3.connect(Path(folder) / "earnest.db")
        try:
            connection.execute("PRAGMA journal_mode=DELETE")  # a database in memory has no other
            return connection.serialize(), house
        finally:
            connection.close()


def setting(network: str, answers: str) -> Setting:
    """Return what the real sender is tried on."""
    keys, (database, house) = NETWORKS[network], approved(ANSWERS[answers])

    def sender(store: Store, clock: Clock, channels: Mapping[str, Channel], kinds: Mapping[str, ChannelKind]) -> Outbox:
        return Outbox(store, lambda: house.book, clock, channels, kinds)

    return Setting(database, house.clock(), kind(), keys, sender)
