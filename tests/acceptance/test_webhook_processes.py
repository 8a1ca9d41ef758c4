"""Webhooks and real processes: one that falls down between storing and answering, and a daemon beside `earnest sources test`."""

from __future__ import annotations

import asyncio
import shlex
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from pathlib import Path

import aiohttp
import pytest

from tests.mouth import House
from tests.running import Machine, end, until
from tests.servers.sender import SECRET, Answered, Sender, free_port, options


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EARNEST_SECRET_REVIEWS_READ", SECRET)


async def keeper(folder: Path, moment: str) -> Process:
    command = (sys.executable, "-m", "tests.doorkeeper", str(folder), moment)
    return await asyncio.create_subprocess_exec(*command, stdin=DEVNULL, stdout=PIPE, stderr=PIPE)


async def answers(sender: Sender) -> bool:
    try:
        return (await sender.post(b"")).status == 401
    except aiohttp.ClientError:
        return False


async def _delivered_as_the_keeper_falls(folder: Path, sender: Sender, review: object, moment: str) -> None:
    falling = await keeper(folder, moment)
    await until(lambda: answers(sender), "the door opens")
    with pytest.raises(aiohttp.ClientError):
        await sender.deliver(review)
    assert await falling.wait() == 9


@pytest.mark.parametrize(("moment", "said"), [("before", {"stored": 1}), ("after", {"stored": 0, "already": True})])
async def test_ended_around_the_moment_of_storing_nothing_is_lost_or_doubled(tmp_path: Path, moment: str, said: object) -> None:
    sender = Sender(f"unix:{tmp_path}/reviews.sock")
    review = sender.review()
    await _delivered_as_the_keeper_falls(tmp_path, sender, review, moment)
    risen = await keeper(tmp_path, "never")
    await until(lambda: answers(sender), "the door is opened again, where a dead socket lies")
    answer: Answered = await sender.deliver(review)
    assert (answer.status, answer.said) == (200, said)
    assert (await end(risen))[0] == 0
    house = House(tmp_path)
    assert [str(row["text"]) for row in house.rows("SELECT text FROM posts")] == ["Acme is lovely"]
    assert len(house.rows("SELECT * FROM mentions")) == 1
    house.store.close()


async def test_a_daemon_keeps_its_door_while_it_is_tried_and_hears_what_is_brought(tmp_path: Path) -> None:
    place = f"127.0.0.1:{free_port()}"
    sources = {"reviews": {"kind": "webhook", **options(place, about="acme")}}
    machine, sender = Machine(tmp_path, place, sources=sources), Sender(place)
    daemon = await machine.start()
    await until(lambda: answers(sender), "the door opens")
    tried = await machine("sources", "test", "reviews")
    assert (tried.code, "a daemon answers there now" in tried.out) == (0, True)
    command = shlex.split(next(line for line in tried.out.splitlines() if line.startswith("curl ")))
    headers = dict(command[at + 1].split(": ", 1) for at, word in enumerate(command) if word == "-H")
    assert command[1] == f"http://{place}/reviews"
    assert (await sender.post(command[command.index("--data-binary") + 1].encode(), headers)).said == {"stored": 1}
    assert machine.rows("SELECT network, text FROM posts") == [("reviewhub", "This is a test.")]
    assert machine.rows("SELECT state FROM sources") == [("listening",)]
    shown = await machine("mentions", "--json")
    assert "This is a test." in shown.out
    assert (await end(daemon))[0] == 0
    assert not await answers(sender)
