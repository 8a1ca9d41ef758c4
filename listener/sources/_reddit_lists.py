"""One of Reddit's lists, read from where it was left: newest first, in pages, with nothing to hold on to but what is in it.

Reddit can be asked for what came after a known thing (`before`), but that leads nowhere once the thing is deleted, so that praw's own
stream (praw 8.0.3, `stream_generator`) drops it whenever nothing came. Here the mark of a list is what its newest page held: names, and
a digest of each text. What is not in it is new, what reads otherwise was edited, and what is missing is asked for by name: it may be
gone. A list may also come from a cache and be older than the one before (github.com/praw-dev/praw/pull/1050); then nothing is lost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated

from pydantic import Field

from listener.errors import Malformed, NetworkError, SignInNeeded
from listener.reddit_session import Session
from listener.reddit_wire import Fullname, WireEntry, WireListing, WireThing, read, read_thing
from listener.shapes import Wire

PAGE_SIZE = 100  # the most a list gives at once
MOST_PAGES = 10  # and it ends near a thousand

_GONE = "-"
_FORBIDDEN = 403
_DIGEST = 8
_NOT_OURS = frozenset({"t4"})  # private messages are not read


@dataclass(frozen=True, slots=True)
class Stream:
    """A list on Reddit. `name` is its name in the cursor and for people."""

    name: str
    path: str
    params: tuple[tuple[str, str], ...] = ()


class Mark(Wire):
    """Where a list was left: the time of its newest thing, the newest hundred by name, and what lies below them all.

    Times are seconds since 1970. Nothing at or below `floor` is new, whatever its name; it is 0 where the list was read to its end.
    """

    newest: Annotated[float, Field(ge=0)] = 0.0
    floor: Annotated[float, Field(ge=0)] = 0.0
    known: dict[Fullname, str] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Part:
    """What one list brought: new and edited things, what is gone, where it stands now, and what may have been missed."""

    things: tuple[WireThing, ...]
    gone: tuple[str, ...]
    mark: Mark
    gaps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Seen:
    """The things on the pages read, newest first; `ended` where nothing is behind them, `reached` where they meet what was known."""

    things: tuple[WireThing, ...]
    ended: bool
    reached: bool
    odd: str = ""


async def read_stream(session: Session, stream: Stream, mark: Mark | None) -> Part:
    """Read a list from its newest thing down to what is known; on the first poll its newest page.

    Raises:
        SignInNeeded, RateLimited, Malformed, NotConnected, NetworkError
    """
    seen = await _pages(session, stream, mark)
    before = mark or Mark()
    fresh = [thing for thing in seen.things if not thing.gone and _is_new(thing, before)]
    gone = [thing.name for thing in seen.things if thing.gone and before.known.get(thing.name, _GONE) != _GONE]
    missing = _missing(seen, before)
    if missing:
        there = await things(session, missing)
        gone += [name for name in missing if name not in there or there[name].gone]
    capped = f"more than {len(seen.things)} posts came in {stream.name} since the last poll"
    gaps = ((capped,) if not seen.reached else ()) + ((seen.odd,) if seen.odd else ())
    return Part(tuple(fresh), tuple(gone), _mark(seen, before, gone), gaps)


async def things(session: Session, names: Sequence[str]) -> Mapping[str, WireThing]:
    """Read at most a hundred comments and submissions by their names; those that Reddit does not know are left out.

    Raises:
        SignInNeeded, RateLimited, Malformed, NotConnected, NetworkError
    """
    body = session.checked(await session.ask("/api/info", {"id": ",".join(names[:PAGE_SIZE]), "limit": str(PAGE_SIZE)}))
    found = _readable(read(WireListing, body, "the posts asked for").data.children, "the posts asked for")[0]
    return {thing.name: thing for thing in found}


def _is_new(thing: WireThing, before: Mark) -> bool:
    known = before.known.get(thing.name)
    return thing.created_utc > before.floor if known is None else known != thing.version[:_DIGEST]


def _missing(seen: _Seen, before: Mark) -> list[str]:
    """Return what was known and should stand on the pages read, but does not."""
    names = {thing.name for thing in seen.things}
    candidates: list[str] = []
    covered = 0
    for name, digest in before.known.items():  # newest first
        if name in names:
            covered = len(candidates)
        elif digest != _GONE:
            candidates.append(name)
    return candidates if seen.ended else candidates[:covered]


def _mark(seen: _Seen, before: Mark, gone: Sequence[str]) -> Mark:
    if not seen.things:
        # An empty list may be a mistake of the moment, and what came in the very second of the newest thing must still be heard then.
        known = {name: _GONE if name in gone else digest for name, digest in before.known.items()}
        return Mark(newest=before.newest, floor=before.floor, known=known)
    top = seen.things[:PAGE_SIZE]
    return Mark(
        newest=max(before.newest, top[0].created_utc),
        floor=0.0 if seen.ended and len(top) == len(seen.things) else top[-1].created_utc,
        known={thing.name: _GONE if thing.gone else thing.version[:_DIGEST] for thing in top},
    )


async def _pages(session: Session, stream: Stream, mark: Mark | None) -> _Seen:
    found: dict[str, WireThing] = {}
    asked = {**dict(stream.params), "limit": str(PAGE_SIZE)}
    odd = ""
    for number in range(1, MOST_PAGES + 1):
        page = await _page(session, stream, asked)
        told, strange = _readable(page.data.children, stream.name)
        odd = odd or strange
        found |= {thing.name: thing for thing in told}
        seen = _Seen(tuple(sorted(found.values(), key=_age, reverse=True)), page.data.after is None, reached=True, odd=odd)
        if mark is None or any(thing.name in mark.known or thing.created_utc < mark.newest for thing in told):
            return seen
        if page.data.after is None:
            return replace(seen, reached=number < MOST_PAGES - 1)  # a list that is cut off ends like one that is whole
        asked["after"] = page.data.after
    return replace(seen, reached=False)


def _age(thing: WireThing) -> tuple[float, int, str]:
    return (thing.created_utc, len(thing.name), thing.name)


async def _page(session: Session, stream: Stream, asked: Mapping[str, str]) -> WireListing:
    answer = await session.ask(stream.path, asked)
    if answer.status == _FORBIDDEN:
        refused = session.refused("it is private, banned, or needs a scope that our refresh token lacks")
        message = f"{stream.name} cannot be heard. {refused.message}"
        raise SignInNeeded(message, refused.hint)
    page = read(WireListing, session.checked(answer), stream.name)
    if any(entry.kind == "t5" for entry in page.data.children):  # Reddit leads to a search for subreddits instead
        message = f"there is nothing to hear at {stream.name}: no such subreddit"
        raise NetworkError(message, "Look at its name in rules.yaml.")
    return page


def _readable(entries: Sequence[WireEntry], what: str) -> tuple[list[WireThing], str]:
    """Return what can be read of a list, and what is wrong with the rest. One odd post must not silence those around it.

    Raises:
        Malformed: nothing of it can be read.
    """
    told: list[WireThing] = []
    odd: Malformed | None = None
    for number, entry in enumerate(entries):
        if entry.kind in _NOT_OURS:
            continue
        try:
            told.append(read_thing(entry, f"{what}, entry {number}"))
        except Malformed as problem:
            odd = odd or problem
    if odd and not told:
        raise odd
    return told, odd.message if odd else ""
