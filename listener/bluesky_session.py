"""An account's session on a Bluesky server: signing in, renewing, and asking. The source hears through it; the channel adds writing.

Facts come from docs.bsky.app (API Hosts and Auth; PDS Entryway; Rate Limits, all read in November 2026) and from trying the
server's own code (PDS 0.5.35). bsky.social forwards whatever it is asked to the account's own server, so one address is enough.
An access token lives for two hours, and an expired one answers 400 `ExpiredToken`, not 401. Signing in is limited to 30 times in
five minutes and 300 times a day for each account, and that counts for the people who use the account too.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from listener.clock import now
from listener.errors import Malformed, NetworkError, RateLimited, SignInNeeded, UsageError
from listener.http import Answer, Http, Params, retry_after
from listener.model import Account
from listener.rules.rulebook import Rulebook, Strict
from listener.settings import Secret, secret, secret_variable
from listener.text import one_line

NETWORK = "bluesky"
POSTS = "app.bsky.feed.post"

_BAD_TOKEN = frozenset({"ExpiredToken", "InvalidToken", "AuthMissing", "AuthenticationRequired"})
_REST_AFTER_REFUSAL = 900.0
_BAD_REQUEST, _UNAUTHORIZED, _FORBIDDEN, _TOO_MANY = 400, 401, 403, 429


class Options(Strict):
    """Which account, on which server."""

    service: str = Field(default="https://bsky.social", description="the account's server; bsky.social unless it is hosted elsewhere")
    handle: str = Field(default="", description="our account, without @; the brand's own where there is only one")
    identifier: str = Field(default="", description="what to sign in with, where it is not the handle: the account's id or e-mail")


class Declined(NetworkError):
    """The server understood and said no. `status` is HTTP's, `code` the server's own word for it."""

    def __init__(self, message: str, status: int, code: str) -> None:
        """Keep the code beside the words."""
        super().__init__(message)
        self.status = status
        self.code = code


class _SignedIn(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True)

    did: Annotated[str, Field(pattern=r"^did:[a-z]+:[A-Za-z0-9._:%-]+$")]
    handle: Annotated[str, Field(min_length=1)]
    access: Annotated[str, Field(alias="accessJwt", min_length=1)]
    refresh: Annotated[str, Field(alias="refreshJwt", min_length=1)]
    active: bool = True
    status: str = ""


@dataclass(frozen=True, slots=True)
class _Tokens:
    account: Account
    access: Secret
    refresh: Secret


def code_of(answer: Answer) -> str:
    """Return the server's own word for what went wrong, "" where it has none."""
    code = answer.body.get("error") if isinstance(answer.body, Mapping) else None
    return code if isinstance(code, str) else ""


def said(answer: Answer) -> str:
    """Return what the server says for people, safe to show, in one short line."""
    told = answer.body.get("message") if isinstance(answer.body, Mapping) else None
    return one_line(told, 200) if isinstance(told, str) and told else f"status {answer.status}"


def is_bad_token(answer: Answer) -> bool:
    """Return whether the answer means that the token is missing, expired or wrong, so that nothing was done."""
    return answer.status in {_BAD_REQUEST, _UNAUTHORIZED} and code_of(answer) in _BAD_TOKEN


def _turns_us_away(answer: Answer) -> bool:
    return is_bad_token(answer) or answer.status in {_UNAUTHORIZED, _FORBIDDEN}


def page_url(handle: str, did: str, rkey: str) -> str:
    """Return the address of a post that a person can open. An account whose handle does not resolve is named by its id."""
    plain = handle.isascii() and handle.replace(".", "").replace("-", "").isalnum() and handle != "handle.invalid"
    return f"https://bsky.app/profile/{handle if plain else did}/post/{rkey}"


class Session:
    """One account's session. It signs in when first needed, renews once where a token is refused, and never in a loop."""

    def __init__(self, service: str, identifier: str, password: Secret, secret_name: str) -> None:
        """Keep what signing in needs; nothing is asked yet.

        Raises:
            UsageError: `service` is no address that may be used.
        """
        self._http = Http(service)
        self._identifier = identifier
        self._password = password
        self._secret_name = secret_name
        self._tokens: _Tokens | None = None
        self._renewing = asyncio.Lock()
        self._refusal = ""
        self._rest_until = 0.0

    async def account(self, timeout: float = 30.0) -> Account:
        """Return our own account.

        Raises:
            SignInNeeded, RateLimited, NetworkError
        """
        return (await self._signed_in(None, timeout)).account

    async def ask(self, method: str, params: Params, timeout: float = 30.0) -> Mapping[str, object]:
        """Read, and return the answer's body. A refused token is renewed and the question asked once more.

        Raises:
            SignInNeeded: the server refuses us.
            RateLimited: the server asks us to wait.
            Declined: the server understood and said no.
            Malformed: the answer made no sense.
            NetworkError: no answer.
        """
        tokens = await self._signed_in(None, timeout)
        answer = await self._call("GET", method, tokens.access, timeout, params=params)
        if _turns_us_away(answer):
            tokens = await self._signed_in(tokens, timeout)
            answer = await self._call("GET", method, tokens.access, timeout, params=params)
        if _turns_us_away(answer):
            self._tokens = None
            raise self._refused(said(answer))
        return self._body(answer)

    async def close(self) -> None:
        """Let go of connections."""
        await self._http.close()

    async def _call(
        self, verb: str, method: str, token: Secret | None, timeout: float, *, params: Params | None = None, json: object = None
    ) -> Answer:
        return await self._http.call(verb, f"/xrpc/{method}", params=params, json=json, token=token, timeout=timeout)

    async def _signed_in(self, stale: _Tokens | None, timeout: float) -> _Tokens:
        """Return tokens that are not `stale`. Whoever comes second waits and takes what the first one got."""
        if self._tokens is not None and self._tokens is not stale:
            return self._tokens
        async with self._renewing:
            if self._tokens is None or self._tokens is stale:
                self._tokens = await self._renew(stale, timeout) or await self._sign_in(timeout)
            return self._tokens

    async def _renew(self, stale: _Tokens | None, timeout: float) -> _Tokens | None:
        if stale is None:
            return None
        answer = await self._call("POST", "com.atproto.server.refreshSession", stale.refresh, timeout)
        return None if is_bad_token(answer) else self._read(answer)

    async def _sign_in(self, timeout: float) -> _Tokens:
        if time.monotonic() < self._rest_until:
            raise self._refused(self._refusal)
        login = {"identifier": self._identifier, "password": self._password.reveal()}
        answer = await self._call("POST", "com.atproto.server.createSession", None, timeout, json=login)
        if answer.status == _UNAUTHORIZED:
            self._refusal = said(answer)
            self._rest_until = time.monotonic() + _REST_AFTER_REFUSAL
            raise self._refused(self._refusal)
        return self._read(answer)

    def _read(self, answer: Answer) -> _Tokens:
        try:
            read = _SignedIn.model_validate(self._body(answer))
        except ValidationError:
            message = f"{self._http.host} answered a sign-in with something that is no session"
            raise Malformed(message) from None
        if not read.active:
            reason = f"the account is {one_line(read.status, 40) or 'not active'}"
            raise self._refused(reason)
        account = Account(NETWORK, read.did, read.handle, f"https://bsky.app/profile/{read.did}")
        return _Tokens(account, Secret(read.access), Secret(read.refresh))

    def _body(self, answer: Answer) -> Mapping[str, object]:
        if answer.status == _TOO_MANY:
            message = f"{self._http.host} asks us to wait"
            raise RateLimited(message, retry_after(answer.headers, now()))
        if not answer.ok:
            message = f"{self._http.host} said no: {said(answer)}"
            raise Declined(message, answer.status, code_of(answer))
        if not isinstance(answer.body, Mapping):
            message = f"{self._http.host} answered with something other than an object"
            raise Malformed(message)
        return answer.body

    def _refused(self, reason: str) -> SignInNeeded:
        return SignInNeeded(
            f"Bluesky does not let {one_line(self._identifier, 80)} in: {reason}",
            _what_to_do(self._secret_name),
        )


Opened = TypeVar("Opened", bound=Session)


def _what_to_do(secret_name: str) -> str:
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
        raise SignInNeeded(message, _what_to_do(secret_name))
    ours = {brand.handles[NETWORK] for brand in book.brands.values() if NETWORK in brand.handles}
    identifier = options.identifier or options.handle or (ours.pop() if len(ours) == 1 else "")
    if not identifier:
        message = "which Bluesky account is ours cannot be told"
        raise UsageError(message, "Say it in rules.yaml: sources: {bluesky: {handle: acme.example}}.")
    return kind(options.service, identifier.removeprefix("@"), password, secret_name)
