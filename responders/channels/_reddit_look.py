"""Looking at Reddit for the channel: the post to be answered, and what our own account has written."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta

from pydantic import Field, TypeAdapter

from listener.errors import NetworkError
from listener.model import Post
from listener.reddit_session import Session
from listener.reddit_wire import COMMENT, WireEntry, WireListing, WireThing, author_of, is_by, is_id, read, read_thing
from listener.shapes import Wire
from responders.channels._reddit_text import essence, markdown
from responders.channels.base import Parent, Sent
from responders.model import Delivery

_SUBREDDIT = re.compile(r"[A-Za-z0-9_-]{1,50}")
_Thread = TypeAdapter(tuple[WireListing, WireListing])
_GONE = frozenset({403, 404})
_PAGE_SIZE = 100
_MOST_PAGES = 10  # Reddit's lists end near a thousand
_MOST_BELOW = 500
_CLOCKS_APART = timedelta(hours=4)  # how far Reddit's clock may be from ours when own comments are looked through


class _Entry(Wire):
    kind: str
    data: WireThing


class _Things(Wire):
    things: list[_Entry]


class _Json(Wire):
    data: _Things


class WireWritten(Wire):
    """The answer to a comment that was stored."""

    json_: _Json = Field(alias="json")


class _Replies(Wire):
    replies: WireListing | str = ""  # an empty text where there are none


class _Sub(Wire):
    display_name: str = ""
    user_is_banned: bool | None = None


class _About(Wire):
    data: _Sub


class Looks:
    """What can be seen on Reddit by one account."""

    def __init__(self, session: Session) -> None:
        """Look by a session."""
        self._session = session

    async def parent(self, post: Post) -> Parent:
        """Read a post as it is now; see `Channel.look`.

        Raises:
            SignInNeeded, NetworkError
        """
        if not is_id(post.id):
            return Parent(there=False, reason="its id is none of Reddit's")
        thing = await self.thing(post.id)
        if thing is None or thing.gone:
            return Parent(there=False, reason="the post was deleted or removed")
        if author_of(thing).id != post.author.id:
            return Parent(there=False, reason="another account stands under it than the one that was heard")
        answer = await self._session.ask(*_thread_of(thing))
        if answer.status in _GONE:
            return Parent(there=False, reason="the subreddit does not let us in")
        above, below, whole = _thread(self._session.checked(answer), post.id)
        if any(each.archived for each in (thing, *above)):
            return Parent(there=False, reason="the thread is archived, so nobody can reply")
        if any(each.locked for each in (thing, *above)):
            return Parent(there=False, reason="the thread is locked, so nobody can reply")
        us = await self._session.account()
        found = [each.name for each in below if is_by(each, us) and not each.gone]
        own, all_of_it = await self._own(thing.created_at)
        if not (whole or all_of_it):
            raise _not_far_enough()
        found += [each.name for each in own if each.parent_id == post.id]
        return Parent(there=True, text=thing.text, version=thing.version, ours=tuple(dict.fromkeys(found)))

    async def delivery(self, delivery: Delivery) -> Sent | None:
        """Look for a delivery: among the answers to its post, then among our newest comments; see `Channel.find`.

        Raises:
            SignInNeeded, NetworkError
        """
        us = await self._session.account()
        wanted = essence(markdown(delivery.text))

        def is_it(thing: WireThing) -> bool:
            same_place = thing.parent_id == delivery.parent.id and is_by(thing, us)
            return same_place and essence(thing.body or "") == wanted

        since = min(delivery.created_at, delivery.first_attempt_at or delivery.created_at)
        own, all_of_it = await self._own(since, is_it)
        if found := next(filter(is_it, own), None):
            return Sent(found.name, found.address)
        thing = await self.thing(delivery.parent.id)
        answer = await self._session.ask(*_thread_of(thing)) if thing else None
        if answer is None or answer.status in _GONE:
            below, whole = list[WireThing](), False
        else:
            _, below, whole = _thread(self._session.checked(answer), delivery.parent.id)
        if found := next(filter(is_it, below), None):
            return Sent(found.name, found.address)
        if not (whole or all_of_it):
            raise _not_far_enough()
        return None

    async def thing(self, fullname: str) -> WireThing | None:
        """Read one comment or submission; None where Reddit knows none.

        Raises:
            SignInNeeded, NetworkError
        """
        body = self._session.checked(await self._session.ask("/api/info", {"id": fullname}))
        found = [read_thing(entry, "the post") for entry in read(WireListing, body, "the post").data.children]
        return next((each for each in found if each.name == fullname), None)

    async def banned(self, post: Post) -> str:
        """Return the name of the subreddit a post stands in where our account is banned from it, else "".

        Raises:
            SignInNeeded, NetworkError
        """
        thing = await self.thing(post.id)
        if thing is None or not _SUBREDDIT.fullmatch(thing.subreddit):
            return ""
        answer = await self._session.ask(f"/r/{thing.subreddit}/about", {})
        about = read(_About, self._session.checked(answer), "the subreddit")
        return about.data.display_name or thing.subreddit if about.data.user_is_banned else ""

    async def _own(self, since: datetime, enough: Callable[[WireThing], bool] = lambda _: False) -> tuple[list[WireThing], bool]:
        """Return our own comments, newest first, and whether they reach back to `since`; it stops at one that is `enough`."""
        path = f"/user/{(await self._session.account()).handle}/comments"
        asked = {"sort": "new", "limit": str(_PAGE_SIZE)}
        found: list[WireThing] = []
        for _ in range(_MOST_PAGES):
            body = self._session.checked(await self._session.ask(path, asked))
            page = read(WireListing, body, "our own comments").data
            things = [read_thing(entry, "our own comments") for entry in page.children if entry.kind == COMMENT]
            found += things
            if any(map(enough, things)) or any(each.created_at < since - _CLOCKS_APART for each in things):
                return found, True
            if page.after is None:
                return found, len(found) < (_MOST_PAGES - 1) * _PAGE_SIZE
            asked["after"] = page.after
        return found, False


def _thread_of(thing: WireThing) -> tuple[str, dict[str, str]]:
    """Return the path and the parameters that ask for a thing and what stands directly below it."""
    article, bare = thing.thread.partition("_")[2], thing.name.partition("_")[2]
    asked = {"limit": str(_MOST_BELOW), "sort": "new", "context": "0", "threaded": "true"}
    if thing.thread == thing.name:
        return f"/comments/{article}", {**asked, "depth": "1"}
    return f"/comments/{article}/_/{bare}", {**asked, "depth": "2"}


def _thread(body: object, fullname: str) -> tuple[list[WireThing], list[WireThing], bool]:
    """Read the submission, what stands directly below a thing, and whether that is all of it."""
    shown, level = read(_Thread, body, "the thread")
    entries = _replies(level, fullname) if fullname.startswith(COMMENT) else level.data.children
    below = [read_thing(entry, "the thread") for entry in entries or () if entry.kind == COMMENT]
    whole = entries is not None and len(below) == len(entries)  # what is left out stands there as "more"
    return [read_thing(entry, "the thread") for entry in shown.data.children], below, whole


def _replies(level: WireListing, fullname: str) -> list[WireEntry] | None:
    """Return the entries below a comment; None where the comment itself is not shown."""
    for entry in level.data.children:
        if entry.data.get("name") == fullname:
            replies = read(_Replies, entry.data, "the thread").replies
            return [] if isinstance(replies, str) else replies.data.children
    return None


def _not_far_enough() -> NetworkError:
    message = "so much has been written since that not all of it can be looked through"
    return NetworkError(message, "Look at the post and decide.")
