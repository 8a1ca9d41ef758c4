"""Reading known posts of Bluesky once more, with an account or without.

The lexicon of `app.bsky.feed.getPosts` (November 2026): at most 25 at once; what is deleted is left out of the answer, and so is what the
asking account may not see (tried on AppView 0.0.280: a block hides the post). So what is missing is asked for once more by nobody in
particular, at the public view: shown there, its author has only blocked us, and nothing is told. An account that is deactivated or taken
down counts as gone: its words are shown to nobody.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from typing import Annotated

from pydantic import Field, ValidationError

from listener.bluesky_wire import PLACE, Moment, Person, Record, author_of, post_of, read
from listener.clock import now
from listener.decoding import tidy
from listener.errors import Malformed, NetworkError, RateLimited
from listener.http import Http, retry_after
from listener.model import Account, Post
from listener.shapes import Wire
from listener.sources.base import Looked

MOST = 25
SLOWEST = timedelta(days=7)
METHOD = "app.bsky.feed.getPosts"

_TOO_MANY = 429
_DEEPEST = 8
Ask = Callable[[Sequence[tuple[str, str]]], Awaitable[Mapping[str, object]]]


class _View(Wire):
    uri: Annotated[str, Field(pattern=PLACE.pattern)]
    cid: str
    author: Person
    record: dict[str, object]
    at: Moment = Field(alias="indexedAt")


class _Views(Wire):
    posts: list[object]


async def look(ids: Sequence[str], ways: Sequence[Ask], ours: Sequence[Account]) -> Looked:
    """Read posts in the first of `ways`; what is missing there and in every other way is gone.

    Raises:
        SignInNeeded, RateLimited, Malformed, NotConnected, NetworkError: the first way fails. Where another fails, nothing is gone.
    """
    usable = [each for each in ids if PLACE.fullmatch(each)]
    shown = await _shown(ways[0], usable)
    missing = [each for each in usable if each not in shown]
    for way in ways[1:]:
        if missing:
            try:
                seen = await _shown(way, missing)
            except NetworkError:
                missing = []
            else:
                missing = [each for each in missing if each not in seen]
    posts = [post for each in usable if (view := shown.get(each)) and (post := _post(view, ours))]
    return Looked(tuple(posts), tuple(missing))


async def _shown(ask: Ask, uris: Sequence[str]) -> dict[str, object]:
    """Return what is shown of posts, by their ids; still unread, so that an odd one is not taken for gone."""
    body = await ask([("uris", uri) for uri in uris])
    found: dict[str, object] = {}
    for view in read(_Views, body, "list of posts").posts:
        if not isinstance(view, Mapping) or not isinstance(view.get("uri"), str):
            message = "Bluesky's answer is no list of posts"
            raise Malformed(message)
        found[str(view["uri"])] = view
    return found


def _post(shown: object, ours: Sequence[Account]) -> Post | None:
    """Return the post, or None where it cannot be read; who is quoted or answered counts as named, as in the lists."""
    try:
        view = _View.model_validate(shown)
        record = Record.model_validate(tidy(view.record))
    except ValidationError:
        return None
    handles = {account.id: account.handle for account in ours}
    linked = (PLACE.fullmatch(uri) for uri in texts(view.record.get("embed")))
    quoted = [place["did"] for place in linked if place and place["did"] in handles]
    named = [name for did in dict.fromkeys(quoted) for name in (did, handles[did])]
    return post_of(record, view.uri, view.cid, author_of(view.author), view.at, named=named, own=view.author.did in handles)


def texts(value: object, depth: int = 0) -> list[str]:
    """Return every text within."""
    if isinstance(value, str):
        return [value]
    if depth >= _DEEPEST:
        return []
    parts = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return [found for part in parts for found in texts(part, depth + 1)]


def publicly(http: Http) -> Ask:
    """Return the way that asks the public view, as nobody in particular."""

    async def ask(params: Sequence[tuple[str, str]]) -> Mapping[str, object]:
        answer = await http.call("GET", f"/xrpc/{METHOD}", params=list(params))
        if answer.status == _TOO_MANY:
            message = f"{http.host} asks us to wait"
            raise RateLimited(message, retry_after(answer.headers, now()))
        if not answer.ok:
            message = f"{http.host} does not show posts (status {answer.status})"
            raise NetworkError(message)
        if not isinstance(answer.body, Mapping):
            message = f"{http.host} answered with something other than an object"
            raise Malformed(message)
        return answer.body

    return ask
