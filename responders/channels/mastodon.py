"""Speak on a Mastodon server: a reply, or a message only its author can see.

Endpoints, limits and `Idempotency-Key`: docs.joinmastodon.org, "statuses", "accounts", "instance" and "rate-limits" (November 2026).
Only servers that run Mastodon itself are trusted with the key; compatible ones take the header and ignore it. The access token needs
the scopes `read` and `write:statuses`.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Mapping
from datetime import timedelta
from uuid import uuid4

from pydantic import TypeAdapter

from listener.clock import now
from listener.errors import EarnestError, Malformed, NetworkError, NotConnected, RateLimited, SignInNeeded
from listener.http import Answer, Http, retry_after
from listener.mastodon_instance import Instance, ask
from listener.mastodon_wire import (
    NETWORK,
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
from responders.channels._mastodon_pace import PACE
from responders.channels._mastodon_text import address, essence, limits, mentioned, problem
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
)
from responders.model import Delivery, Kind

_SECRET = writing_secret(NETWORK)
_WHAT_TO_DO = (
    "Sign in there as the account and see whether it is in order; if it is, make a new access token with the scopes read and "
    f"write:statuses and put it into the secret {_SECRET} ({secret_variable(_SECRET)})."
)
_WHO = "/api/v1/accounts/verify_credentials"
_LABEL = "Set it: earnest sources label mastodon (the token needs the scope write:accounts), or tick it in the account's profile settings"
_MAX_BYTES = 20_000_000  # a thread of thousands must still be readable, or it could never be answered
_PAGE_SIZE = 40
_MOST_PAGES = 10
_CLOCKS_APART = timedelta(hours=4)  # how far the server's clock may be from ours when own posts are looked through
_TOO_MANY = 429
_UNAUTHORIZED = 401
_MAY_NOT = frozenset({403, 422})
_GONE = frozenset({404, 410})
# Mastodon answers these before it stores anything (its statuses controller and post_status_service; November 2026).
_MEANT = frozenset({401, 403, 404, 422})
# What Mastodon's api/base_controller says to an account that may not act: disabled (which is also how it speaks of suspended and moved
# ones), not confirmed, not approved yet, without the second factor it needs, or with a token for other things (November 2026).
_NOT_OURS_TO_SAY = re.compile(
    r"\byour (?:login|account)\b.*\b(?:disabled|suspended|deactivated|moved|frozen|confirmed|pending|two-factor)\b"
    r"|outside the authorized scopes|requires an authenticated user",
    re.IGNORECASE | re.DOTALL,
)
# Who may see an answer to a post that so many could see. Our followers are other people than the author's, so an answer to a post for
# followers names its author and is for nobody else.
_NO_WIDER = {
    Visibility.PUBLIC: frozenset(Visibility),
    Visibility.UNLISTED: frozenset({Visibility.UNLISTED, Visibility.FOLLOWERS, Visibility.DIRECT}),
    Visibility.FOLLOWERS: frozenset({Visibility.DIRECT}),
    Visibility.DIRECT: frozenset({Visibility.DIRECT}),
}
_WRITTEN = {
    Visibility.PUBLIC: "public",
    Visibility.UNLISTED: "unlisted",
    Visibility.FOLLOWERS: "private",
    Visibility.DIRECT: "direct",
}

_account = TypeAdapter(WireAccount)
_context = TypeAdapter(WireContext)
_status = TypeAdapter(WireStatus)
_statuses = TypeAdapter(list[WireStatus])


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
        self._server: Instance | None = None

    async def identify(self) -> Account:
        """Return the account that would speak.

        Raises:
            SignInNeeded, RateLimited, NetworkError
        """
        if self._account is None:
            account = read(_account, await self._get(_WHO), "our own account")
            self._account = Account(NETWORK, account.id, account.acct, account.url or "")
        return self._account

    async def keyed(self, kind: Kind) -> bool:  # noqa: ARG002 - every network is asked the same way
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
        ours = tuple(each.id for each in below if each.account.id == us and each.in_reply_to_id == post.id)
        return Parent(there=True, text=status.text, version=status.version, ours=ours)

    async def label(self) -> Label:
        """Return whether our account is marked as a bot; see `Labelled`."""
        return Label(read(_account, await self._get(_WHO), "our own account").bot is True, _LABEL)

    async def mark(self) -> Label:
        """Mark our account as a bot, and change nothing else of its profile; see `Labelled`."""
        await self.identify()
        answer = check(
            await self._http.call("PATCH", "/api/v1/accounts/update_credentials", data={"bot": "true"}), self._http.host, _SECRET
        )
        if read(_account, answer.body, "our own account").bot is not True:
            message = f"{self._http.host} took it and does not show our account as a bot"
            raise Malformed(message)
        return Label(True, _LABEL)

    async def send(self, delivery: Delivery, timeout: float, may_leave: MayLeave = always) -> SendResult:
        """Make one attempt, with one POST, within `timeout` seconds. Never raises for what a network does."""
        end = asyncio.get_running_loop().time() + timeout
        if problem := await self._before(self._refusal(delivery, timeout / 2), timeout / 2):
            return problem
        left = end - asyncio.get_running_loop().time()
        if left <= 0 or not may_leave():
            return Unsent(TOO_LATE)
        answer = await self._write("POST", "/api/v1/statuses", left, _body(delivery), {"Idempotency-Key": delivery.key})
        return self._published(answer) if isinstance(answer, Answer) else answer

    async def withdraw(self, delivery: Delivery, timeout: float) -> WithdrawResult:
        """Delete the status, with one DELETE, within `timeout` seconds. Never raises for what a network does.

        Mastodon lets an account delete 30 statuses in half an hour (docs.joinmastodon.org, "rate-limits", November 2026).
        """
        if not is_id(delivery.remote_id):
            return Refused("it is not known under which id it stands there")
        end = asyncio.get_running_loop().time() + timeout
        if problem := await self._before(self._stranger(delivery), timeout / 2):
            return problem
        left = end - asyncio.get_running_loop().time()
        answer = await self._write("DELETE", f"/api/v1/statuses/{delivery.remote_id}", left)
        if not isinstance(answer, Answer):
            return answer
        if answer.status in _GONE and said_by(answer):
            return Withdrawn()
        if answer.ok:
            meant = isinstance(answer.body, Mapping)
            return Withdrawn() if meant else Unknown(f"{self._http.host} answered something else than that it is gone")
        return self._no(answer)

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

    async def _instance(self, timeout: float) -> Instance:
        if self._server is None:
            self._server = await ask(self._http, _SECRET, timeout)
        return self._server

    async def _before(self, asked: Awaitable[str], seconds: float) -> Refused | Unsent | Barred | None:
        """Ask, within `seconds`, why a write must not be made. Nothing has left yet, whatever goes wrong here."""
        try:
            async with asyncio.timeout(seconds):
                refusal = await asked
        except (NetworkError, SignInNeeded) as failure:
            return _nothing_sent(failure)
        except TimeoutError:
            return Unsent(f"nothing was sent, since {self._http.host} is too slow")
        return Refused(refusal) if refusal else None

    async def _write(
        self, method: str, path: str, timeout: float, body: object = None, headers: Mapping[str, str] | None = None
    ) -> Answer | Unsent | Unknown:
        try:
            return await self._http.call(method, path, json=body, headers=headers, timeout=timeout)
        except NotConnected as failure:
            return Unsent(failure.message)
        except NetworkError as failure:
            return Unknown(failure.message)

    async def _stranger(self, delivery: Delivery) -> str:
        """Say that the sign-in is for another account than the one that was approved, or ""."""
        ours = delivery.account == (await self.identify()).id
        return "" if ours else "the sign-in is for another account than the one that was approved"

    async def _refusal(self, delivery: Delivery, timeout: float) -> str:
        """Say why the delivery must not be sent at all, or ""."""
        if not is_id(delivery.parent.id):
            return "the post's id is none of Mastodon's"
        if stranger := await self._stranger(delivery):
            return stranger
        seen_by, parent = _visibility(delivery), delivery.parent.visibility
        if seen_by not in _NO_WIDER[parent]:
            return f"the post is {parent.value}, so its answer must not be {seen_by.value}"
        if seen_by is Visibility.DIRECT and mentioned(delivery.text) != (delivery.parent.author.handle.lower(),):
            return "it must name the author of the post, and nobody else"
        server = await self._instance(timeout)
        return problem(delivery.text, delivery.kind, server.limit, server.address_length)

    def _published(self, answer: Answer) -> SendResult:
        """Say what an answer to the POST means."""
        if not answer.ok:
            return self._no(answer)
        try:
            status = read(_status, answer.body, "the answer")
        except NetworkError as failure:
            return Unknown(failure.message)
        return Sent(status.id, status.address)

    def _no(self, answer: Answer) -> Refused | Unknown | Unsent | Barred:
        """Say what it means that a write did not succeed."""
        host, said = self._http.host, said_by(answer)
        if answer.status == _TOO_MANY:
            return Unsent(f"{host} asks us to wait", retry_after(answer.headers, now()))
        if answer.status not in _MEANT or not said:
            return Unknown(f"{host} answered {answer.status}: {said}" if said else f"{host} answered {answer.status}")
        if answer.status == _UNAUTHORIZED or (answer.status in _MAY_NOT and _NOT_OURS_TO_SAY.search(said)):
            self._account = None  # so that asking who we are tells whether the sign-in works again
            return Barred(f"{host} does not let us write: {said}", _WHAT_TO_DO)
        return Refused(f"{host} did not take it: {said}")


def _nothing_sent(failure: EarnestError) -> Unsent | Barred:
    """Say that nothing was sent, since what comes before sending failed."""
    if isinstance(failure, SignInNeeded):
        return Barred(f"nothing was sent: {failure.message}", failure.hint)
    return Unsent(f"nothing was sent: {failure.message}", failure.retry_after if isinstance(failure, RateLimited) else 0.0)


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
    return same_place and essence(status.text) == essence(delivery.text)


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
    limits=limits,
    address=address,
    new_key=_new_key,
    private=True,
    secrets=(_SECRET,),
    pace=PACE,
)
