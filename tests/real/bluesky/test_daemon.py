"""The whole program on Bluesky's real code: a customer writes, the daemon hears and drafts, a person approves, the reply stands once."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.real.bluesky.devnet import Account, DevNet, Json, Ref
from tests.servers.proxy import HANG, Proxy

EARNEST = Path(sys.executable).with_name("earnest")
PUT = "/xrpc/com.atproto.repo.putRecord"
_NUMBERS = itertools.count(1)

RULES = """
version: 1
mode: draft
brands:
  acme:
    names: [Acme]
    handles: {{bluesky: {handle}}}
sources:
  bluesky: {{service: "{service}", handle: {handle}, every: 1s}}
routes:
  - name: rest
    when: always
    reply: ask
templates:
  ask: "Sorry about that. What happened, and since when? ^{{agent}}"
"""


class Program:
    """The installed program in a folder of its own, as ops and a community manager would run it."""

    def __init__(self, folder: Path, net: DevNet, proxy: Proxy, *, brand: Account, alice: Account, password: str) -> None:
        self.net, self.proxy, self.brand, self.alice = net, proxy, brand, alice
        self._folder = folder
        self._secrets = {
            "EARNEST_ALLOW_HOSTS": proxy.host,
            "EARNEST_SECRET_BLUESKY_READ": password,
            "EARNEST_SECRET_BLUESKY_WRITE": password,
        }
        self._daemon: Process | None = None
        (folder / "rules.yaml").write_text(RULES.format(handle=brand.handle, service=f"http://{proxy.host}"), encoding="utf-8")

    async def start(self) -> None:
        environment = {**os.environ, **self._secrets}
        self._daemon = await asyncio.create_subprocess_exec(
            EARNEST, "run", cwd=self._folder, env=environment, stdin=DEVNULL, stdout=DEVNULL, stderr=PIPE
        )
        assert self._daemon.stderr
        while b"Earnest listens" not in await self._daemon.stderr.readline():
            assert not self._daemon.stderr.at_eof(), "the daemon did not start"
        self._drain = asyncio.create_task(self._daemon.stderr.read())

    async def end(self, how: signal.Signals) -> None:
        if self._daemon and self._daemon.returncode is None:
            self._daemon.send_signal(how)
            await self._daemon.wait()
            await self._drain

    async def do(self, *words: str) -> str:
        """Run a command at the desk, where no key is needed."""
        desk = await asyncio.create_subprocess_exec(EARNEST, *words, cwd=self._folder, stdin=DEVNULL, stdout=PIPE, stderr=PIPE)
        out, err = await desk.communicate()
        assert desk.returncode == 0, (words, err.decode())
        return out.decode()

    async def asked(self, text: str) -> Ref:
        """Let the customer write, and wait until a draft waits for it."""
        post = await self.net.post(self.alice, f"@{self.brand.handle} {text}")
        await self.net.settle()
        await self._until("inbox", lambda out: text in out)
        return post

    async def _until(self, command: str, true: Callable[[str], bool], *words: str) -> str:
        for _ in range(120):
            out = await self.do(command, *words, "--json")
            if true(out):
                return out
        pytest.fail(f"{command} never said so; last: {out}")

    async def sent(self, case: str) -> list[dict[str, Any]]:
        """Wait until the answer to a case is on the network; return its deliveries."""
        out = await self._until("show", lambda told: '"state": "sent"' in told, case)
        return list(json.loads(out)["deliveries"])

    async def under(self, post: Ref) -> list[Json]:
        await self.net.settle()
        return [one["post"] for one in (await self.net.thread(post.uri))["replies"]]


@pytest.fixture(scope="module")
def net() -> Iterator[DevNet]:
    with DevNet(rate_limits=True) as running:
        yield running


@pytest.fixture
async def program(net: DevNet, tmp_path: Path) -> AsyncIterator[Program]:
    number = next(_NUMBERS)
    brand, alice = await net.create_account(f"shop{number}"), await net.create_account(f"carol{number}")
    answer = await net.call("POST", "com.atproto.server.createAppPassword", token=brand.access_jwt, body={"name": "earnest"})
    async with Proxy(net.pds_url) as proxy:
        made = Program(tmp_path, net, proxy, brand=brand, alice=alice, password=str(answer.body["password"]))
        await made.start()
        yield made
        await made.end(signal.SIGTERM)


async def test_heard_drafted_approved_and_answered_once(program: Program) -> None:
    post = await program.asked("my router is broken since the update 😡")
    assert await program.under(post) == [], "nothing is said before a person agreed"
    await program.do("approve", "A-1", "--as", "jo")
    (delivery,) = await program.sent("A-1")
    (reply,) = await program.under(post)
    assert reply["author"]["handle"] == program.brand.handle
    assert reply["record"]["text"] == delivery["text"]
    assert reply["uri"] == delivery["remote_id"]


async def test_killed_between_sending_and_recording_it_still_stands_once(program: Program) -> None:
    post = await program.asked("the blue one arrived broken")
    program.proxy.once("POST", PUT, HANG)  # the server stores it, and its answer never comes back
    await program.do("approve", "A-1", "--as", "jo")
    while not program.proxy.forwarded("POST", PUT):
        await program.do("status")
    await program.end(signal.SIGKILL)
    assert json.loads(await program.do("show", "A-1", "--json"))["deliveries"][0]["state"] == "claimed"
    await program.start()
    await program.sent("A-1")
    assert len(await program.under(post)) == 1


async def test_killed_before_sending_it_leaves_after_the_restart_once(program: Program) -> None:
    post = await program.asked("the green one never came")
    await program.do("approve", "A-1", "--as", "jo")
    await program.end(signal.SIGKILL)
    assert await program.under(post) == []
    await program.start()
    await program.sent("A-1")
    assert len(await program.under(post)) == 1
