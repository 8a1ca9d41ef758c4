"""What a source is: one network heard, reading only; and which there are.

A source is one file in this folder. The file's name is its name in rules.yaml. It offers a module-level `KIND`, a `SourceKind`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol, runtime_checkable

from pydantic import BaseModel

from listener import plugins, settings
from listener.errors import EarnestError
from listener.model import Account, Page, Post
from listener.rules.look import SourcesCheck
from listener.rules.rulebook import Rulebook
from listener.rules.servers import Server

_PACKAGE = "listener.sources"
_GROUP = "earnest.sources"


class Source(Protocol):
    """A network being heard. `fetch` reads; nothing here can write."""

    name: str
    network: str

    async def identify(self) -> Account | None:
        """Return our own account, or None where the source needs none.

        Raises:
            SignInNeeded: the network refuses our token.
            NetworkError: the network could not be asked.
        """

    async def fetch(self, cursor: str | None) -> Page:
        """Return what came after `cursor` (None on the first poll) and the cursor to store with it.

        A cursor is opaque text; it moves only when its page is stored. Posts may overlap with earlier pages.

        Raises:
            SignInNeeded, RateLimited, Malformed, NotConnected, NetworkError
        """

    async def close(self) -> None:
        """Let go of connections."""


@runtime_checkable
class Stirring(Protocol):
    """A source that is told of news, such as a stream: it need not wait until the next poll is due."""

    async def stir(self) -> None:
        """Return once something waits for `fetch`; nobody counts on it, so it may wait for ever, and may be cancelled at any time."""


@runtime_checkable
class Remarking(Protocol):
    """A source that is heard and yet has something to say about how, such as a stream that is away while its lists are read."""

    @property
    def remark(self) -> str:
        """What `status` shows beside the source, or ""."""


@dataclass(frozen=True, slots=True)
class Looked:
    """Posts that were read once more: those that are there, as they are now, and the ids of those that are surely gone.

    `left` are ids that were not asked for, because that would have been too many requests at once; they are asked for another time.
    """

    posts: tuple[Post, ...]
    gone: tuple[str, ...] = ()
    left: tuple[str, ...] = ()


@runtime_checkable
class Following(Protocol):
    """A source that can read single posts once more, so that edits and deletions become known that no list tells of.

    `ids_everywhere` is true where an id means the same post whatever source of the network is asked; false where each server has its own.
    `slowest` is how long an old post may wait between two looks, as the network's terms have it.
    """

    most_at_once: int
    ids_everywhere: bool
    slowest: timedelta

    async def look_again(self, ids: Sequence[str]) -> Looked:
        """Read at most `most_at_once` posts by their ids. What is in neither part of the answer could not be told.

        Raises:
            SignInNeeded, RateLimited, Malformed, NotConnected, NetworkError
        """


def bounded(ids: Sequence[str], most: int) -> tuple[str, ...]:
    """Return ids to look at again, each once.

    Raises:
        ValueError: they are more than a source reads at once.
    """
    once = tuple(dict.fromkeys(ids))
    if len(once) > most:
        message = f"at most {most} posts are read again at once"
        raise ValueError(message)
    return once


def _no_addresses(_options: Mapping[str, object]) -> tuple[str, ...]:
    return ()


@dataclass(frozen=True, slots=True)
class Asked:
    """One question to a network's search, in its own words, and what of the query it does not understand: that is judged here."""

    question: str
    here: tuple[str, ...] = ()


@runtime_checkable
class Searching(Protocol):
    """A source that searches, and can say what it asks its network for; nothing is sent by asking it."""

    def asks(self) -> tuple[Asked, ...]:
        """Return every question that one look asks."""


@dataclass(frozen=True, slots=True)
class Invitation:
    """Where a source is brought posts, and how to try it.

    `there` says who answers at that address now: "earnest" (a daemon), "nobody" or "other". `sample` is a command that brings it one
    made-up post; it holds no secret, and may be good for a few minutes only.
    """

    address: str
    there: str
    sample: str


@runtime_checkable
class Receiving(Protocol):
    """A source that is brought posts, and has nobody to ask for them: trying it must not take the door from a daemon that runs."""

    async def invite(self) -> Invitation:
        """Return where posts are brought to, without listening there.

        Raises:
            SignInNeeded: the secret that deliveries are signed with is missing.
        """

    def would_bring(self, body: bytes) -> Page:
        """Return the posts that one delivery would be.

        Raises:
            Malformed: it cannot be read; the message names the place.
        """


@dataclass(frozen=True, slots=True)
class SourceKind:
    """How to make a source of one kind: `options` is the model of its keys in rules.yaml (beside `every` and `kind`).

    `public` says whether it can hear anything without an account, and `public_with` with which options only (none: with any).
    `secrets` are the names of the secrets it may read. `hears` says in a few words what it hears, `asks` names the options that `earnest
    add` asks for beside those that must be given, and `every` is how often a new one is heard, where not every minute. `server` is the
    option that names the server whose ids it gives ("" where the ids of a network are the same everywhere): all sources of one network
    must then be on one server. `addresses` returns, of its options, the web addresses it hears, so that somebody can see whether they
    can be reached.
    `check` looks at all sources of the kind in one file, for what does not fit together.
    """

    network: str
    options: type[BaseModel]
    make: Callable[[str, Mapping[str, object], Rulebook], Source]
    public: bool
    secrets: tuple[str, ...]
    public_with: Mapping[str, object] = field(default_factory=dict)
    check: SourcesCheck | None = None
    hears: str = ""
    asks: tuple[str, ...] = ()
    every: str = ""
    server: str = ""
    addresses: Callable[[Mapping[str, object]], tuple[str, ...]] = field(default=_no_addresses)

    def hears_in_public(self, options: Mapping[str, object]) -> bool:
        """Return whether a source with these options needs no account at all, and so reads no secret."""
        return not self.secrets or bool(self.public_with and self.public_with.items() <= options.items())

    def secrets_of(self, name: str, options: Mapping[str, object]) -> tuple[str, ...]:
        """Return the secrets that a source called `name` may read; one that is called otherwise than its network has its own."""
        if self.hears_in_public(options):
            return ()
        return self.secrets if name == self.network else (settings.reading_secret(name),)


def kinds() -> tuple[str, ...]:
    """Return the kinds of source on offer, without importing any."""
    return plugins.names(_PACKAGE, _GROUP)


def kind(name: str) -> SourceKind:
    """Return one kind of source.

    Raises:
        EarnestError: there is none of that name.
    """
    found = plugins.load(_PACKAGE, _GROUP, name)
    if isinstance(found, SourceKind):
        return found
    message = f"the source {name} offers no SourceKind"
    raise EarnestError(message)


def options_of(name: str) -> type[BaseModel]:
    """Return the keys that a kind of source knows.

    Raises:
        EarnestError: there is none of that name.
    """
    return kind(name).options


def server_of(name: str, options: Mapping[str, object]) -> Server | None:
    """Return whose ids a source of the kind `name` gives with these options; None where they are the same everywhere, or nobody knows."""
    try:
        found = kind(name)
    except EarnestError:
        return None
    if not found.server:
        return None
    named = options.get(found.server, found.options.model_fields[found.server].default)
    return Server(found.network, found.server, named) if isinstance(named, str) and named else None
