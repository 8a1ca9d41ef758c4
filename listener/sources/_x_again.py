"""Reading known posts of X once more.

X's published description of its API (version 2.167, July 2026): `GET /2/tweets` takes up to 100 ids; what is not there stands in
`errors`, with its id in `resource_id` or `value`, and a type that ends in `resource-not-found`. Everything else said there (its author is
protected, suspended or has blocked us) is no deletion, and nothing is told. An older version of a post is shown with its older words, and
with the ids of all its versions, so that the newest is asked for after it. What is deleted on X is to be deleted elsewhere within a day
(X's developer agreement, August 2026), so nothing waits longer for a look than 20 hours.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

from pydantic import Field, TypeAdapter

from listener.errors import Malformed
from listener.http import Answer
from listener.model import Post
from listener.shapes import Wire
from listener.sources.base import Looked
from listener.x_client import POST_FIELDS, ReadingClient
from listener.x_wire import GONE_KINDS, WireIncludes, WirePost, WireProblem, is_id, read, single

MOST = 100
SLOWEST = timedelta(hours=20)


class _Missing(WireProblem):
    value: str = ""
    resource_id: str = ""


class _Many(Wire):
    data: tuple[object, ...] = Field(default=(), strict=False)
    errors: tuple[_Missing, ...] = Field(default=(), strict=False)
    includes: WireIncludes = WireIncludes()


_many = TypeAdapter(_Many)
Make = Callable[[WirePost, WireIncludes], Post]


async def look(client: ReadingClient, ids: Sequence[str], make: Make) -> Looked:
    """Read posts by the ids of their first versions.

    Raises:
        SignInNeeded, RateLimited, Malformed, NotConnected, NetworkError
    """
    usable = [each for each in ids if is_id(each)]
    if not usable:
        return Looked(())
    first = await _ask(client, usable)
    shown = _read(first, make)
    newest = [version for wire, _ in shown if (version := wire.version) != wire.id]
    newer = _read(await _ask(client, newest[:MOST]), make) if newest else []
    posts = {post.id: post for wire, post in (*shown, *newer) if wire.version == wire.id}
    gone = {each for error in first.errors if error.kind in GONE_KINDS for each in (error.resource_id, error.value)}
    return Looked(tuple(posts.values()), tuple(each for each in usable if each in gone))


async def _ask(client: ReadingClient, ids: Sequence[str]) -> _Many:
    def question() -> Awaitable[Answer]:
        answer: Awaitable[Answer] = client.get_tweets(list(ids), user_auth=False, **POST_FIELDS)
        return answer

    return await client.ask(_many, question, "the posts asked for")


def _read(told: _Many, make: Make) -> list[tuple[WirePost, Post]]:
    """Return what can be read; an odd post is as good as not told.

    Raises:
        Malformed: nothing can be read.
    """
    found: list[tuple[WirePost, Post]] = []
    odd: Malformed | None = None
    for entry in told.data:
        try:
            wire = read(single, entry, "a post asked for")
            found.append((wire, make(wire, told.includes)))
        except Malformed as problem:
            odd = odd or problem
    if odd and not found:
        raise odd
    return found
