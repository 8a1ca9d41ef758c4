"""Speak on a Mastodon server: a reply, or a message only its author can see.

Endpoints, limits and `Idempotency-Key`: docs.joinmastodon.org, "statuses", "accounts" and "instance" (November 2026). Only servers
that run Mastodon itself are trusted with the key; compatible ones take the header and ignore it. The access token needs the scopes
`read` and `write:statuses`.
"""

from __future__ import annotations

import asyncio
import re
import unicodedata
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Annotated
from uuid import uuid4

import regex
from pydantic import Field, TypeAdapter

from listener.clock import now
from listener.errors import EarnestError, NetworkError, NotConnected, RateLimited, SignInNeeded
from listener.http import LONGEST_WAIT, Answer, Http, retry_after
from listener.mastodon_wire import (
    NETWORK,
    Wire,
    WireAccount,
    WireContext,
    WireStatus,
    base_url,
    check,
    is_id,
    read,
    said_by,
)
from listener.model import Account, Post, Visibility
from listener.rules.rulebook import Rulebook
from listener.settings import Secret, secret, secret_variable, writing_secret
from listener.sources.mastodon import Options
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

USUAL_LIMIT = 500
USUAL_ADDRESS_LENGTH = 23

_SECRET = writing_secret(NETWORK)
_MAX_BYTES = 20_000_000  # a thread of thousands must still be readable, or it could never be answered
_PAGE_SIZE = 40
_MOST_PAGES = 10
_CLOCKS_APART = timedelta(hours=4)  # how far the server's clock may be from ours when own posts are looked through
_TOO_MANY = 429
_UNAUTHORIZED = 401
_GONE = frozenset({404, 410})
# Mastodon answers these before it stores anything (its statuses controller and post_status_service; November 2026).
_MEANT = frozenset({401, 403, 404, 422})
_WIDE = frozenset({Visibility.PUBLIC, Visibility.UNLISTED})
_WRITTEN = {
    Visibility.PUBLIC: "public",
    Visibility.UNLISTED: "unlisted",
    Visibility.FOLLOWERS: "private",
    Visibility.DIRECT: "direct",
}

_NAME = r"[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?"
_HANDLE = re.compile(rf"({_NAME})(@\w+(?:[.-]+\w+)*)?", re.IGNORECASE)
_MENTION = re.compile(rf"(?<![=/\w])@{_HANDLE.pattern}", re.IGNORECASE)
_ADDRESS = re.compile(r"""https?://[^\s<>"]*[^\s<>".,;:!?)\]'}]""", re.IGNORECASE)
_CLUSTER = regex.compile(r"\X")


class _Statuses(Wire):
    max_characters: Annotated[int, Field(ge=1)] = USUAL_LIMIT
    characters_reserved_per_url: Annotated[int, Field(ge=1)] = USUAL_ADDRESS_LENGTH


class _Configuration(Wire):
    statuses: _Statuses = _Statuses()


class _Instance(Wire):
    """What a server says of itself."""

    version: str
    source_url: str = ""
    configuration: _Configuration = _Configuration()

    @property
    def is_mastodon(self) -> bool:
        """True for Mastodon itself; compatible servers say "(compatible; …)" or name their own source."""
        source = self.source_url.lower().removesuffix("/").removesuffix(".git")
        return "compatible" not in self.version.lower() and source == "https://github.com/mastodon/mastodon"


_account = TypeAdapter(WireAccount)
_context = TypeAdapter(WireContext)
_instance = TypeAdapter(_Instance)
_status = TypeAdapter(WireStatus)
_statuses = TypeAdapter(list[WireStatus])


def count(text: str, address_length: int = USUAL_ADDRESS_LENGTH) -> int:
    """Count as Mastodon does: characters as a reader sees them, an address as 23, a mention without its host."""
    shortened = _MENTION.sub(r"@\1", _ADDRESS.sub("x" * address_length, text))
    return len(_CLUSTER.findall(shortened))


def problem(text: str, kind: Kind, limit: int = USUAL_LIMIT, address_length: int = USUAL_ADDRESS_LENGTH) -> str:
    """Say why a text cannot leave as it stands, or ""."""
    length = count(text, address_length)
    if length > limit:
        return f"it is {length} characters long, {length - limit} more than this server takes"
    if not text.strip():
        return "it says nothing"
    named = mentioned(text)
    if kind is Kind.PRIVATE and len(named) != 1:
        return f"it names {', '.join(f'@{name}' for name in named)}, who would all read it" if named else "it names nobody to read it"
    return ""


def mentioned(text: str) -> tuple[str, ...]:
    """Return the handles a text mentions, each once, in lower case: everyone who would be told and could read it."""
    return tuple(dict.fromkeys(f"{found[1]}{found[2] or ''}".lower() for found in _MENTION.finditer(text)))


def address(text: str, post: Post, kind: Kind) -> str:  # noqa: ARG001 - every network is asked the same way
    """Put the author's handle before the text unless it is in it; a reply that names nobody tells nobody."""
    handle = post.author.handle
    if not _HANDLE.fullmatch(handle) or handle.lower() in mentioned(text):
        return text
    return f"@{handle} {text}"


class Mastodon:
    """Speaks on one Mastodon server as one account."""

    network = NETWORK

    def __init__(self, instance: str, token: Secret) -> None:
        """Keep the address and the token; nothing is opened yet.

        Raises:
            UsageError: the instance is no usable address.
        """
        self._http = Http(base_url(instance), token=token, max_bytes=_MAX_BYTES)
        self._account: Account | None = None
        self._server: _Instance | None = None

    async def identify(self) -> Account:
        """Return the account that would speak.

        Raises:
            SignInNeeded, RateLimited, NetworkError
        """
        if self._account is None:
            account = read(_account, await self._get("/api/v1/accounts/verify_credentials"), "our own account")
            self._account = Account(NETWORK, account.id, account.acct, account.url or "")
        return self._account

    async def keyed(self) -> bool:
        """Return whether this server runs Mastodon itself, which publishes one status per key for an hour.

        Raises:
            NetworkError: the server could not be asked.
        """
        return (await self._instance(30.0)).is_mastodon

    async def look(self, post: Post) -> Parent:
        """Read the post as it is now, and whether our account has answered it.

        Raises:
            SignInNeeded, NetworkError: it could not be read; then nothing may be sent.
        """
        if not is_id(post.id):
            return Parent(there=False, reason="its id is none of Mastodon's")
        path = f"/api/v1/statuses/{post.id}"
        answer = await self._http.call("GET", path)
        if answer.status in _GONE:
            return Parent(there=False, reason="the post is gone, or its author has blocked us")
        status = read(_status, check(answer, self._http.host, _SECRET).body, "the post")
        if status.id != post.id or status.account.id != post.author.id:
            return Parent(there=False, reason="another post stands under its id: it was heard on another server")
        below = read(_context, await self._get(f"{path}/context"), "the thread").descendants
        us = (await self.identify()).id
        answered = any(each.account.id == us and each.in_reply_to_id == post.id for each in below)
        return Parent(there=True, text=status.text, version=status.version, answered_by_us=answered)

    async def send(self, delivery: Delivery, timeout: float, may_leave: MayLeave = always) -> SendResult:
        """Make one attempt, with one POST, within `timeout` seconds. Never raises for what a network does."""
        end = asyncio.get_running_loop().time() + timeout
        try:
            async with asyncio.timeout(timeout / 2):
                refusal = await self._refusal(delivery, timeout / 2)
        except (NetworkError, SignInNeeded) as failure:
            return _before(failure)
        except TimeoutError:
            return Unsent(f"nothing was sent, since {self._http.host} is too slow")
        if refusal:
            return Refused(refusal)
        left = end - asyncio.get_running_loop().time()
        if left <= 0 or not may_leave():
            return Unsent(TOO_LATE)
        headers = {"Idempotency-Key": delivery.key}
        try:
            answer = await self._http.call("POST", "/api/v1/statuses", json=_body(delivery), headers=headers, timeout=left)
        except NotConnected as failure:
            return Unsent(failure.message)
        except NetworkError as failure:
            return Unknown(failure.message)
        return self._verdict(answer)

    async def find(self, delivery: Delivery) -> Sent | None:
        """Look through our own statuses, newest first, for the delivery; private ones are among them.

        Raises:
            SignInNeeded, NetworkError: the look failed, which says nothing.
        """
        us = await self.identify()
        path = f"/api/v1/accounts/{us.id}/statuses"
        asked = {"exclude_replies": "false", "exclude_reblogs": "true", "limit": str(_PAGE_SIZE)}
        since = min(delivery.created_at, delivery.first_attempt_at or delivery.created_at) - _CLOCKS_APART
        for _ in range(_MOST_PAGES):
            page = read(_statuses, await self._get(path, asked), "our own posts")
            for status in page:
                if _is_this(status, delivery):
                    return Sent(status.id, status.address)
            if not page or page[-1].created_at < since:
                return None
            asked["max_id"] = page[-1].id
        message = f"we have written more than {_MOST_PAGES * _PAGE_SIZE} posts since, and did not look further back"
        raise NetworkError(message, "Look at the post and decide.")

    async def close(self) -> None:
        """Let go of connections."""
        await self._http.close()

    async def _get(self, path: str, params: Mapping[str, str] | None = None) -> object:
        return check(await self._http.call("GET", path, params=params), self._http.host, _SECRET).body

    async def _instance(self, timeout: float) -> _Instance:
        if self._server is None:
            answer = await self._http.call("GET", "/api/v2/instance", timeout=timeout)
            if answer.status in _GONE:  # compatible servers of before 2022 have no such page
                return _Instance(version="unknown (compatible)")
            self._server = read(_instance, check(answer, self._http.host, _SECRET).body, "what the server says of itself")
        return self._server

    async def _refusal(self, delivery: Delivery, timeout: float) -> str:
        """Say why the delivery must not be sent at all, or ""."""
        if not is_id(delivery.parent.id):
            return "the post's id is none of Mastodon's"
        if delivery.account != (await self.identify()).id:
            return "the sign-in is for another account than the one that was approved"
        if delivery.kind is Kind.PUBLIC and delivery.visibility in _WIDE and delivery.parent.visibility not in _WIDE:
            return "the post was not public, so its answer must not be"
        if delivery.kind is Kind.PRIVATE and mentioned(delivery.text) != (delivery.parent.author.handle.lower(),):
            return "it must name the author of the post, and nobody else"
        sizes = (await self._instance(timeout)).configuration.statuses
        return problem(delivery.text, delivery.kind, sizes.max_characters, sizes.characters_reserved_per_url)

    def _verdict(self, answer: Answer) -> SendResult:
        """Say what an answer to the POST means."""
        if answer.ok:
            try:
                status = read(_status, answer.body, "the answer")
            except NetworkError as failure:
                return Unknown(failure.message)
            return Sent(status.id, status.address)
        host, said = self._http.host, said_by(answer)
        if answer.status == _TOO_MANY:
            return Unsent(f"{host} asks us to wait", retry_after(answer.headers, now()))
        if answer.status not in _MEANT or not said:
            return Unknown(f"{host} answered {answer.status}: {said}" if said else f"{host} answered {answer.status}")
        if answer.status == _UNAUTHORIZED:
            token = f"put a new token into the secret {_SECRET} ({secret_variable(_SECRET)})"
            return Unsent(f"{host} wants a sign-in ({said}): {token}", LONGEST_WAIT)
        return Refused(f"{host} did not take it: {said}")


def _before(failure: EarnestError) -> Unsent:
    """Say that nothing was sent, since what comes before sending failed."""
    if isinstance(failure, RateLimited):
        return Unsent(f"nothing was sent: {failure.message}", failure.retry_after)
    if isinstance(failure, SignInNeeded):
        return Unsent(f"nothing was sent: {failure.message}. {failure.hint}", LONGEST_WAIT)
    return Unsent(f"nothing was sent: {failure.message}")


def _visibility(delivery: Delivery) -> Visibility:
    return Visibility.DIRECT if delivery.kind is Kind.PRIVATE else delivery.visibility


def _body(delivery: Delivery) -> dict[str, object]:
    visibility = _visibility(delivery)
    body: dict[str, object] = {
        "status": delivery.text,
        "in_reply_to_id": delivery.parent.id,
        "visibility": _WRITTEN[visibility],
    }
    if visibility is Visibility.DIRECT:
        # Mastodon then refuses a text that would let anybody else read it.
        body["allowed_mentions"] = [delivery.parent.author.id]
    return body


def _is_this(status: WireStatus, delivery: Delivery) -> bool:
    same_place = status.in_reply_to_id == delivery.parent.id and status.seen_by is _visibility(delivery)
    return same_place and _essence(status.text) == _essence(delivery.text)


def _essence(text: str) -> str:
    """Return what stays of a text when a server has rendered it: letters and spaces, mentions without hosts."""
    return " ".join(unicodedata.normalize("NFC", _MENTION.sub(r"@\1", text)).split())


def _limits(kind: Kind) -> TextLimits:
    return TextLimits(limit=USUAL_LIMIT, count=count, problem=partial(problem, kind=kind))


def _new_key() -> str:
    return str(uuid4())


def _make(options: Mapping[str, object], rulebook: Rulebook) -> Mastodon:  # noqa: ARG001 - every network is asked the same way
    token = secret(_SECRET)
    if token is None:
        message = "speaking on Mastodon needs an access token"
        raise SignInNeeded(message, f"Put it into the secret {_SECRET} ({secret_variable(_SECRET)}).")
    return Mastodon(Options.model_validate(dict(options)).instance, token)


KIND = ChannelKind(
    network=NETWORK,
    make=_make,
    limits=_limits,
    address=address,
    new_key=_new_key,
    private=True,
    secrets=(_SECRET,),
)
