"""Be told: anything that can send a signed JSON delivery can be heard, mapped by a few lines of rules.yaml.

A sender gets its 2xx only after its posts are stored. A delivery waits in memory until `fetch` hands it over; the cursor of that page holds
what the delivery claims, so that a later `fetch` with such a cursor proves that it was stored, and only then is the sender answered. If it
takes too long, or the daemon stops, the answer is 503 and the sender brings it again: if it was stored after all, the cursor knows it, also
after a crash, and the answer is "already".

What is refused is told to the sender, who is the one that can mend it: 401 (not signed, wrongly, or too old), 400 (no JSON), 422 (it does
not fit `map`), 409 (contradicts what was delivered under the same id), 413, 503 (wait). What was signed, well or badly, and
refused is besides a gap, told at most once an hour, so that whoever runs Earnest sees it too.
"""

from __future__ import annotations

import asyncio
import json
import shlex
from collections.abc import Mapping
from datetime import datetime

from listener import settings
from listener.clock import Clock, now
from listener.doorbell import Door, Doorbells, Reply, Ring
from listener.errors import Malformed, SignInNeeded, UsageError
from listener.model import Gap, Page
from listener.places import who_sits_at
from listener.rules.rulebook import Rulebook
from listener.sources._webhook_json import Unreadable, read_body
from listener.sources._webhook_mapping import Brought, Mapper, Unmapped
from listener.sources._webhook_memory import Memory, body_digest, claim_digest, read_cursor
from listener.sources._webhook_options import Options, all_slips, secret_name, slips
from listener.sources._webhook_sample import sample
from listener.sources._webhook_seals import Sealed, check, key_of, sign
from listener.sources._webhook_waiting import Line, Misfits
from listener.sources.base import Invitation, SourceKind

_KIND = "webhook"

_DOORBELLS = Doorbells()
"""The addresses of this process: an address can be had once, whoever asks."""

_PATIENCE = 8.0  # seconds; GitHub hangs up after ten (docs.github.com, "Best practices for using webhooks", November 2026)
_RETRY = 30
_SHORTEST_SECRET = 16
_LARGE = 32_768  # bytes; reading more than this is done beside the event loop
_LOST = "what was delivered before cannot be told any more, so a delivery that is repeated may be taken for a new one"
_CONTRADICTS = "something else was delivered under this id"
_REASONS = {
    "unsigned": "the signature is missing, stands there twice, or is of another style",
    "wrong": "the signature does not fit the secret",
    "time": "the signed time is more than five minutes from now",
}


class Webhook:
    """One door that posts are brought to."""

    def __init__(
        self, name: str, options: Options, clock: Clock = now, doorbells: Doorbells = _DOORBELLS, patience: float = _PATIENCE
    ) -> None:
        """Keep what to do; nothing is opened yet. `patience` is how many seconds a sender waits for its posts to be stored.

        Raises:
            UsageError: the options do not fit together.
        """
        for slip in slips(name, options):
            message = f"{name}: {slip.message}"
            raise UsageError(message, slip.hint)
        self.name = name
        self.network = options.network
        self._options = options
        self._mapper = Mapper(options)
        self._clock = clock
        self._doorbells = doorbells
        self._patience = patience
        self._keys: tuple[bytes, ...] = ()
        self._open = False
        self._memory = Memory()
        self.line = Line()
        self._misfits = Misfits()
        self._news = asyncio.Event()

    async def identify(self) -> None:
        """Return None: there is no account, only a secret that senders sign with.

        Raises:
            SignInNeeded: the secret is missing or cannot be used.
        """
        self._keys = self._read_keys()

    async def fetch(self, cursor: str | None) -> Page:
        """Return what was brought since `cursor`, and answer the senders of what it proves to be stored. The first call opens the door.

        Raises:
            SignInNeeded: the secret is missing or cannot be used.
            NetworkError: nobody can listen at this address.
        """
        memory = read_cursor(cursor)
        self._memory = memory or Memory()
        self.line.settle(self._memory)
        self._misfits.settle(self._memory.told_at)
        await self._open_door()
        handed = self.line.hand_over()
        gap, told_at = self._gap(lost=memory is None)
        claims = {claim: one.digest for one in handed for claim in one.claims}
        return Page(
            posts=tuple(post for one in handed for post in one.brought.posts),
            cursor=self._memory.with_(claims, told_at).cursor(),
            more=bool(handed),  # the next question proves that these were stored, so it is asked at once
            gap=gap,
            gone=tuple(gone for one in handed for gone in one.brought.gone),
        )

    async def stir(self) -> None:
        """Return once something was brought, or waits to be proven stored."""
        while not self.line and not self._misfits.due(self._memory.told_at, self._clock()):
            self._news.clear()
            await self._news.wait()

    async def close(self) -> None:
        """Send those who wait away, to come again, and close the door."""
        self.line.send_away()
        if self._open:
            self._open = False
            await self._doorbells.close(self._options.place, self._options.path)

    async def invite(self) -> Invitation:
        """Return where posts are brought to, and a command that brings one; see `Receiving.invite`.

        Raises:
            SignInNeeded: the secret is missing or cannot be used.
        """
        key, at, place = self._read_keys()[0], self._clock(), self._options.place
        body = json.dumps(sample(self._options, at), ensure_ascii=False)
        headers = sign(self._options.form, key, body.encode(), delivery=f"earnest-test-{int(at.timestamp())}", at=int(at.timestamp()))
        scheme = "https" if place.certificate else "http"
        host = "localhost" if place.socket else str(place)
        if not place.here:
            host = f"{self._options.hosts[0]}:{place.port}"
        words = ["curl", *(["--unix-socket", place.socket] if place.socket else []), f"{scheme}://{host}{self._options.path}"]
        for name, value in {"Content-Type": "application/json", **headers}.items():
            words += ["-H", f"{name}: {value}"]
        address = f"{place} at {self._options.path}" if place.socket else f"{scheme}://{host}{self._options.path}"
        return Invitation(address, await who_sits_at(place), shlex.join([*words, "--data-binary", body]))

    def would_bring(self, body: bytes) -> Page:
        """Return the posts that one delivery would be; see `Receiving.would_bring`.

        Raises:
            Malformed: it cannot be read.
        """
        try:
            brought = self._mapper.posts(read_body(body), self._clock())
        except Unreadable as problem:
            message = f"{self.name} could not read this delivery: {problem}"
            raise Malformed(message) from None
        except Unmapped as problem:
            message = f"{self.name} could not map this delivery: {problem.path} {problem.why}"
            raise Malformed(message, "Put the path right below `map`, or leave such deliveries out with `only_when`.") from None
        return Page(posts=brought.posts, cursor=None, gone=brought.gone)

    def _read_keys(self) -> tuple[bytes, ...]:
        name = secret_name(self.name)
        hint = f"Set the secret {name} to what the sender signs with (two with a space between them while it is changed)."
        secret = settings.secret(name)
        if secret is None:
            message = f"{self.name} has no secret, so nothing that is brought could be believed"
            raise SignInNeeded(message, hint)
        words = secret.reveal().split()
        if any(len(word) < _SHORTEST_SECRET for word in words):
            message = f"the secret {name} is too short: it wants {_SHORTEST_SECRET} letters or more"
            raise SignInNeeded(message, hint)
        try:
            return tuple(key_of(self._options.form.style, word) for word in words)
        except ValueError as problem:
            message = f"the secret {name} cannot be used: {problem}"
            raise SignInNeeded(message, hint) from None

    async def _open_door(self) -> None:
        if self._open:
            return
        self._keys = self._keys or self._read_keys()
        door = Door(self._answer, frozenset(self._options.hosts))
        await self._doorbells.open(self._options.place, self._options.path, door)
        self._open = True

    def _gap(self, *, lost: bool) -> tuple[Gap | None, datetime | None]:
        """Return what cannot be heard, and when that was told last."""
        if self._misfits.due(self._memory.told_at, self._clock()):
            gap, at = self._misfits.gap(self._clock())
            return (Gap(f"{gap.reason}; {_LOST}", gap.since, gap.until) if lost else gap), at
        return (Gap(_LOST) if lost else None), self._memory.told_at

    async def _answer(self, ring: Ring) -> Reply:
        """Look at one delivery, and return its answer once it is known."""
        sealed = check(self._options.form, self._keys, ring, self._clock().timestamp())
        if not isinstance(sealed, Sealed):
            return self._refuse(401, _REASONS[sealed], quietly=sealed == "unsigned")
        if self.line.full:
            return _later("too many deliveries wait already")
        claims, digest = tuple(map(claim_digest, sealed.claims)), body_digest(ring.body)
        if self._memory.holds(claims, digest):
            return Reply(200, {"stored": 0, "already": True})
        try:
            brought = await self._map(ring.body)
        except Unreadable as problem:
            return self._refuse(400, str(problem))
        except Unmapped as problem:
            return self._refuse(422, problem.why, path=problem.path)
        return await self._take(claims, digest, brought, len(ring.body))

    def _refuse(self, status: int, why: str, *, path: str = "", quietly: bool = False) -> Reply:
        """Refuse a delivery, and see to it that we are told too: what is not signed at all is some stranger's, all else may be a loss."""
        if not quietly:
            self._misfits.note(f"{path} {why}".strip(), self._clock())
            self._news.set()
        return Reply(status, {"error": why, "path": path} if path else {"error": why})

    async def _map(self, body: bytes) -> Brought:
        def read() -> Brought:
            return self._mapper.posts(read_body(body), self._clock())

        return await asyncio.to_thread(read) if len(body) > _LARGE else read()

    async def _take(self, claims: tuple[str, ...], digest: str, brought: Brought, size: int) -> Reply:
        """Let a delivery wait until it is stored. One that is brought again meanwhile waits beside its first."""
        if (known := self._memory.holds(claims, digest)) is not None:
            return Reply(200, {"stored": 0, "already": True}) if known else self._refuse(409, _CONTRADICTS)
        if not brought.ids:
            return Reply(200, {"stored": 0})
        one = self.line.like(claims)
        if one and one.digest != digest:
            return self._refuse(409, _CONTRADICTS)
        if not self._open or (one is None and self.line.full):
            return _later("nothing can be taken now")
        one = one or self.line.add(claims, digest, brought, size)
        self._news.set()
        stored = await one.wait(self._patience)
        return Reply(200, {"stored": len(one.brought.ids)}) if stored else _later("it could not be stored yet")


def _later(why: str) -> Reply:
    return Reply(503, {"error": why}, wait=_RETRY)


def _make(name: str, options: Mapping[str, object], _book: Rulebook) -> Webhook:
    return Webhook(name, Options.model_validate(dict(options)))


KIND = SourceKind(network=_KIND, options=Options, make=_make, public=False, secrets=(settings.reading_secret(_KIND),), check=all_slips)
