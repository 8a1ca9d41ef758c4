"""Bluesky: public replies by our account, and private messages to people who take them from us (`_bluesky_chat`).

One reply stays one reply because its record key is made and stored before it is sent, and `putRecord` with `swapRecord: null` only
ever creates: the same record again answers 200 and changes nothing, another one answers 400 `InvalidSwap` (tried on the server's
own code, PDS 0.5.35, November 2026). Our own server tells at once what stands under a key, so doubt is settled by asking it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from listener.bluesky_session import (
    NETWORK,
    POSTS,
    Declined,
    Options,
    closed,
    code_of,
    is_spent,
    open_session,
    page_url,
    said,
)
from listener.clock import from_text, now, to_text
from listener.errors import NetworkError, NotConnected, RateLimited, SignInNeeded
from listener.http import Answer, retry_after
from listener.model import Account, Post
from listener.rules.rulebook import Rulebook
from listener.settings import writing_secret
from responders.channels._bluesky_chat import SEND, SERVICE, Chat, Letter, outcome
from responders.channels._bluesky_label import read_label, set_label
from responders.channels._bluesky_pace import PACE
from responders.channels._bluesky_session import WritingSession
from responders.channels._bluesky_text import Tids, facets_of_links, handles, limits, problem
from responders.channels._bluesky_wire import Own, OwnPage, Shown, View, Views, read
from responders.channels.base import (
    TOO_LATE,
    Barred,
    ChannelKind,
    Label,
    MayLeave,
    Parent,
    Refused,
    SendResult,
    Sent,
    Unknown,
    Unsent,
    Withdrawn,
    WithdrawResult,
    always,
    last_part,
)
from responders.model import Delivery, Kind

_BAD_REQUEST, _UNAUTHORIZED, _TOO_MANY = 400, 401, 429
_OWN_PAGES = 5
# The server checks a record before it touches the account's data, so these mean that nothing was written.
_CHECKED_FIRST = (f"Invalid {POSTS} record", "Invalid record key")
_WHEN_CLOSED = "Sign in at https://bsky.app with this account to see why. Until it is open again, nothing can be sent from it."

_Made = TypeVar("_Made")


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
        self._chat = Chat(session)

    async def identify(self) -> Account:
        """Return the account that would speak.

        Raises:
            SignInNeeded, RateLimited, NetworkError
        """
        return await self._session.account()

    async def keyed(self, kind: Kind) -> bool:
        """Return whether it is a public reply: a record key is part of the network itself, on every server. A message has none."""
        return kind is Kind.PUBLIC

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
        return Parent(there=True, text=view.record.text, version=view.cid, ours=await self._answers(post))

    async def send(self, delivery: Delivery, timeout: float, may_leave: MayLeave = always) -> SendResult:
        """Make one attempt, with one write, within `timeout` seconds. Never raises for what a network does."""
        if wrong := problem(delivery.text, delivery.kind):
            return Refused(wrong)
        end = asyncio.get_running_loop().time() + timeout
        ready = await self._ready(self._order(delivery), timeout / 2)
        if not isinstance(ready, _Order | Letter):
            return ready
        left = end - asyncio.get_running_loop().time()
        if left <= 0 or not may_leave():
            return Unsent(TOO_LATE)
        if isinstance(ready, Letter):
            answer = await self._write(SEND, ready.body, left, via=SERVICE)
            return outcome(answer, ready, delivery) if isinstance(answer, Answer) else answer
        answer = await self._write("com.atproto.repo.putRecord", ready.body, left)
        return self._published(answer, delivery, ready.account) if isinstance(answer, Answer) else answer

    async def withdraw(self, delivery: Delivery, timeout: float) -> WithdrawResult:
        """Delete the record, with one write, within `timeout` seconds. Never raises for what a network does.

        The server answers the same whether the record was there or not (tried on the server's own code, PDS 0.5.35, November 2026).
        """
        if delivery.kind is Kind.PRIVATE:
            return Refused("Bluesky deletes a private message for ourselves only; the person keeps it")
        home = f"at://{delivery.account}/{POSTS}/"
        rkey = delivery.remote_id.removeprefix(home) if delivery.remote_id else delivery.key
        if not rkey or "/" in rkey:
            return Refused("it does not stand among the posts of the account that was approved")
        end = asyncio.get_running_loop().time() + timeout
        account = await self._ready(self._session.account(timeout / 2), timeout / 2)
        if not isinstance(account, Account):
            return account
        if delivery.account != account.id:
            return _stranger(account)
        left = end - asyncio.get_running_loop().time()
        order = {"repo": account.id, "collection": POSTS, "rkey": rkey}
        answer = await self._write("com.atproto.repo.deleteRecord", order, left)
        if not isinstance(answer, Answer):
            return answer
        if answer.ok and not isinstance(answer.body, Mapping):
            return Unknown("Bluesky answered something else than that it is gone")
        return Withdrawn() if answer.ok else self._no(answer)

    async def find(self, delivery: Delivery) -> Sent | None:
        """Ask our own server what stands under the delivery's key; look for a message in the conversation it belongs to.

        Raises:
            SignInNeeded, NetworkError: the look failed, or something else stands there.
        """
        if delivery.kind is Kind.PRIVATE:
            return await self._chat.find(delivery)
        params = {"repo": delivery.account, "collection": POSTS, "rkey": delivery.key}
        try:
            found = read(Own, await self._session.ask("com.atproto.repo.getRecord", params), "record")
        except Declined as failure:
            if failure.code == "RecordNotFound":
                return None
            raise
        sent = _sent(await self._session.account(), delivery)
        if found.value.text != delivery.text or not _is_answer(found, delivery.parent):
            message = "another record of ours stands where this reply would be"
            raise NetworkError(message, f"Look at {sent.url}.")
        return sent

    async def label(self) -> Label:
        """Return whether our account carries the self-label of automated accounts; see `Labelled`."""
        return await read_label(self._session)

    async def mark(self) -> Label:
        """Put the self-label into our profile; see `Labelled`."""
        return await set_label(self._session)

    async def close(self) -> None:
        """Let go of connections."""
        await self._session.close()

    async def _view(self, uri: str) -> View | None:
        body = await self._session.ask("app.bsky.feed.getPosts", [("uris", uri)])
        found = read(Views, body, "list of posts").posts
        return found[0] if found and found[0].uri == uri else None

    async def _answers(self, post: Post) -> tuple[str, ...]:
        """Collect our answers to the post: from our own newest records, which our server knows at once, and from below the post."""
        account = await self._session.account()
        params = {"repo": account.id, "collection": POSTS, "limit": "100"}
        found: list[str] = []
        for _ in range(_OWN_PAGES):
            page = read(OwnPage, await self._session.ask("com.atproto.repo.listRecords", params), "list of records")
            found += [own.uri for own in page.records if _is_answer(own, post)]
            if not page.cursor or any(_is_older(own, post) for own in page.records[-1:]):
                break
            params["cursor"] = page.cursor
        body = await self._session.ask("app.bsky.feed.getPostThread", {"uri": post.id, "depth": "1", "parentHeight": "0"})
        below = [one.post for one in read(Shown, body, "thread").thread.replies if one.post]
        shown = [one.uri for one in below if one.author.did == account.id and one.uri not in found]
        return (*found, *[uri for uri in shown if await self._stands(uri)])

    async def _stands(self, uri: str) -> bool:
        """Ask our own server whether a record of ours is there: a thread may show for a while what is gone already."""
        repo, _, rest = uri.removeprefix("at://").partition("/")
        collection, _, rkey = rest.partition("/")
        try:
            await self._session.ask("com.atproto.repo.getRecord", {"repo": repo, "collection": collection, "rkey": rkey})
        except Declined as failure:
            if failure.code == "RecordNotFound":
                return False
            raise
        return True

    async def _ready(self, asked: Awaitable[_Made], timeout: float) -> _Made | Unsent | Barred:
        """Ask all that a write needs, within `timeout` seconds. Nothing has been sent, whatever goes wrong here."""
        try:
            async with asyncio.timeout(timeout):
                return await asked
        except RateLimited as failure:
            return Unsent(failure.message, failure.retry_after)
        except SignInNeeded as failure:
            return Barred(failure.message, failure.hint)
        except NetworkError as failure:
            return Unsent(f"nothing was sent, since Bluesky could not be asked before: {failure.message}")
        except TimeoutError:
            return Unsent("nothing was sent, since Bluesky is too slow")

    async def _write(self, method: str, body: Mapping[str, object], timeout: float, *, via: str = "") -> Answer | Unsent | Unknown:
        try:
            return await self._session.write(method, body, timeout, via=via)
        except NotConnected as failure:
            return Unsent(failure.message)
        except NetworkError as failure:
            return Unknown(failure.message)

    async def _order(self, delivery: Delivery) -> _Order | Letter | Refused | Unsent:
        """Build the write. Asking who we are makes sure that the token lasts until it is made."""
        account, parent = await self._session.account(), delivery.parent
        if delivery.account != account.id:
            return _stranger(account)
        if delivery.kind is Kind.PRIVATE:
            return await self._chat.letter(delivery)
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
        return facets_of_links(text) + [handle.facet("mention", did=did) for handle, did in named if did]

    async def _resolve(self, handle: str) -> str | None:
        try:
            did = (await self._session.ask("com.atproto.identity.resolveHandle", {"handle": handle})).get("did")
        except Declined:
            return None
        return did if isinstance(did, str) else None

    def _published(self, answer: Answer, delivery: Delivery, account: Account) -> SendResult:
        """Say what an answer to the write means."""
        if not answer.ok:
            return self._no(answer)
        sent = _sent(account, delivery)
        same = isinstance(answer.body, Mapping) and answer.body.get("uri") == sent.remote_id
        return sent if same else Unknown("Bluesky's answer does not name the reply")

    def _no(self, answer: Answer) -> Refused | Unknown | Unsent | Barred:
        """Tell a "no" that is known to mean that nothing was written from everything else, which is doubt."""
        code, told = code_of(answer), said(answer)
        if answer.status == _TOO_MANY:
            return Unsent("Bluesky asks us to wait", retry_after(answer.headers, now()))
        if is_spent(answer):
            return Unsent("the sign-in ran out just before the write")
        if how := closed(answer):
            return Barred(f"Bluesky says that our account is {how}", _WHEN_CLOSED)
        if answer.status == _UNAUTHORIZED and code:
            return Barred(f"Bluesky does not let us write: {told}", self._session.mending)
        if answer.status == _BAD_REQUEST and code == "InvalidRequest" and told.startswith(_CHECKED_FIRST):
            return Refused(f"Bluesky does not take the text: {told}")
        if answer.status == _BAD_REQUEST and code == "InvalidSwap":
            return Unknown("a record of ours stands under this reply's key already; it may be this very reply")
        return Unknown(f"Bluesky answered {answer.status}: {told}")


def _is_answer(own: Own, post: Post) -> bool:
    return own.value.reply is not None and own.value.reply.parent.uri == post.id


def _is_older(own: Own, post: Post) -> bool:
    try:
        return from_text(own.value.created_at) < post.created_at
    except (ValueError, OverflowError):
        return False


def _stranger(account: Account) -> Refused:
    return Refused(f"the sign-in is for {account.handle}, which is not the account that was approved")


def _sent(account: Account, delivery: Delivery) -> Sent:
    handle = account.handle if account.id == delivery.account else ""
    return Sent(f"at://{delivery.account}/{POSTS}/{delivery.key}", page_url(handle, delivery.account, delivery.key))


def _address(text: str, post: Post, kind: Kind) -> str:  # noqa: ARG001 - every network is asked the same way
    return text


def _id_in(url: str, account: str) -> str:
    return url if url.startswith("at://") else f"at://{account}/{POSTS}/{last_part(url, account)}"


def _make(options: Mapping[str, object], book: Rulebook) -> Bluesky:
    return Bluesky(open_session(WritingSession, Options.model_validate(options), book, writing_secret(NETWORK)))


KIND = ChannelKind(
    network=NETWORK,
    make=_make,
    limits=limits,
    address=_address,
    new_key=Tids().next,
    private=True,
    secrets=(writing_secret(NETWORK),),
    pace=PACE,
    settle_after=10.0,  # our own server knows at once; this is for a write that is still under way
    key_lifetime=None,
    id_in=_id_in,
)
