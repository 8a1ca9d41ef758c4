"""Opening the house: the store with every table in it, and what is known of the channels."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from listener import clock, plugins
from listener.errors import EarnestError
from listener.store.base import Store
from listener.store.opening import file_of
from listener.store.opening import open_store as open_any
from listener.store.schema import MIGRATIONS as HEARING
from responders import flag
from responders.ledger import facts
from responders.ledger.schema import MIGRATIONS as ANSWERING

if TYPE_CHECKING:
    from responders.channels.base import ChannelKind, Pace

_CHANNELS = ("responders.channels", "earnest.channels")
_FILES = ("", "-wal", "-shm", flag.ENDING)
"""The files of one store, as endings of its name; the lock stays, since somebody may hold it."""


def open_store(url: str, *, create: bool = False, patience: float = 5.0) -> Store:
    """Open the store, brought up to date; `create` makes a new one where there is none.

    `patience` is how many seconds to wait, at each write, while another program keeps the store locked.

    Raises:
        NoStore: there is none, and `create` is false.
        Unreachable: it cannot be opened.
    """
    return open_any(url, (HEARING, ANSWERING), create=create, patience=patience)


@cache
def channel_kind(network: str) -> ChannelKind | None:
    """Return what is known of speaking on a network, or None where Earnest cannot speak there."""
    from responders.channels.base import ChannelKind  # noqa: PLC0415  # not needed to look at the inbox

    try:
        found = plugins.load(*_CHANNELS, network)
    except EarnestError:
        return None
    return found if isinstance(found, ChannelKind) else None


def pace_of(network: str) -> Pace | None:
    """Return how fast a network takes our posts, or None where Earnest cannot speak there; one of ours need not be imported for that."""
    beside = f"responders.channels._{network}_pace"
    if network in speaking_networks() and plugins.is_ours(*_CHANNELS, network) and find_spec(beside):
        pace: Pace = import_module(beside).PACE
        return pace
    kind = channel_kind(network)
    return kind.pace if kind else None


def speaking_networks() -> tuple[str, ...]:
    """Return the networks Earnest can speak on, without importing any of them."""
    return plugins.names(*_CHANNELS)


def is_demo(url: str) -> bool:
    """Return whether the demo may have this store: a file that is the demo's own, or that is not there yet. It takes no database."""
    path = file_of(url)
    if path is None or not path.exists():
        return path is not None
    store = open_store(url)
    try:
        return "demo" in facts.known(store.read())
    finally:
        store.close()


def open_demo_store(url: str) -> Store:
    """Open a new store that is marked as the demo's from its first moment."""
    store = open_store(url, create=True)
    store.write(lambda tx: facts.keep(tx, "demo", "1", at=clock.now()))
    return store


def remove_store(url: str) -> None:
    """Remove a store's files.

    Raises:
        Unreachable: a daemon works on it.
    """
    path = file_of(url)
    if path is None or not path.exists():
        return
    store = open_store(url)
    try:
        store.hold_alone()
    finally:
        store.close()
    for ending in _FILES:
        path.with_name(path.name + ending).unlink(missing_ok=True)


def put_demo_aside(url: str) -> Path | None:
    """Give a store that holds the demo another name, so that real work begins with an empty one; return that name.

    Raises:
        Unreachable: a daemon works on it.
    """
    path = file_of(url)
    if path is None or not path.exists() or not is_demo(url):
        return None
    store = open_store(url)
    try:
        store.hold_alone()
    finally:
        store.close()
    aside = path.with_name(f"{path.stem}.demo{path.suffix}")
    for ending in _FILES:
        part = path.with_name(path.name + ending)
        if part.exists():
            part.replace(aside.with_name(aside.name + ending))
    return aside
