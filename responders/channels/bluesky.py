"""Bluesky: public replies by our account. There are no private messages here.

One reply stays one reply because its record key is made and stored before it is sent, and `putRecord` with `swapRecord: null` only
ever creates: the same record again answers 200 and changes nothing, another one answers 400 `InvalidSwap` (tried on the server's
own code, PDS 0.5.35, November 2026). Our own server tells at once what stands under a key, so doubt is settled by asking it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from listener.bluesky_session import (
    NETWORK,
    POSTS,
    Declined,
    Options,
    code_of,
    is_bad_token,
    open_session,
    page_url,
    said,
)
from listener.clock import from_text, now, to_text
from listener.errors import Malformed, NetworkError, NotConnected, RateLimited, SignInNeeded
from listener.http import Answer, retry_after
from listener.model import Account, Post
from listener.rules.rulebook import Rulebook
from listener.settings import writing_secret
from responders.channels._bluesky_session import WritingSession
from responders.channels._bluesky_text import LIMITS, Tids, handles, links, problem
from responders.channels.base import (
    TOO_LATE,
    ChannelKind,
    MayLeave,
    Parent,
    Refused,
    SendResult,
    Sent,
    TextLimits,
    Unknown,
    Unsent,
    always,
)
from responders.model import Delivery, Kind

_BAD_REQUEST, _UNAUTHORIZED, _TOO_MANY = 400, 401, 429
_SIGN_IN_REST = 900.0
_OWN_PAGES = 5
# The server checks a record before it touches the account's data, so these mean that nothing was written.
_CHECKED_FIRST = (f"Invalid {POSTS} record", "Invalid record key")
_ACCOUNT_CLOSED = {"AccountTakedown": "suspended", "AccountDeactivated": "deactivated"}


class _Wire(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True)


class _Ref(_Wire):
    uri: str
    cid: str


class _Reply(_Wire):
    root: _Ref
    parent: _Ref


class _Words(_Wire):
    text: str
    reply: _Reply | None = None
    created_at: str = Field(default="", alias="createdAt")


class _Viewer(_Wire):
    reply_disabled: bool = Field(default=False, alias="replyDisabled")


class _View(_Wire):
    uri: str
    cid: str
    record: _Words
    viewer: _Viewer = _Viewer()

    @property
    def root(self) -> _Ref:
        """The first post of the thread, as this post names it; it may itself be deleted by now."""
        return self.record.reply.root if self.record.reply else _Ref(uri=self.uri, cid=self.cid)


class _Views(_Wire):
    posts: Annotated[list[_View], Field(max_length=1)]


class _Own(_Wire):
    uri: str
    value: _Words


class _OwnPage(_Wire):
    records: list[_Own]
    cursor: str = ""


class _Author(_Wire):
    did: str


class _Post(_Wire):
    author: _Author


class _Below(_Wire):
    post: _Post | None = None  # a deleted or blocked one has none


class _Thread(_Wire):
    replies: list[_Below] = []


class _Shown(_Wire):
    thread: _Thread


_Model = TypeVar("_Model", bound=BaseModel)


def _read(model: type[_Model], body: object, what: str) -> _Model:
    try:
        return model.model_validate(body)
    except ValidationError:
        message = f"Bluesky's answer is no {what}"
        raise Malformed(message) from None


@dataclass(frozen=True, slots=True)
class _Order:
    """A write that is ready to leave, and who writes."""

    account: Account
    body: Mapping[str, object]


class Bluesky:
    """Speaks on Bluesky as one account."""

    network = NETWORK

    def __init__(self, session: WritingSession) -> None:
        """Speak through `session`."""
        self._session = session

    async def identify(self) -> Account:
        """Return the account that would speak.

        Raises:
            SignInNeeded, RateLimited, NetworkError
        """
        return await self._session.account()

    async def keyed(self) -> bool:
        """Return True: a record key is part of the network itself, on every server."""
        return True

    async def look(self, post: Post) -> Parent:
        """Read the post as it is now, and whether our account has answered it.

        Raises:
            SignInNeeded, NetworkError: it could not be read; then nothing may be sent.
        """
        view = await self._view(post.id)
        if view is None:
            return Parent(there=False, reason="the post is gone, or its author has blocked us")
        if view.viewer.reply_disabled:
            return Parent(there=False, reason="its author does not let us reply")
        return Parent(there=True, text=view.record.text, version=view.cid, answered_by_us=await self._answered(post))

    async def send(self, delivery: Delivery, timeout: float, may_leave: MayLeave = always) -> SendResult:
        """Make one attempt, with one write, within `timeout` seconds. Never raises for what a network does."""
        if delivery.kind is Kind.PRIVATE:
            return Refused("Earnest sends no private messages on Bluesky")
        if wrong := problem(delivery.text):
            return Refused(wrong)
        end = asyncio.get_running_loop().time() + timeout
        ready = await self._ready(delivery, timeout / 2)
        if not isinstance(ready, _Order):
            return ready
        left = end - asyncio.get_running_loop().time()
        if left <= 0 or not may_leave():
            return Unsent(TOO_LATE)
        try:
            answer = await self._session.write("com.atproto.repo.putRecord", ready.body, left)
        except NotConnected as failure:
            return Unsent(failure.message)
        except NetworkError as failure:
            return Unknown(failure.message)
        return _verdict(answer, delivery, ready.account)

    async def find(self, delivery: Delivery) -> Sent | None:
        """Ask our own server what stands under the delivery's key.

        Raises:
            SignInNeeded, NetworkError: the look failed, or something else stands there.
        """
        params = {"repo": delivery.account, "collection": POSTS, "rkey": delivery.key}
        try:
            found = _read(_Own, await self._session.ask("com.atproto.repo.getRecord", params), "record")
        except Declined as failure:
            if failure.code == "RecordNotFound":
                return None
            raise
        sent = _sent(await self._session.account(), delivery)
        if found.value.text != delivery.text or not _answers(found, delivery.parent):
            message = "another record of ours stands where this reply would be"
            raise NetworkError(message, f"Look at {sent.url}.")
        return sent

    async def close(self) -> None:
        """Let go of connections."""
        await self._session.close()

    async def _view(self, uri: str) -> _View | None:
        body = await self._session.ask("app.bsky.feed.getPosts", [("uris", uri)])
        found = _read(_Views, body, "list of posts").posts
        return found[0] if found and found[0].uri == uri else None

    async def _answered(self, post: Post) -> bool:
        """Look for an answer to the post: in our own newest records, which our server knows at once, then below the post."""
        account = await self._session.account()
        params = {"repo": account.id, "collection": POSTS, "limit": "100"}
        for _ in range(_OWN_PAGES):
            page = _read(_OwnPage, await self._session.ask("com.atproto.repo.listRecords", params), "list of records")
            if any(_answers(own, post) for own in page.records):
                return True
            if not page.cursor or any(_is_older(own, post) for own in page.records[-1:]):
                return False
            params["cursor"] = page.cursor
        body = await self._session.ask("app.bsky.feed.getPostThread", {"uri": post.id, "depth": "1", "parentHeight": "0"})
        return any(one.post and one.post.author.did == account.id for one in _read(_Shown, body, "thread").thread.replies)

    async def _ready(self, delivery: Delivery, timeout: float) -> _Order | SendResult:
        """Ask all that the write needs, within `timeout` seconds. Nothing has been sent, whatever goes wrong here."""
        try:
            async with asyncio.timeout(timeout):
                return await self._order(delivery)
        except RateLimited as failure:
            return Unsent(failure.message, failure.retry_after)
        except SignInNeeded as failure:
            return Unsent(failure.message, _SIGN_IN_REST)
        except NetworkError as failure:
            return Unsent(f"nothing was sent, since the post could not be read again: {failure.message}")
        except TimeoutError:
            return Unsent("nothing was sent, since Bluesky is too slow")

    async def _order(self, delivery: Delivery) -> _Order | SendResult:
        """Build the write. Asking for the post just before also makes sure that the sign-in is fresh."""
        account, parent = await self._session.account(), delivery.parent
        if delivery.account != account.id:
            return Refused(f"the sign-in is for {account.handle}, which is not the account that was approved")
        view = await self._view(parent.id)
        if view is None or (parent.version and view.cid != parent.version):
            return Unsent("the post changed or went away just now")
        record: dict[str, object] = {
            "$type": POSTS,
            "text": delivery.text,
            "createdAt": to_text(delivery.created_at),
            "reply": {"root": view.root.model_dump(), "parent": {"uri": view.uri, "cid": view.cid}},
        }
        known = {parent.author.handle.lower(): parent.author.id, account.handle.lower(): account.id}
        if facets := await self._facets(delivery.text, known):
            record["facets"] = facets
        order = {"repo": account.id, "collection": POSTS, "rkey": delivery.key, "swapRecord": None, "record": record}
        return _Order(account, order)

    async def _facets(self, text: str, known: Mapping[str, str]) -> list[dict[str, object]]:
        named = [(handle, known.get(handle.said) or await self._resolve(handle.said)) for handle in handles(text)]
        facets = [link.facet("link", uri=link.said) for link in links(text)]
        return facets + [handle.facet("mention", did=did) for handle, did in named if did]

    async def _resolve(self, handle: str) -> str | None:
        try:
            did = (await self._session.ask("com.atproto.identity.resolveHandle", {"handle": handle})).get("did")
        except Declined:
            return None
        return did if isinstance(did, str) else None


def _answers(own: _Own, post: Post) -> bool:
    return own.value.reply is not None and own.value.reply.parent.uri == post.id


def _is_older(own: _Own, post: Post) -> bool:
    try:
        return from_text(own.value.created_at) < post.created_at
    except (ValueError, OverflowError):
        return False


def _sent(account: Account, delivery: Delivery) -> Sent:
    handle = account.handle if account.id == delivery.account else ""
    return Sent(f"at://{delivery.account}/{POSTS}/{delivery.key}", page_url(handle, delivery.account, delivery.key))


def _verdict(answer: Answer, delivery: Delivery, account: Account) -> SendResult:
    """Say what an answer to the write means."""
    if answer.ok:
        sent = _sent(account, delivery)
        same = isinstance(answer.body, Mapping) and answer.body.get("uri") == sent.remote_id
        return sent if same else Unknown("Bluesky's answer does not name the reply")
    if answer.status == _TOO_MANY:
        return Unsent("Bluesky asks us to wait", retry_after(answer.headers, now()))
    if is_bad_token(answer):
        return Unsent("the sign-in ran out just before the reply was sent")
    return _no(answer)


def _no(answer: Answer) -> Refused | Unknown:
    """Tell a "no" that is known to mean that nothing was written from everything else, which is doubt."""
    code, told = code_of(answer), said(answer)
    if answer.status == _UNAUTHORIZED and code in _ACCOUNT_CLOSED:
        return Refused(f"Bluesky says that our account is {_ACCOUNT_CLOSED[code]}")
    if answer.status == _BAD_REQUEST and code == "InvalidRequest" and told.startswith(_CHECKED_FIRST):
        return Refused(f"Bluesky does not take the text: {told}")
    if answer.status == _BAD_REQUEST and code == "InvalidSwap":
        return Unknown("a record of ours stands under this reply's key already; it may be this very reply")
    return Unknown(f"Bluesky answered {answer.status}: {told}")


def _limits(kind: Kind) -> TextLimits:  # noqa: ARG001 - every network is asked the same way
    return LIMITS


def _address(text: str, post: Post, kind: Kind) -> str:  # noqa: ARG001 - every network is asked the same way
    return text


def _make(options: Mapping[str, object], book: Rulebook) -> Bluesky:
    return Bluesky(open_session(WritingSession, Options.model_validate(options), book, writing_secret(NETWORK)))


KIND = ChannelKind(
    network=NETWORK,
    make=_make,
    limits=_limits,
    address=_address,
    new_key=Tids().next,
    private=False,
    secrets=(writing_secret(NETWORK),),
    settle_after=10.0,  # our own server knows at once; this is for a write that is still under way
    key_lifetime=None,
)
