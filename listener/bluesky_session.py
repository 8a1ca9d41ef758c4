"""An account's session on a Bluesky server: signing in, renewing, and asking. The source hears through it; the channel adds writing.

Facts come from docs.bsky.app (API Hosts and Auth; PDS Entryway; Rate Limits, all read in November 2026) and from trying the
server's own code (PDS 0.5.35). bsky.social forwards whatever it is asked to the account's own server, so one address is enough.
An access token lives for two hours, and an expired one answers 400 `ExpiredToken`, not 401. What renews it may be used again for two
hours after it was used, in case the answer was lost. Signing in is limited to 30 times in five minutes and 300 times a day for each
account, and that counts for the people who use the account too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Literal, TypeVar

from pydantic import Field, ValidationError

from listener.bluesky_tokens import Tokens, tokens
from listener.clock import Clock, now
from listener.errors import Malformed, NetworkError, RateLimited, SignInNeeded, UsageError
from listener.http import Answer, Http, Params, retry_after
from listener.model import Account
from listener.queries.networks import BLUESKY
from listener.rules.kinds import OneOrMore, Strict, Word, query_for
from listener.rules.rulebook import Rulebook
from listener.settings import Secret, secret, secret_variable
from listener.shapes import Wire
from listener.text import one_line

NETWORK = "bluesky"
POSTS = "app.bsky.feed.post"

_SPENT = frozenset({"ExpiredToken", "InvalidToken"})
_BAD_TOKEN = _SPENT | {"AuthMissing", "AuthenticationRequired"}
_CLOSED = {"AccountTakedown": "suspended", "AccountDeactivated": "deactivated", "AccountNotFound": "gone"}
_REST_AFTER_REFUSAL = timedelta(minutes=15)
_REST_AFTER_FAILURE = timedelta(minutes=1)
_BAD_REQUEST, _UNAUTHORIZED, _FORBIDDEN, _TOO_MANY = 400, 401, 403, 429
_RENEWAL_TIMEOUT = 30.0
_IN_A_HEADER = r"^[\x21-\x7e]+$"


class Options(Strict):
    """Which account, on which server."""

    service: str = Field(default="https://bsky.social", description="the account's server; bsky.social unless it is hosted elsewhere")
    handle: str = Field(default="", description="our account, without @; the brand's own where there is only one")
    identifier: str = Field(default="", description="what to sign in with, where it is not the handle: the account's id or e-mail")
    stream: Literal["public"] | None = Field(
        default=None, description="`public`: hear every public post that speaks of a brand, without an account"
    )
    search: Annotated[tuple[Annotated[Word, query_for(BLUESKY)], ...], OneOrMore] = Field(
        default=(), description="queries to search all public posts for, through our account; what it is told is heard besides"
    )
    jetstream: str = Field(default="wss://jetstream2.us-east.bsky.network", description="with `stream`: where the stream comes from")
    appview: str = Field(default="https://public.api.bsky.app", description="where names and posts are looked up without an account")


class Declined(NetworkError):
    """The server understood and said no. `status` is HTTP's, `code` the server's own word for it.

    `barred` is true where the password behind the session lacks the right to what was asked.
    """

    def __init__(self, message: str, status: int, code: str, *, barred: bool = False) -> None:
        """Keep the code beside the words."""
        super().__init__(message)
        self.status = status
        self.code = code
        self.barred = barred


class _SignedIn(Wire):
    did: Annotated[str, Field(pattern=r"^did:[a-z]+:[A-Za-z0-9._:%-]+$")]
    handle: Annotated[str, Field(min_length=1)]
    access: Annotated[str, Field(alias="accessJwt", pattern=_IN_A_HEADER)]
    refresh: Annotated[str, Field(alias="refreshJwt", pattern=_IN_A_HEADER)]
    active: bool = True
    status: str = ""


def code_of(answer: Answer) -> str:
    """Return the server's own word for what went wrong, "" where it has none."""
    code = answer.body.get("error") if isinstance(answer.body, Mapping) else None
    return code if isinstance(code, str) else ""


def said(answer: Answer) -> str:
    """Return what the server says for people, safe to show, in one short line."""
    told = answer.body.get("message") if isinstance(answer.body, Mapping) else None
    return one_line(told, 200) if isinstance(told, str) and told else f"status {answer.status}"


def is_barred_from(answer: Answer) -> bool:
    """Return whether the app password lacks the right to what was asked; the token is good for all else (PDS 0.5.35)."""
    return answer.status == _BAD_REQUEST and code_of(answer) == "InvalidToken" and said(answer) == "Bad token method"


def is_spent(answer: Answer) -> bool:
    """Return whether the answer means that the token ran out, so that nothing was done and a renewed one will do."""
    return answer.status in {_BAD_REQUEST, _UNAUTHORIZED} and code_of(answer) in _SPENT and not is_barred_from(answer)


def closed(answer: Answer) -> str:
    """Return how the account is closed ("suspended", "deactivated", "gone") where the answer says so, else ""."""
    return _CLOSED.get(code_of(answer), "") if answer.status in {_UNAUTHORIZED, _FORBIDDEN} else ""


def _refuses(answer: Answer) -> bool:
    """Return whether a sign-in or renewal was refused by the network itself, and not by something before it."""
    return answer.status == _UNAUTHORIZED or (answer.status in {_BAD_REQUEST, _FORBIDDEN} and code_of(answer) != "")


def _turns_us_away(answer: Answer, via: str) -> bool:
    """Return whether our own server refuses the token. What another service refuses behind it says nothing about the sign-in."""
    if via or is_barred_from(answer):
        return is_spent(answer)
    return answer.status == _UNAUTHORIZED or (answer.status == _BAD_REQUEST and code_of(answer) in _BAD_TOKEN)


def _account_is(how: str) -> str:
    return f"the account is {how}"


def _why(answer: Answer) -> str:
    return _account_is(closed(answer)) if closed(answer) else said(answer)


def page_url(handle: str, did: str, rkey: str) -> str:
    """Return the address of a post that a person can open. An account whose handle does not resolve is named by its id."""
    plain = handle.isascii() and handle.replace(".", "").replace("-", "").isalnum() and handle != "handle.invalid"
    return f"https://bsky.app/profile/{handle if plain else did}/post/{rkey}"


class Session:
    """One account's session. It signs in when first needed and renews its token before that runs out, never in a loop.

    However many ask at once, one renewal or sign-in is under way at a time, and all of them get what comes of it. A refused sign-in
    rests for 15 minutes, in which nothing is asked.
    """

    def __init__(self, service: str, identifier: str, password: Secret, secret_name: str, clock: Clock = now) -> None:
        """Keep what signing in needs; nothing is asked yet.

        Raises:
            UsageError: `service` is no address that may be used.
        """
        self._http = Http(service)
        self._identifier = identifier
        self._password = password
        self._secret_name = secret_name
        self._clock = clock
        self._tokens: Tokens | None = None
        self._renewing: asyncio.Task[Tokens] | None = None
        self._refusal = ""
        self._refused_at: datetime | None = None
        self._failed_at: datetime | None = None

    async def account(self, timeout: float = 30.0) -> Account:
        """Return our own account, and make sure that the token will do for a while.

        Raises:
            SignInNeeded, RateLimited, NetworkError
        """
        return (await self._signed_in(None, timeout)).account

    async def ask(self, method: str, params: Params, timeout: float = 30.0, *, via: str = "") -> Mapping[str, object]:
        """Read, and return the answer's body. A refused token is renewed and the question asked once more.

        `via` names another service that our own server passes the question on to (`did#service`).

        Raises:
            SignInNeeded: the server refuses us.
            RateLimited: the server asks us to wait.
            Declined: the server understood and said no.
            Malformed: the answer made no sense.
            NetworkError: no answer.
        """
        held = await self._signed_in(None, timeout)
        answer = await self._call("GET", method, held.access, timeout, params=params, via=via)
        if _turns_us_away(answer, via):
            held = await self._signed_in(held, timeout)
            answer = await self._call("GET", method, held.access, timeout, params=params, via=via)
        if _turns_us_away(answer, via):
            raise self._turned_away(_why(answer))
        if answer.status == _FORBIDDEN and not via:
            raise self._refused(said(answer))
        return self._body(answer)

    async def close(self) -> None:
        """Let go of connections, and of a renewal that is under way."""
        if self._renewing is not None:
            self._renewing.cancel()
            await asyncio.wait({self._renewing})
        await self._http.close()

    async def _call(
        self,
        verb: str,
        method: str,
        token: Secret | None,
        timeout: float,
        *,
        params: Params | None = None,
        json: object = None,
        via: str = "",
    ) -> Answer:
        headers = {"Atproto-Proxy": via} if via else None
        return await self._http.call(verb, f"/xrpc/{method}", params=params, json=json, headers=headers, token=token, timeout=timeout)

    async def _signed_in(self, stale: Tokens | None, timeout: float) -> Tokens:
        """Return tokens that are not `stale`, renewed if they are about to run out."""
        held = self._tokens if self._tokens is not stale else None
        at = self._clock()
        if held and (held.is_fresh(at) or (held.lasts(at) and self._rests(self._failed_at, _REST_AFTER_FAILURE))):
            return held
        try:
            return await self._renewed(timeout)
        except NetworkError:
            if held and held.lasts(self._clock()):
                return held  # what is left of it is enough for now
            raise

    async def _renewed(self, timeout: float) -> Tokens:
        """Return new tokens. Whoever comes while they are on their way waits for them; whoever leaves does not end the renewal."""
        if self._renewing is None:
            self._renewing = asyncio.create_task(self._renew())
            self._renewing.add_done_callback(self._renewal_over)
        under_way = self._renewing
        await asyncio.wait({under_way}, timeout=timeout)
        if not under_way.done() or under_way.cancelled():
            message = f"{self._http.host} takes too long to sign us in"
            raise NetworkError(message)
        return under_way.result()

    def _renewal_over(self, task: asyncio.Task[Tokens]) -> None:
        self._renewing = None
        if not task.cancelled():
            task.exception()  # whoever waited has it; where all have left, nobody is told that it was never looked at

    async def _renew(self) -> Tokens:
        held = self._tokens
        try:
            anew = await self._refresh(held) if held else None
            self._tokens = anew or await self._sign_in()
        except NetworkError:
            self._failed_at = self._clock()
            raise
        return self._tokens

    async def _refresh(self, held: Tokens) -> Tokens | None:
        answer = await self._call("POST", "com.atproto.server.refreshSession", held.refresh, _RENEWAL_TIMEOUT)
        if closed(answer):
            raise self._turned_away(_why(answer))
        return None if _refuses(answer) else self._read(answer)

    async def _sign_in(self) -> Tokens:
        if self._rests(self._refused_at, _REST_AFTER_REFUSAL):
            raise self._refused(self._refusal)
        login = {"identifier": self._identifier, "password": self._password.reveal()}
        answer = await self._call("POST", "com.atproto.server.createSession", None, _RENEWAL_TIMEOUT, json=login)
        if _refuses(answer):
            raise self._turned_away(_why(answer))
        return self._read(answer)

    def _rests(self, since: datetime | None, rest: timedelta) -> bool:
        """Return whether less than `rest` has passed; a clock that was set back ends a rest, so that none lasts for ever."""
        return since is not None and timedelta() <= self._clock() - since < rest

    def _read(self, answer: Answer) -> Tokens:
        try:
            read = _SignedIn.model_validate(self._body(answer))
        except ValidationError:
            message = f"{self._http.host} answered a sign-in with something that is no session"
            raise Malformed(message) from None
        if not read.active:
            how = one_line(read.status, 40) or "not active"
            raise self._turned_away(_account_is(how))
        account = Account(NETWORK, read.did, read.handle, f"https://bsky.app/profile/{read.did}")
        return tokens(account, read.access, read.refresh, self._clock())

    def _body(self, answer: Answer) -> Mapping[str, object]:
        if answer.status == _TOO_MANY:
            message = f"{self._http.host} asks us to wait"
            raise RateLimited(message, retry_after(answer.headers, now()))
        if not answer.ok:
            message = f"{self._http.host} said no: {said(answer)}"
            raise Declined(message, answer.status, code_of(answer), barred=is_barred_from(answer))
        if not isinstance(answer.body, Mapping):
            message = f"{self._http.host} answered with something other than an object"
            raise Malformed(message)
        return answer.body

    def _turned_away(self, reason: str) -> SignInNeeded:
        """Forget the session and rest, because signing in again would lead nowhere."""
        self._tokens, self._refusal, self._refused_at = None, reason, self._clock()
        return self._refused(reason)

    def _refused(self, reason: str) -> SignInNeeded:
        return SignInNeeded(
            f"Bluesky does not let {one_line(self._identifier, 80)} in: {reason}",
            what_to_do(self._secret_name),
        )


Opened = TypeVar("Opened", bound=Session)


def what_to_do(secret_name: str) -> str:
    """Say how a sign-in that is refused can be mended."""
    where = f"the secret {secret_name} ({secret_variable(secret_name)})"
    return f"Make an app password at https://bsky.app/settings/app-passwords and put it into {where}."


def open_session(kind: type[Opened], options: Options, book: Rulebook, secret_name: str) -> Opened:
    """Make a session (of this `kind`) for the account that `options` name, or for the only one that the brands have here.

    Raises:
        SignInNeeded: there is no app password.
        UsageError: it is not clear which account, or the server's address cannot be used.
    """
    password = secret(secret_name)
    if password is None:
        message = "Bluesky is heard and answered through an account, and there is no app password for ours"
        raise SignInNeeded(message, what_to_do(secret_name))
    ours = {brand.handles[NETWORK] for brand in book.brands.values() if NETWORK in brand.handles}
    identifier = options.identifier or options.handle or (ours.pop() if len(ours) == 1 else "")
    if not identifier:
        message = "which Bluesky account is ours cannot be told"
        raise UsageError(message, "Say it in rules.yaml: sources: {bluesky: {handle: acme.example}}.")
    return kind(options.service, identifier.removeprefix("@"), password, secret_name)
