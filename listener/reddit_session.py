"""An account's session on Reddit: signing in and asking. The source hears through it; the channel adds writing.

praw composes each request on a thread of its own (`reddit_thread`); here, on the event loop, `listener.http` makes it, with its guard
and its limits.

Facts: github.com/reddit-archive/reddit (Reddit's own code, as published in 2017), wiki "OAuth2"; support.reddithelp.com, "Reddit Data
API Wiki" (100 requests a minute for each client, averaged over ten; read in November 2026); the headers as praw 8.0.3's recordings
show them: `x-ratelimit-remaining` is a float, `x-ratelimit-reset` seconds to go. An access token lives for an hour or a day.
"""

from __future__ import annotations

import asyncio
import math
import re
from base64 import b64encode
from collections.abc import Mapping
from typing import Annotated, TypeVar

from pydantic import AfterValidator, Field

from listener.clock import now
from listener.errors import NetworkError, NotConnected, RateLimited, SignInNeeded
from listener.http import LONGEST_WAIT, SHORTEST_WAIT, Answer, Http, retry_after
from listener.model import Account
from listener.queries.networks import REDDIT
from listener.reddit_thread import Call, PrawThread, Request
from listener.reddit_wire import NETWORK, WireMe, WireToken, read, said_by
from listener.rules.kinds import OneOrMore, Strict, Word, Words, query_for
from listener.rules.rulebook import Rulebook
from listener.settings import Secret, secret, secret_variable

_MAX_BYTES = 20_000_000  # a thread of thousands must still be readable, or it could never be answered
_EARLY = 90  # seconds a token is given up before its time: prawcore keeps it ten seconds longer than it lives
_HANDLE = re.compile(r"[A-Za-z0-9_-]{1,40}")
_SUBREDDIT = re.compile(r"[A-Za-z0-9_]{2,50}")
_UNAUTHORIZED, _FORBIDDEN, _TOO_MANY = 401, 403, 429
_TURNED_AWAY = frozenset({400, 401, 403})


def _subreddits(names: tuple[str, ...]) -> tuple[str, ...]:
    bare = tuple(name.strip().removeprefix("/").removeprefix("r/") for name in names)
    for name in bare:
        if not _SUBREDDIT.fullmatch(name):
            message = f'"{name}" is no subreddit: one word, without r/ and spaces'
            raise ValueError(message)
    return bare


class Options(Strict):
    """What to hear on Reddit, and where Reddit is."""

    subreddits: Annotated[Words, AfterValidator(_subreddits)] = Field(default=(), description="subreddits to hear whole, without r/")
    search: Annotated[tuple[Annotated[Word, query_for(REDDIT)], ...], OneOrMore] | None = Field(
        default=None,
        description="queries to search all of Reddit's posts for (comments cannot be searched); what the brands say where left out",
    )
    skip_subreddits: Annotated[Words, AfterValidator(_subreddits)] = Field(
        default=(), description="subreddits in which a person posts the answers by hand, since programs are not wanted there"
    )
    service: str = Field(default="https://oauth.reddit.com", description="where Reddit's API is; only a test server is elsewhere")
    sign_in: str = Field(default="https://www.reddit.com", description="where Reddit signs in; only a test server is elsewhere")


class Session:
    """One account's session. It signs in when first needed, renews once where a token is refused, and never in a loop."""

    def __init__(self, options: Options, keys: tuple[str, str, Secret, Secret], secret_name: str) -> None:
        """Keep what signing in needs (user agent, client id, client secret, refresh token); nothing is asked yet.

        Raises:
            UsageError: an address in `options` may not be used.
        """
        self._api = Http(options.service, max_bytes=_MAX_BYTES)
        self._door = Http(options.sign_in)
        self._options = options
        self._keys = keys
        self._secret_name = secret_name
        self._thread = PrawThread(NETWORK, self._settings, self._sign_in, self._travel)
        self._account: Account | None = None
        self._refusal = ""
        self._locked_until = 0.0
        self._rest_until = 0.0

    @property
    def host(self) -> str:
        """The API's host, for messages."""
        return self._api.host

    async def account(self, timeout: float = 30.0, *, anew: bool = False) -> Account:
        """Return our own account; asked for once, and again after `forget` or where `anew` says so.

        Raises:
            SignInNeeded: Reddit refuses us, or the account is suspended.
            RateLimited, Malformed, NetworkError
        """
        if anew or self._account is None:
            me = read(WireMe, self.checked(await self.ask("/api/v1/me", {}, timeout)), "our own account")
            if me.is_suspended:
                message = f"Reddit has suspended our account u/{me.name}"
                raise SignInNeeded(message, "Sign in at https://www.reddit.com as that account and read what it says.")
            self._account = Account(NETWORK, f"t2_{me.id}", me.name, f"https://www.reddit.com/user/{me.name}")
        return self._account

    async def ask(self, path: str, params: Mapping[str, str], timeout: float = 30.0) -> Answer:
        """Read, and return the answer whatever its status. A refused token is renewed and the question asked once more.

        Raises:
            SignInNeeded: Reddit refuses us.
            RateLimited: Reddit asks us to wait, or would if we asked now.
            Malformed, NotConnected, NetworkError: no usable answer.
        """
        loop = asyncio.get_running_loop()
        call = Call(loop, loop.time() + timeout)
        answer = await self._make(call, method="GET", path=path, params=dict(params))
        if answer.status == _UNAUTHORIZED:
            self._thread.forget_token()
            answer = await self._make(Call(loop, call.end), method="GET", path=path, params=dict(params))
        if answer.status == _UNAUTHORIZED:
            self.forget()
            raise self.refused(said_by(answer))
        return answer

    def checked(self, answer: Answer) -> object:
        """Return the body of a 2xx answer.

        Raises:
            RateLimited, SignInNeeded, NetworkError: it is none.
        """
        if answer.ok:
            return answer.body
        if answer.status == _TOO_MANY:
            message = f"{self.host} asks us to wait"
            raise RateLimited(message, retry_after(answer.headers, now()))
        if answer.status == _FORBIDDEN:
            raise self.refused(said_by(answer))
        message = f"{self.host} answered {answer.status}: {said_by(answer)}"
        raise NetworkError(message)

    def refused(self, reason: str) -> SignInNeeded:
        """Return the error that says that Reddit does not let us in, and what to do."""
        return SignInNeeded(f"Reddit does not let our account do this: {reason}", _what_to_do(self._secret_name))

    def forget(self) -> None:
        """Forget the sign-in and the account, so that both are asked for again."""
        self._thread.forget_token()
        self._account = None

    async def close(self) -> None:
        """Let go of the thread and of connections. The next call opens new ones."""
        self._thread.close()
        await self._api.close()
        await self._door.close()

    async def _make(self, call: Call, **request: object) -> Answer:
        """Make one request by way of praw, within the call's time; none while Reddit has none left for us."""
        wait = self._rest_until - call.loop.time()
        if wait > 0:
            message = f"{self.host} has no requests left for us just now"
            raise RateLimited(message, max(wait, SHORTEST_WAIT))
        return await self._thread.make(call, request)

    def _settings(self) -> Mapping[str, str]:
        agent, client, key, token = self._keys
        places = {"api": self._options.service, "sign_in": self._options.sign_in}
        return {**places, "client_id": client, "client_secret": key.reveal(), "refresh_token": token.reveal(), "user_agent": agent}

    async def _travel(self, call: Call, request: Request) -> Answer:
        """Make a request that praw has composed."""
        if request.method == "GET":
            told = await self._api.call("GET", request.path, params=request.params, headers=request.headers, timeout=call.seconds)
        else:
            told = await self._write(call, request)
        self._mind(told, call.loop.time())
        return told

    async def _write(self, call: Call, request: Request) -> Answer:  # noqa: ARG002 - the channel's own knows how
        """Refuse: nothing that listens can write."""
        message = "this session only reads"
        raise NotConnected(message)

    async def _sign_in(self, call: Call, request: Request) -> object:
        """Get an access token. A refusal is kept for a quarter of an hour, and nobody is asked again meanwhile."""
        if call.loop.time() < self._locked_until:
            raise self.refused(self._refusal)
        basic = b64encode(":".join(request.auth or ()).encode()).decode()
        headers = {**request.headers, "Authorization": f"Basic {basic}"}
        answer = await self._door.call("POST", "/api/v1/access_token", data=request.data, headers=headers, timeout=call.seconds)
        error = answer.body.get("error") if isinstance(answer.body, Mapping) else None
        if error is not None and (answer.ok or answer.status in _TURNED_AWAY):  # Reddit also says no with a 200
            self._refusal = f"the sign-in was refused ({said_by(answer)})"
            self._locked_until = call.loop.time() + LONGEST_WAIT
            raise self.refused(self._refusal)
        token = read(WireToken, self.checked(answer), "the sign-in")
        return {**token.model_dump(), "expires_in": token.expires_in - _EARLY}

    def _mind(self, answer: Answer, at: float) -> None:
        """Ask nothing more until the reset where no request is left."""
        try:
            remaining = float(answer.headers.get("x-ratelimit-remaining", ""))
            reset = float(answer.headers.get("x-ratelimit-reset", ""))
        except ValueError:
            return
        if remaining < 1 and math.isfinite(reset) and reset > 0:
            self._rest_until = at + min(reset, LONGEST_WAIT)


Opened = TypeVar("Opened", bound=Session)


def _what_to_do(secret_name: str) -> str:
    where = f"the secret {secret_name} ({secret_variable(secret_name)})"
    return f"Put client id, client secret and refresh token of our app, with spaces between them, into {where}."


def open_session(kind: type[Opened], options: Options, book: Rulebook, secret_name: str) -> Opened:
    """Make a session (of this `kind`) with the keys in the secret `secret_name`: client id, client secret, refresh token.

    Raises:
        SignInNeeded: there is no such secret, or it is not three words.
        UsageError: an address in `options` may not be used.
    """
    kept = secret(secret_name)
    words = kept.reveal().split() if kept else []
    if len(words) != 3 or not all(word.isascii() and word.isprintable() for word in words) or ":" in words[0]:  # noqa: PLR2004
        message = "Reddit is heard and answered through an app of ours, and its keys " + ("are not three words" if kept else "are missing")
        raise SignInNeeded(message, _what_to_do(secret_name))
    handles = (brand.handles.get(NETWORK, "").removeprefix("u/") for brand in book.brands.values())
    ours = min(filter(_HANDLE.fullmatch, handles), default="")
    agent = "python:earnest" + (f" (by /u/{ours})" if ours else "")  # Reddit asks for the account's name in it
    return kind(options, (agent, words[0], Secret(words[1]), Secret(words[2])), secret_name)
