"""Bluesky's real servers on loopback, for tests.

    with DevNet() as net:                    # in async code also: async with DevNet() as net
        alice = await net.create_account("alice")
        uri, cid = await net.post(alice, "hello @brand.test")

Every network is new and empty, has its own PostgreSQL and Redis, listens on 127.0.0.1 only, and is gone at the end of the
block: even if this process is killed, for then a small guard process cleans up. `install.sh` has to have run once.

By hand: `python -m tests.real.bluesky.devnet [--rate-limits]` in the project's root starts a network, prints its
addresses and waits for Ctrl-C.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import filecmp
import hashlib
import hmac
import json
import os
import re
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self, TypeAlias

import aiohttp

from tests.real.bluesky.processes import DevNetError, Place, PortTakenError, start_network, start_postgres, start_redis

__all__ = ["Account", "Answer", "DevNet", "DevNetError", "Json", "Ref", "now"]

Json: TypeAlias = Any
"""What a server answered: decoded JSON, whose shape only the test knows."""

_HERE = Path(__file__).resolve().parent
_POST = "app.bsky.feed.post"
_WRITES = "com.atproto.repo.applyWrites"
_CREATE = 3  # points; a deletion is one (PDS 0.5.35)
_MOST_WRITES = 200
_STARTS = 3  # free ports are guessed, so another program may take one in between: then everything is tried anew
_REQUEST_TIMEOUT = aiohttp.ClientTimeout(total=60)
_PDS_SECRET = b"jwt-secret"  # what dev-env signs its tokens with

# Where Bluesky's own client sees a mention: an @handle at the start or after a space or an opening bracket.
_LABEL = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_MENTION = re.compile(rf"(?<![^\s(])@(?P<handle>(?:{_LABEL}\.)+{_LABEL})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Account:
    """A person on the network, logged in."""

    did: str
    handle: str
    password: str
    access_jwt: str
    refresh_jwt: str


class Ref(NamedTuple):
    """A record's address, and the hash of what it said then."""

    uri: str
    cid: str

    @property
    def rkey(self) -> str:
        """The last part of the address."""
        return self.uri.rsplit("/", 1)[1]


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer, whatever its status; the body is None where it was not JSON."""

    status: int
    body: Json
    headers: Mapping[str, str]


def now() -> str:
    """The time as records hold it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class DevNet:
    """A Bluesky network of its own, which runs while its block does; its methods are coroutines."""

    pds_url: str
    appview_url: str
    plc_url: str

    def __init__(self, *, rate_limits: bool = False, installation: Path | None = None) -> None:
        """Nothing starts before the block is entered; rate_limits turns on the PDS's real limiter."""
        self._rate_limits = rate_limits
        self._installation = installation or _default_installation()
        self._running = contextlib.ExitStack()
        self._control_url = ""

    # ---- starting and stopping

    def __enter__(self) -> Self:
        """Start everything; this blocks for several seconds."""
        if not _is_installed(self._installation):
            problem = f"Bluesky's server code is not in {self._installation}, or not as locked: run {_HERE / 'install.sh'}"
            raise DevNetError(problem)
        for attempt in range(1, _STARTS + 1):
            with contextlib.ExitStack() as starting:  # unwinds what runs already if a later step fails
                try:
                    self._start(starting)
                except PortTakenError:
                    if attempt == _STARTS:
                        raise
                    continue
                self._running = starting.pop_all()
                break
        return self

    def __exit__(self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None) -> None:
        """Stop everything and delete its data."""
        self._running.close()

    async def __aenter__(self) -> Self:
        """Start everything without blocking the event loop."""
        starting = asyncio.ensure_future(asyncio.to_thread(self.__enter__))
        try:
            return await asyncio.shield(starting)
        except asyncio.CancelledError:  # a thread cannot be cancelled, so it has to finish before there is something to stop
            await starting
            await asyncio.to_thread(self._running.close)
            raise

    async def __aexit__(self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None) -> None:
        """Stop everything and delete its data."""
        await asyncio.to_thread(self._running.close)

    def _start(self, starting: contextlib.ExitStack) -> None:
        place = Place(starting)
        self._redis_port = redis_port = start_redis(place)
        postgres_port = start_postgres(place)
        addresses = start_network(
            place,
            [str(self._installation / "node"), str(_HERE / "network.mjs"), str(self._installation)],
            {
                "POSTGRES_URL": f"postgres://postgres@127.0.0.1:{postgres_port}/postgres",
                "REDIS_HOST": f"127.0.0.1:{redis_port}",
                "RATE_LIMITS": "1" if self._rate_limits else "0",
            },
        )
        self.pds_url, self.appview_url, self.plc_url = addresses["pds"], addresses["appview"], addresses["plc"]
        self._control_url = addresses["control"]

    # ---- what tests do on the network

    async def create_account(self, name: str) -> Account:
        """A new account called NAME.test."""
        password = f"password of {name}"
        answer = await self.call(
            "POST",
            "com.atproto.server.createAccount",
            body={"handle": f"{name}.test", "email": f"{name}@example.test", "password": password},
        )
        body = _expect_ok(answer, f"create the account {name}")
        return Account(body["did"], body["handle"], password, body["accessJwt"], body["refreshJwt"])

    async def post(self, account: Account, text: str, reply_to: Ref | None = None) -> Ref:
        """Publish a post as the account; every @handle that exists becomes a mention."""
        record: dict[str, Json] = {"$type": _POST, "text": text, "createdAt": now(), "langs": ["en"]}
        if facets := await self._mentions(text):
            record["facets"] = facets
        if reply_to is not None:
            record["reply"] = await self.reply_refs(reply_to)
        answer = await self.call(
            "POST",
            "com.atproto.repo.createRecord",
            token=account.access_jwt,
            body={"repo": account.did, "collection": _POST, "record": record},
        )
        body = _expect_ok(answer, "publish a post")
        return Ref(body["uri"], body["cid"])

    async def delete(self, account: Account, uri: str) -> None:
        """Delete one of the account's own records."""
        _, _, repo, collection, rkey = uri.split("/")
        body = {"repo": repo, "collection": collection, "rkey": rkey}
        _expect_ok(await self.call("POST", "com.atproto.repo.deleteRecord", token=account.access_jwt, body=body), f"delete {uri}")

    async def reply_refs(self, parent: Ref) -> Json:
        """The `reply` part of a record answering the parent: a reply's root is its parent's root."""
        _, _, repo, collection, rkey = parent.uri.split("/")
        answer = await self.call("GET", "com.atproto.repo.getRecord", params={"repo": repo, "collection": collection, "rkey": rkey})
        above = _expect_ok(answer, f"read {parent.uri}")["value"].get("reply")
        itself = {"uri": parent.uri, "cid": parent.cid}
        return {"root": above["root"] if above else itself, "parent": itself}

    async def thread(self, uri: str) -> Json:
        """The thread under a post as the AppView shows it to a visitor, after it has read all that was published."""
        await self.settle()
        answer = await self.call("GET", "app.bsky.feed.getPostThread", base=self.appview_url, params={"uri": uri})
        return _expect_ok(answer, f"read the thread of {uri}")["thread"]

    async def settle(self) -> None:
        """Return once the AppView knows everything the PDS holds."""
        async with (
            aiohttp.ClientSession(timeout=_REQUEST_TIMEOUT) as session,
            session.post(f"{self._control_url}/settle") as response,
        ):
            if not response.ok:
                problem = f"the AppView does not catch up: {await response.text()}"
                raise DevNetError(problem)

    async def spend(self, account: Account, points: int) -> None:
        """Spend so much of what the account may write in an hour, without a record: the limiter counts what is then refused."""
        someone_else = (await self.create_account(f"other-{account.handle.partition('.')[0]}")).did
        write = {"collection": _POST, "value": {"$type": _POST, "text": "x", "createdAt": now()}, "$type": f"{_WRITES}#create"}
        single = {"collection": _POST, "rkey": "3l22222222a2b", "$type": f"{_WRITES}#delete"}
        while points > 0:
            writes = [write] * min(_MOST_WRITES, points // _CREATE) or [single] * points
            points -= _CREATE * len(writes) if writes[0] is write else len(writes)
            order = {"repo": someone_else, "writes": writes}
            answer = await self.call("POST", _WRITES, token=account.access_jwt, body=order)
            if answer.status != 401:
                problem = f"spending points went wrong: {answer.status} {answer.body}"
                raise DevNetError(problem)

    async def let_limits_pass(self) -> None:
        """Let the time pass after which every limit begins anew, for the limiter only."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self._redis_port)
        each = "for _, one in ipairs(redis.call('KEYS', pattern)) do found = found + redis.call('DEL', one) end"
        script = f"local found = 0 for _, pattern in ipairs({{'rl-*', 'com.atproto.*'}}) do {each} end return found"
        writer.write(f'EVAL "{script}" 0\r\n'.encode())
        answer = await reader.readline()
        writer.close()
        if not answer.startswith(b":") or answer.startswith(b":0"):
            problem = f"no limit was counted yet: {answer!r}"
            raise DevNetError(problem)

    async def call(
        self,
        method: str,
        nsid: str,
        *,
        token: str | None = None,
        params: Mapping[str, str] | None = None,
        body: Json = None,
        base: str | None = None,
    ) -> Answer:
        """One request as written, to the PDS unless `base` says otherwise; refusals are answers, not exceptions."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        url = f"{base or self.pds_url}/xrpc/{nsid}"
        async with (
            aiohttp.ClientSession(timeout=_REQUEST_TIMEOUT) as session,
            session.request(method, url, headers=headers, params=params, json=body) as response,
        ):
            try:
                decoded = json.loads(await response.read())
            except ValueError:
                decoded = None
            return Answer(response.status, decoded, response.headers.copy())

    def expired_token(self, account: Account) -> str:
        """The account's access token as it will be in two hours: correctly signed, and an hour too old."""
        head, claims, _ = account.access_jwt.split(".")
        then = int(time.time()) - 7200
        told = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4))) | {"iat": then, "exp": then + 3600}
        signed = f"{head}.{_base64url(json.dumps(told).encode())}"
        return f"{signed}.{_base64url(hmac.digest(_PDS_SECRET, signed.encode(), hashlib.sha256))}"

    async def _mentions(self, text: str) -> list[Json]:
        facets: list[Json] = []
        for found in _MENTION.finditer(text):
            answer = await self.call("GET", "com.atproto.identity.resolveHandle", params={"handle": found["handle"].lower()})
            if answer.status == 200:
                # Positions count bytes of UTF-8, not characters: they differ as soon as an emoji or an umlaut stands before.
                index = {"byteStart": len(text[: found.start()].encode()), "byteEnd": len(text[: found.end()].encode())}
                feature = {"$type": "app.bsky.richtext.facet#mention", "did": answer.body["did"]}
                facets.append({"index": index, "features": [feature]})
        return facets


def _default_installation() -> Path:
    return Path(os.environ.get("EARNEST_DEVNET_DIR") or _HERE.parents[2] / ".devnet") / "bluesky"


def _is_installed(installation: Path) -> bool:
    if not ((installation / "node").exists() and (installation / "installed").exists()):
        return False
    # install.sh keeps the lock file it worked from: after an update of ours the old servers would still start.
    return filecmp.cmp(_HERE / "package-lock.json", installation / "package-lock.json", shallow=False)


def _expect_ok(answer: Answer, what: str) -> Json:
    if answer.status != 200:
        problem = f"could not {what}: {answer.status} {answer.body}"
        raise DevNetError(problem)
    return answer.body


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _main() -> None:
    with DevNet(rate_limits="--rate-limits" in sys.argv[1:]) as net:
        sys.stdout.write(json.dumps({"pds": net.pds_url, "appview": net.appview_url, "plc": net.plc_url}) + "\n")
        sys.stdout.flush()
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        with contextlib.suppress(KeyboardInterrupt):
            signal.pause()


if __name__ == "__main__":
    _main()
