"""Asking X: tweepy builds each request, and `listener.http` makes it.

So the guard, the bounds and the honesty about what was sent are the same as on every network. tweepy's own way out (4.17) is not
used: it would reach its built-in address only, fail on a 5xx that is no JSON, and log the keys where debugging is on. X's published
description (2.167, July 2026) asks for `post.fields`; its guides (August 2026) and tweepy for `tweet.fields`. Where X does not know
the one, the other is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from urllib.parse import quote, urlencode

import aiohttp
from oauthlib.oauth1 import Client as Signer
from pydantic import TypeAdapter
from tweepy.asynchronous import AsyncClient

from listener.errors import SignInNeeded
from listener.http import Answer, Http
from listener.model import Account
from listener.settings import Secret, secret_variable
from listener.x_wire import BAD_REQUEST, GONE_KINDS, NETWORK, NOT_FOUND, Checked, check, me, problem_of, read

_KEYS = 4
_HANDLE = re.compile(r"[A-Za-z0-9_]{1,15}")
_ONLY_READING = "whoever listens may only read"
_left: ContextVar[float] = ContextVar("left", default=30.0)

_OLDER = {
    "tweet_fields": [
        *("author_id", "conversation_id", "created_at", "edit_history_tweet_ids", "entities"),
        *("in_reply_to_user_id", "lang", "note_tweet", "referenced_tweets"),
    ],
    "expansions": ["author_id", "referenced_tweets.id", "referenced_tweets.id.author_id"],
}
NEWER_FIELDS: Mapping[str, str] = {
    "post.fields": "conversation_id,created_at,entities,lang,note_post",
    "expansions": "author_id,edit_history_post_ids,in_reply_to_user_id,referenced_posts",
}
POST_FIELDS: Mapping[str, object] = {
    **_OLDER,
    "user_fields": ["description", "id", "name", "protected", "public_metrics", "username", "verified_type"],
}


class ReadingClient(AsyncClient):  # type: ignore[misc]  # tweepy has no types
    """tweepy's client with our own way out: one request a call, nothing is ever tried again, and only reading goes through.

    The secret holds one value (a bearer token or an OAuth 2.0 access token, which lives for two hours) or the four of OAuth 1.0a, with
    spaces or line ends between them: consumer key and secret, access token and secret. Those do not run out.
    """

    methods = frozenset({"GET"})

    def __init__(self, service: str, keys: Secret, secret: str) -> None:
        """Keep the keys; nothing is opened yet.

        Raises:
            UsageError: the service is no usable address.
            SignInNeeded: the secret holds neither one value nor four.
        """
        super().__init__(return_type=aiohttp.ClientResponse, wait_on_rate_limit=False)
        values = keys.reveal().split()
        if len(values) not in {1, _KEYS}:
            message = "the keys for X must be one token, or four values"
            hint = f"Write consumer key, consumer secret, access token and its secret into {secret} ({secret_variable(secret)})."
            raise SignInNeeded(message, hint)
        self._http = Http(service, token=Secret(values[0]) if len(values) == 1 else None)
        self._service = service.rstrip("/")
        self._signer = Signer(*values) if len(values) == _KEYS else None
        self._newer = True
        self.secret = secret

    async def request(
        self,
        method: str,
        route: str,
        params: Mapping[str, object] | None = None,
        json: object = None,
        user_auth: bool = False,  # noqa: ARG002, FBT001, FBT002 - tweepy's own signature
    ) -> Answer:
        """Make one request, in place of tweepy's own. tweepy calls it with what it has built.

        Raises:
            NotConnected: no byte was sent.
            Malformed, NetworkError: see `listener.http`.
        """
        if method not in self.methods:
            raise NotImplementedError(_ONLY_READING)
        asked = {name: str(value) for name, value in (params or {}).items()}
        if self._newer and "tweet.fields" in asked:
            del asked["tweet.fields"]
            asked |= NEWER_FIELDS
        return await self._http.call(method, route, params=asked, json=json, headers=self._sign(method, route, asked), timeout=_left.get())

    def _sign(self, method: str, route: str, params: Mapping[str, str]) -> dict[str, str]:
        if self._signer is None:
            return {}
        query = f"?{urlencode(params, quote_via=quote)}" if params else ""
        _, headers, _ = self._signer.sign(f"{self._service}{route}{query}", method)
        return {"Authorization": str(headers["Authorization"])}

    async def ask(self, kind: TypeAdapter[Checked], question: Callable[[], Awaitable[Answer]], what: str) -> Checked:
        """Ask for posts, in the other names too where X does not know the ones in use, and read the answer.

        Raises:
            SignInNeeded, RateLimited, Malformed, NotConnected, NetworkError
        """
        newer = self._newer
        answer = await question()
        if answer.status == NOT_FOUND and problem_of(answer).kind in GONE_KINDS:
            return read(kind, {"errors": [answer.body]}, what)  # what it says with status 200 too
        if answer.status != BAD_REQUEST and not _lacks_fields(answer):
            return read(kind, check(answer, self.secret).body, what)
        self._newer = not newer
        second = await question()
        if second.ok and not _lacks_fields(second):
            return read(kind, second.body, what)
        self._newer = newer
        return read(kind, check(answer, self.secret).body, what)

    async def me(self) -> Account:
        """Return the account the keys belong to.

        Raises:
            SignInNeeded, RateLimited, Malformed, NotConnected, NetworkError
        """
        return self.account(await self.get_me(user_auth=False))

    async def account_of(self, handle: str) -> Account:
        """Return the account of that handle, for keys that belong to an app and to no account.

        Raises:
            SignInNeeded: X knows no account of that handle, or none was given.
            RateLimited, Malformed, NotConnected, NetworkError
        """
        hint = "Write our account's name on X as `handle` of the source, or use the keys of that account."
        if not _HANDLE.fullmatch(handle):
            message = "the keys for X belong to an app, so nobody can tell which account is ours"
            raise SignInNeeded(message, hint)
        answer: Answer = await self.get_user(username=handle, user_auth=False)
        if answer.ok and isinstance(answer.body, dict) and "errors" in answer.body and "data" not in answer.body:
            message = f"X knows no account called @{handle}"
            raise SignInNeeded(message, hint)
        return self.account(answer)

    def account(self, answer: Answer) -> Account:
        """Read an account.

        Raises:
            SignInNeeded, RateLimited, Malformed, NetworkError
        """
        user = read(me, check(answer, self.secret).body, "our own account").data
        return Account(NETWORK, user.id, user.username, f"https://x.com/{user.username}")

    async def close(self) -> None:
        """Let go of connections."""
        await self._http.close()


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Give every request that is made inside `seconds` to be answered."""
    mark = _left.set(seconds)
    try:
        yield
    finally:
        _left.reset(mark)


def _lacks_fields(answer: Answer) -> bool:
    """Return whether posts came without what we asked for, as from a server that passes over names it does not know."""
    data = answer.body.get("data") if answer.ok and isinstance(answer.body, dict) else None
    first = data[0] if isinstance(data, list) and data else data
    return isinstance(first, dict) and "id" in first and "author_id" not in first
