"""Asking X for its filtered stream: which rules it goes by, and the answer without an end. tweepy composes, `listener.lines` asks.

docs.x.com, "filtered stream", "build a rule", "handling disconnections" and "rate limits" (August 2026); X's published description
(2.167, July 2026). Only an app's own token is let in. The rules belong to the app and stay there; a tag says whose each one is. To
make them is the one thing the ear ever posts, at the one address that publishes nothing; rules of others are never touched. Unlike
every other address, the stream is described as still knowing the older names of what posts hold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import aiohttp
from pydantic import Field, TypeAdapter, ValidationError
from tweepy import StreamRule
from tweepy.asynchronous import AsyncStreamingClient

from listener.errors import NetworkError, RateLimited, SignInNeeded
from listener.http import Answer
from listener.lines import Flow, Lines
from listener.settings import Secret, secret_variable
from listener.shapes import Wire
from listener.x_client import NEWER_FIELDS, POST_FIELDS
from listener.x_wire import (
    BAD_REQUEST,
    FORBIDDEN,
    TOO_MANY,
    Id,
    WireIncludes,
    WireProblem,
    check,
    problem_of,
    read,
    said_by,
    wait_for,
)

_RULES = "/2/tweets/search/stream/rules"
_ONLY_RULES = "whoever listens may only read, and say what the stream is to bring"
_APP_ONLY = "the stream is heard with an app's own token only"
_DISCONNECTS = frozenset({"operational-disconnect", "streaming-connection"})


@dataclass(frozen=True, slots=True)
class Rule:
    """What the stream is to bring, in X's own query language, and the tag that says whose rule it is."""

    value: str
    tag: str


@dataclass(frozen=True, slots=True)
class Agreed:
    """The ids of the rules that stand for ours, and what X said of those it did not take."""

    ids: frozenset[str]
    refused: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Patience:
    """What is waited for, in seconds, and the longest line, in bytes."""

    hello: float = 15.0
    silence: float = 30.0  # X sends a sign of life every 20 s
    longest: int = 1_000_000


class _WireRule(Wire):
    id: Id
    value: str = ""
    tag: str | None = None


class _WireRules(Wire):
    data: tuple[_WireRule, ...] = Field(default=(), strict=False)
    errors: tuple[WireProblem, ...] = Field(default=(), strict=False)


class WireStreamed(Wire):
    """One line of the stream: a post and the rules that brought it, or why the stream ends."""

    data: object = None
    includes: WireIncludes = WireIncludes()
    matching_rules: tuple[_WireRule, ...] = Field(default=(), strict=False)
    errors: tuple[WireProblem, ...] = Field(default=(), strict=False)

    @property
    def ending(self) -> WireProblem | None:
        """Why X ends the stream, or None where it does not."""
        return next((one for one in self.errors if one.kind in _DISCONNECTS), None)


streamed = TypeAdapter(WireStreamed)
_rules = TypeAdapter(_WireRules)


class StreamClient(AsyncStreamingClient):  # type: ignore[misc]  # tweepy has no types
    """tweepy's streaming client with our own way out: it reads, and posts rules; every other address it refuses to post to."""

    def __init__(self, service: str, keys: Secret, secret: str, patience: Patience) -> None:
        """Keep the token; nothing is opened yet. `secret` is the name of the secret that holds it.

        Raises:
            UsageError: the service is no usable address.
            SignInNeeded: the secret holds an account's four keys, which the stream does not take.
        """
        super().__init__("", return_type=aiohttp.ClientResponse)
        if len(keys.reveal().split()) != 1:
            raise SignInNeeded(_APP_ONLY, _hint(secret))
        self._lines = Lines(service, token=Secret(keys.reveal().strip()))
        self._patience = patience
        self._newer = False
        self._secret = secret

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
            NotConnected, Malformed, NetworkError: see `listener.http`.
        """
        if method != "GET" and (method, route) != ("POST", _RULES):
            raise NotImplementedError(_ONLY_RULES)
        asked = {name: str(value) for name, value in (params or {}).items()}
        return await self._lines.call(method, route, params=asked, json=json)

    async def _connect(self, method: str, endpoint: str, params: Mapping[str, object] | None = None) -> Answer | Flow:  # noqa: ARG002
        asked = {name: str(value) for name, value in (params or {}).items()}
        if self._newer:
            asked.pop("tweet.fields", None)
            asked |= NEWER_FIELDS
        wait = self._patience
        path = f"/2/tweets/{endpoint}/stream"
        return await self._lines.follow(path, params=asked, timeout=wait.hello, silence=wait.silence, longest=wait.longest)

    async def agree(self, wanted: Sequence[Rule], prefix: str) -> Agreed:
        """See that just the rules `wanted` stand among those whose tags begin with `prefix`. A rule of others in the same words will do.

        Raises:
            SignInNeeded, RateLimited, Malformed, NotConnected, NetworkError
        """
        found = read(_rules, self._checked(await self.get_rules()).body, "the rules of the stream").data
        kept = {(one.value, one.tag) for one in wanted}
        stale = [one.id for one in found if (one.tag or "").startswith(prefix) and (one.value, one.tag) not in kept]
        if stale:
            self._checked(await self.delete_rules(stale))
        standing = {one.value: one.id for one in found if one.id not in stale}
        refused = []
        for rule in wanted:
            if rule.value not in standing:
                made = await self._add(rule)
                standing |= {rule.value: made[0]} if made[0] else {}
                refused += [made[1]] if not made[0] else []
        return Agreed(frozenset(standing[rule.value] for rule in wanted if rule.value in standing), tuple(refused))

    async def _add(self, rule: Rule) -> tuple[str, str]:
        """Return the id of a rule that was made, or "" and what X says against it. A broken rule must not keep the others away."""
        answer: Answer = await self.add_rules(StreamRule(rule.value, rule.tag))
        body = answer.body if answer.status == BAD_REQUEST else self._checked(answer).body
        try:
            told = _rules.validate_python(body)
        except ValidationError:
            told = _WireRules()
        first = next((one.words for one in told.errors if one.words), "") or said_by(answer) or f"X answered {answer.status}"
        return (told.data[0].id, "") if told.data else ("", first)

    async def listen(self) -> Flow:
        """Begin the stream.

        Raises:
            SignInNeeded: X does not let this app hear it, or no credit is left.
            RateLimited: another connection hears it already, or X asks us to wait.
            Malformed, NotConnected, NetworkError
        """
        answer = await self._begin()
        if isinstance(answer, Answer) and answer.status == BAD_REQUEST:
            self._newer = not self._newer
            second = await self._begin()
            if isinstance(second, Flow):
                return second
            self._newer = not self._newer
        if isinstance(answer, Flow):
            return answer
        self._checked(answer)
        message = "X began no stream"
        raise NetworkError(message)

    async def _begin(self) -> Answer | Flow:
        begun: Answer | Flow = await self.filter(**POST_FIELDS)
        return begun

    def _checked(self, answer: Answer) -> Answer:
        kind = problem_of(answer).kind
        if answer.status == FORBIDDEN and kind == "unsupported-authentication":
            raise SignInNeeded(_APP_ONLY, _hint(self._secret))
        if answer.status == TOO_MANY and kind == "streaming-connection":
            message = f"something else hears this app's stream already: {said_by(answer)}"
            raise RateLimited(message, wait_for(answer))
        return check(answer, self._secret)

    async def close(self) -> None:
        """Let go of connections."""
        await self._lines.close()


def _hint(secret: str) -> str:
    return f"Put the app's bearer token into the secret {secret} ({secret_variable(secret)}), and our account's name into `handle`."
