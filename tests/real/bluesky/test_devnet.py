"""Proves the test network, and the answers of Bluesky's real code that our send path relies on.

Run by name, since it needs install.sh: pytest tests/real/bluesky/test_devnet.py
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest

from tests.real.bluesky.devnet import Account, Answer, DevNet, DevNetError, Json, Ref, now

POST = "app.bsky.feed.post"
RKEY = "3l22222222a2b"
LISTENING = "0A"
LOOPBACK = "0100007F"


@dataclass(frozen=True, slots=True)
class Scene:
    brand: Account
    alice: Account


@pytest.fixture(scope="module")
def net() -> Iterator[DevNet]:
    with DevNet() as running:
        yield running


@pytest.fixture
async def scene(net: DevNet, request: pytest.FixtureRequest) -> Scene:
    # New people for each test, so that none sees another's notifications.
    suffix = re.sub(r"[^a-z]", "", request.node.name)[-10:]
    return Scene(await net.create_account(f"brand-{suffix}"), await net.create_account(f"al-{suffix}"))


async def test_an_account_can_log_in(net: DevNet, scene: Scene) -> None:
    answer = await net.call(
        "POST",
        "com.atproto.server.createSession",
        body={"identifier": scene.brand.handle, "password": scene.brand.password},
    )
    assert (answer.status, answer.body["did"]) == (200, scene.brand.did)


async def test_a_mention_arrives_with_its_place_in_bytes(net: DevNet, scene: Scene) -> None:
    text = f"😡 Müll! (@{scene.brand.handle}) @nobody.test mail@{scene.brand.handle}"
    uri, cid = await net.post(scene.alice, text)
    await net.settle()
    answer = await net.call("GET", "app.bsky.notification.listNotifications", token=scene.brand.access_jwt)
    assert answer.status == 200
    [told] = answer.body["notifications"]
    assert (told["reason"], told["uri"], told["cid"], told["author"]["did"]) == ("mention", uri, cid, scene.alice.did)
    [facet] = told["record"]["facets"]
    place = slice(facet["index"]["byteStart"], facet["index"]["byteEnd"])
    assert text.encode()[place].decode() == f"@{scene.brand.handle}"
    assert facet["features"][0]["did"] == scene.brand.did


async def test_the_same_reply_put_twice_stands_once(net: DevNet, scene: Scene) -> None:
    post = await net.post(scene.alice, f"@{scene.brand.handle} my router is broken")
    record = {"$type": POST, "text": "Sorry to hear that.", "createdAt": now(), "reply": await net.reply_refs(post)}
    first = await _put(net, scene.brand, record)
    again = await _put(net, scene.brand, record)
    other = await _put(net, scene.brand, record | {"text": "Something else."})
    assert (first.status, again.status, other.status) == (200, 200, 400)
    assert (again.body["uri"], again.body["cid"]) == (first.body["uri"], first.body["cid"])
    assert other.body["error"] == "InvalidSwap"
    thread = await net.thread(post.uri)
    assert [reply["post"]["record"]["text"] for reply in thread["replies"]] == ["Sorry to hear that."]


async def test_a_reply_to_a_reply_keeps_the_root(net: DevNet, scene: Scene) -> None:
    post = await net.post(scene.alice, "one")
    middle = await net.post(scene.brand, "two", reply_to=post)
    last = await net.post(scene.alice, "three", reply_to=middle)
    assert (await net.reply_refs(last))["root"]["uri"] == post.uri
    thread = await net.thread(post.uri)
    assert thread["replies"][0]["replies"][0]["post"]["uri"] == last.uri


async def test_a_deleted_post_is_gone(net: DevNet, scene: Scene) -> None:
    post = await net.post(scene.alice, "regretted")
    await net.settle()
    assert len(await _seen(net, post)) == 1
    await net.delete(scene.alice, post.uri)
    await net.settle()
    assert await _seen(net, post) == []


async def test_an_expired_token_is_told_as_such(net: DevNet, scene: Scene) -> None:
    expired = net.expired_token(scene.brand)
    answer = await net.call("GET", "app.bsky.notification.listNotifications", token=expired)
    assert (answer.status, answer.body["error"]) == (400, "ExpiredToken")


def test_everything_listens_on_loopback_only(net: DevNet) -> None:
    listening = _listening_addresses(_descendants(os.getpid()))
    # PostgreSQL, Redis, PLC, PDS, AppView and its data plane, bsync, ozone, and the controls.
    assert len(listening) >= 9
    assert {address.split(":")[0] for address in listening} == {LOOPBACK}
    assert f":{int(net.pds_url.rsplit(':', 1)[1]):04X}" in {address[8:] for address in listening}


def test_rate_limits_are_real_and_nothing_survives_a_kill() -> None:
    command = [sys.executable, "-m", "tests.real.bluesky.devnet", "--rate-limits"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[3]) as program:
        try:
            assert program.stdout is not None
            addresses = json.loads(program.stdout.readline())
            started = _descendants(program.pid)
            status, limit, remaining = asyncio.run(_log_in_as_nobody(addresses["pds"]))
            assert (status, remaining < limit) == (401, True)
        finally:
            program.send_signal(signal.SIGKILL)
    assert len(started) >= 4
    deadline = time.monotonic() + 20
    while alive := [pid for pid in started if _is_alive(pid)]:
        assert time.monotonic() < deadline, alive
        time.sleep(0.05)


def test_a_missing_installation_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DevNetError, match=r"install\.sh"), DevNet(installation=tmp_path):
        pass


def test_a_failed_start_shows_why_and_leaves_nothing(tmp_path: Path) -> None:
    before = set(_descendants(os.getpid()))
    (tmp_path / "node").symlink_to("/bin/false")
    (tmp_path / "installed").touch()
    shutil.copy(Path(__file__).with_name("package-lock.json"), tmp_path)
    with pytest.raises(DevNetError, match="network ended with status 1"), DevNet(installation=tmp_path):
        pass
    assert set(_descendants(os.getpid())) <= before


async def _log_in_as_nobody(pds_url: str) -> tuple[int, int, int]:
    body = {"identifier": "nobody.test", "password": "wrong"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{pds_url}/xrpc/com.atproto.server.createSession", json=body) as answer,
    ):
        return answer.status, int(answer.headers["RateLimit-Limit"]), int(answer.headers["RateLimit-Remaining"])


async def _put(net: DevNet, account: Account, record: Json) -> Answer:
    body = {"repo": account.did, "collection": POST, "rkey": RKEY, "record": record, "swapRecord": None}
    return await net.call("POST", "com.atproto.repo.putRecord", token=account.access_jwt, body=body)


async def _seen(net: DevNet, post: Ref) -> list[Json]:
    answer = await net.call("GET", "app.bsky.feed.getPosts", base=net.appview_url, params={"uris": post.uri})
    assert answer.status == 200
    return list(answer.body["posts"])


def _descendants(pid: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rsplit(")", 1)[1].split()
        except OSError:  # ended meanwhile
            continue
        children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found: list[int] = []
    waiting = [pid]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def _listening_addresses(pids: list[int]) -> list[str]:
    ours: set[str] = set()
    for pid in pids:
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            try:
                target = str(descriptor.readlink())
            except OSError:  # closed meanwhile
                continue
            if target.startswith("socket:["):
                ours.add(target[8:-1])
    rows = [line.split() for table in ("tcp", "tcp6") for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]]
    return sorted({row[1] for row in rows if row[3] == LISTENING and row[9] in ours})
