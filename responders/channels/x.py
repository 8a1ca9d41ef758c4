"""Speak on X: a public reply, or a private message to somebody who wrote us one first.

Addresses and bodies: X's published description of its API (version 2.167, July 2026); docs.x.com, "manage posts", "manage direct
messages" and "rate limits" (August 2026). X has no key that would keep a repeated request from publishing twice, so nothing is ever
sent again after doubt. Since 23 February 2026 programs of self-serve customers may answer only posts that mention or quote the account.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from uuid import uuid4

from listener.errors import Malformed, NetworkError, NotConnected, RateLimited, SignInNeeded
from listener.http import Answer
from listener.model import Account, Post, Visibility
from listener.rules.rulebook import Rulebook
from listener.settings import Secret, secret, secret_variable, writing_secret
from listener.x_client import POST_FIELDS, ReadingClient, within
from listener.x_wire import (
    NETWORK,
    Options,
    WireOne,
    WirePage,
    WirePost,
    is_id,
    one,
    page,
    read,
    single,
    url_of,
)
from responders.channels._x_messages import Messages
from responders.channels._x_pace import PACE
from responders.channels._x_text import essence, limits, problem
from responders.channels._x_verdicts import published, withdrawn
from responders.channels.base import (
    TOO_LATE,
    Barred,
    ChannelKind,
    MayLeave,
    Parent,
    Refused,
    SendResult,
    Sent,
    Unknown,
    Unsent,
    WithdrawResult,
    always,
)
from responders.model import Delivery, Kind
from responders.policies import Standing, by_hand, gates

_SECRET = writing_secret(NETWORK)
_PAGE_SIZE = 100
_MOST_PAGES = 32  # X gives no more than our newest 3,200 posts
_OPEN = frozenset({Visibility.PUBLIC, Visibility.UNLISTED})
_OTHER_ACCOUNT = "the sign-in is for another account than the one that was approved"


class _WritingClient(ReadingClient):
    """The client that also writes. It lives here and not beside the other, so that nothing in `listener` can publish."""

    methods = frozenset({"GET", "POST", "DELETE"})


class X:
    """Speaks on X as one account."""

    network = NETWORK

    def __init__(self, service: str, keys: Secret, handles: tuple[str, ...]) -> None:
        """Keep address, keys and the brands' own handles; nothing is opened yet.

        Raises:
            UsageError: the service is no usable address.
            SignInNeeded: the keys are not what X gives.
        """
        self._client = _WritingClient(service, keys, _SECRET)
        self._messages = Messages(self._client)
        self._handles = frozenset(handle.casefold() for handle in handles)
        self._account: Account | None = None

    async def identify(self) -> Account:
        """Return the account that would speak.

        Raises:
            SignInNeeded, RateLimited, NetworkError
        """
        if self._account is None:
            self._account = await self._client.me()
        return self._account

    async def keyed(self, kind: Kind) -> bool:  # noqa: ARG002 - every network is asked the same way
        """Return False: X publishes twice what is sent twice, unless it notices that the words are the same."""
        return False

    async def look(self, post: Post) -> Parent:
        """Read the newest version of the post, and our own answers to any version of it.

        Raises:
            SignInNeeded, NetworkError: it could not be read; then nothing may be sent.
        """
        if not is_id(post.id):
            return Parent(there=False, reason="its id is none of X's")
        found = await self._post(post.id)
        if found.data and found.data.version != found.data.id:
            found = await self._post(found.data.version)
        if found.data is None:
            if found.why_not:
                return Parent(there=False, reason=found.why_not)
            message = "X neither shows the post nor says why"
            raise Malformed(message)
        if found.data.author_id != post.author.id:
            return Parent(there=False, reason="another post stands under its id")
        versions = {post.id, *found.data.history}
        ours = [own.first async for own in self._own_posts(found.data.first) if own.refers("replied_to") in versions]
        return Parent(there=True, text=found.data.text, version=found.data.version, ours=tuple(ours))

    async def send(self, delivery: Delivery, timeout: float, may_leave: MayLeave = always) -> SendResult:
        """Make one attempt, with one POST, within `timeout` seconds. Never raises for what a network does."""
        if unfit := self._unfit(delivery):
            return Refused(unfit)
        end = asyncio.get_running_loop().time() + timeout
        if (no := await _before(self._refusal(delivery), timeout / 2)) is not None:
            return no
        left = end - asyncio.get_running_loop().time()
        if left <= 0 or not may_leave():
            return Unsent(TOO_LATE)
        answer = await _once(lambda: self._publish(delivery), left)
        return published(answer, delivery, self._handle, _SECRET) if isinstance(answer, Answer) else answer

    async def find(self, delivery: Delivery) -> Sent | None:
        """Look through our own posts since the one that was answered, or through our messages with its author.

        Raises:
            SignInNeeded, NetworkError: the look failed, which says nothing.
        """
        us = await self.identify()
        if delivery.kind is Kind.PRIVATE:
            return await self._messages.find(delivery, us)
        versions = {delivery.parent.id, _target(delivery.parent)}
        async with aclosing(self._own_posts(delivery.parent.id)) as posts:
            async for own in posts:
                if own.refers("replied_to") in versions and essence(own.text, own.entities.links) == essence(delivery.text):
                    return Sent(own.first, url_of(us.handle, own.first))
        return None

    async def withdraw(self, delivery: Delivery, timeout: float) -> WithdrawResult:
        """Delete a reply within `timeout` seconds. A message cannot be taken back: X deletes it for ourselves alone."""
        if delivery.kind is Kind.PRIVATE:
            return Refused("X deletes a private message for ourselves only; the person keeps it")
        if not is_id(delivery.remote_id):
            return Refused("its id is none of X's")
        end = asyncio.get_running_loop().time() + timeout
        if (no := await _before(self._other_account(delivery), timeout / 2)) is not None:
            return no
        left = max(end - asyncio.get_running_loop().time(), 0.1)
        answer = await _once(lambda: self._client.delete_tweet(delivery.remote_id, user_auth=False), left)
        return withdrawn(answer, _SECRET) if isinstance(answer, Answer) else answer

    async def close(self) -> None:
        """Let go of connections."""
        await self._client.close()

    @property
    def _handle(self) -> str:
        return self._account.handle if self._account else "i"

    def _unfit(self, delivery: Delivery) -> str:
        """Say why the delivery must not be sent, as far as that needs no question, or ""."""
        parent = delivery.parent
        if not is_id(parent.id) or not is_id(parent.author.id):
            return "the id of the post or of its author is none of X's"
        if delivery.kind is Kind.PUBLIC and parent.visibility not in _OPEN:
            return "the post was not public, so its answer must not be"
        called = Standing(called=delivery.kind is not Kind.PUBLIC or self._summoned(parent, delivery.account))
        if gate := by_hand(gates(NETWORK, called)):
            return f"the post neither mentions nor quotes us. {gate.reason}: {url_of(parent.author.handle, parent.id)}"
        return problem(delivery.text, delivery.kind)

    def _summoned(self, post: Post, account_id: str) -> bool:
        """Return whether the author called us: by name, by a quote (which the source counts as naming) or by a reply to us."""
        names = {name.casefold() for name in post.mentions}
        ours = self._handles | {account_id} | ({self._account.handle.casefold()} if self._account else set())
        return not names.isdisjoint(ours) or post.parent_author_id == account_id

    async def _other_account(self, delivery: Delivery) -> str:
        return _OTHER_ACCOUNT if delivery.account != (await self.identify()).id else ""

    async def _refusal(self, delivery: Delivery) -> str:
        """Say why the delivery must not be sent, as far as X has to be asked, or ""."""
        if other := await self._other_account(delivery):
            return other
        if delivery.kind is Kind.PUBLIC:
            return ""
        return await self._messages.why_not(delivery.parent.author.id)

    async def _publish(self, delivery: Delivery) -> Answer:
        client, parent = self._client, delivery.parent
        if delivery.kind is Kind.PRIVATE:
            answer = await client.create_direct_message(participant_id=parent.author.id, text=delivery.text, user_auth=False)
        else:
            answer = await client.create_tweet(text=delivery.text, in_reply_to_tweet_id=_target(parent), user_auth=False)
        return answer  # type: ignore[no-any-return]  # tweepy has no types

    async def _post(self, post_id: str) -> WireOne:
        return await self._client.ask(one, lambda: self._client.get_tweet(post_id, user_auth=False, **POST_FIELDS), "the post")

    async def _own_posts(self, since: str) -> AsyncGenerator[WirePost]:
        """Read our own posts after `since`, the newest first."""
        us, token = await self.identify(), None
        for _ in range(_MOST_PAGES):
            asked = {"max_results": _PAGE_SIZE, "since_id": since, "pagination_token": token, **POST_FIELDS}
            found: WirePage = await self._client.ask(page, _timeline(self._client, us.id, asked), "our own posts")
            for own in found.data:
                yield read(single, own, "one of our own posts")
            token = found.meta.next_token
            if not token:
                return
        message = f"we have written more than {_MOST_PAGES * _PAGE_SIZE} posts since, and X shows no more"
        raise NetworkError(message, "Look at the post and decide.")


def _timeline(client: ReadingClient, account_id: str, asked: Mapping[str, object]) -> Callable[[], Awaitable[Answer]]:
    return lambda: client.get_users_tweets(account_id, user_auth=False, **asked)


def _target(post: Post) -> str:
    """Return the id of the version that was heard: on X each edit makes a new one."""
    return post.version if is_id(post.version) else post.id


async def _before(question: Awaitable[str], seconds: float) -> Refused | Unsent | Barred | None:
    """Ask what has to be known before anything leaves; return why it may not, or None."""
    try:
        with within(seconds):
            async with asyncio.timeout(seconds):
                refusal = await question
    except RateLimited as failure:
        return Unsent(f"nothing was sent: {failure.message}", failure.retry_after)
    except SignInNeeded as failure:
        return Barred(failure.message, failure.hint)
    except NetworkError as failure:
        return Unsent(f"nothing was sent: {failure.message}")
    except TimeoutError:
        return Unsent("nothing was sent, since X is too slow")
    return Refused(refusal) if refusal else None


async def _once(request: Callable[[], Awaitable[Answer]], seconds: float) -> Answer | Unsent | Unknown:
    """Make the one request, and say what is known where no answer came."""
    try:
        with within(seconds):
            return await request()
    except NotConnected as failure:
        return Unsent(failure.message)
    except NetworkError as failure:
        return Unknown(failure.message)


def _address(text: str, post: Post, kind: Kind) -> str:  # noqa: ARG001 - every network is asked the same way
    """Return the text itself: X puts the handle of whom a reply answers before it."""
    return text


def _new_key() -> str:
    return str(uuid4())


def _make(options: Mapping[str, object], rulebook: Rulebook) -> X:
    keys = secret(_SECRET)
    if keys is None:
        message = "speaking on X needs keys"
        raise SignInNeeded(message, f"Put them into the secret {_SECRET} ({secret_variable(_SECRET)}).")
    handles = tuple(brand.handles[NETWORK] for brand in rulebook.brands.values() if NETWORK in brand.handles)
    return X(Options.model_validate(dict(options)).service, keys, handles)


KIND = ChannelKind(
    network=NETWORK,
    make=_make,
    limits=limits,
    address=_address,
    new_key=_new_key,
    private=True,
    secrets=(_SECRET,),
    pace=PACE,
    settle_after=60.0,  # the own timeline may lag behind what was just accepted
    key_lifetime=0.0,
    label_by_hand="Set it on x.com as the account: Settings, Your account, Account information, Automation; the bio names who runs it",
)
