"""What judges the stories of machines finds each thing that can be wrong, and the wire cuts as it says."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import pytest

from tests.machines.judging import compare
from tests.machines.wire import Wire

SENT = {"parent_id": "p1", "state": "sent", "remote_id": "r1", "reason": ""}
COPY = {"parent": "p1", "id": "r1"}


def verdict(row: dict[str, str], *copies: dict[str, str], keys: bool = False) -> dict[str, Any]:
    return dict(compare([row], copies, 1, keys=keys).line())


def test_a_reply_that_is_there_once_is_well() -> None:
    assert verdict(SENT, COPY) == {"replies": 1, "doubled": 0, "unfinished": 0, "wrong": 0, "parked": 0}


@pytest.mark.parametrize("state", ["ready", "claimed", "unknown", "held"])
def test_a_reply_without_an_end_is_found(state: str) -> None:
    assert verdict({**SENT, "state": state, "remote_id": ""})["unfinished"] == 1


def test_what_is_there_twice_is_found() -> None:
    assert verdict(SENT, COPY, {**COPY, "id": "r2"})["doubled"] == 1


@pytest.mark.parametrize(
    ("row", "copies", "keys"),
    [
        (SENT, [], False),
        ({**SENT, "remote_id": ""}, [COPY], False),
        (SENT, [{**COPY, "id": "r2"}], False),
        ({**SENT, "state": "refused"}, [COPY], False),
        ({**SENT, "state": "parked", "reason": ""}, [], False),
        ({**SENT, "state": "parked", "reason": "nobody can tell"}, [], True),
        (SENT, [COPY, {"parent": "nobody asked", "id": "r9"}], False),
    ],
)
def test_a_state_that_says_what_is_not_so_is_found(row: dict[str, str], copies: list[dict[str, str]], keys: bool) -> None:  # noqa: FBT001
    assert verdict(row, *copies, keys=keys)["wrong"] == 1


def test_a_reply_that_is_lost_is_found() -> None:
    assert compare([], [], 1, keys=False).wrong == 1


def test_a_parked_reply_with_its_reason_is_an_end() -> None:
    found = verdict({**SENT, "state": "parked", "reason": "nobody can tell"}, COPY)
    assert (found["parked"], found["wrong"], found["unfinished"]) == (1, 0, 0)


def test_where_a_network_refuses_after_a_doubt_nobody_can_tell_whatever_its_keys_do() -> None:
    reason = "we cannot tell whether it is there (an earlier try broke off, and now: we do not take that); look at the post and decide"
    found = verdict({**SENT, "state": "parked", "reason": reason}, keys=True)
    assert (found["parked"], found["wrong"]) == (1, 0)


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(100):
        writer.write(data)
    writer.close()


async def _through(wire: Wire, words: bytes) -> bytes:
    """Say something, cut the wire, say something more, mend it, and return all that comes back."""
    reader, writer = await asyncio.open_connection("127.0.0.1", wire.here)
    writer.write(words)
    heard = await reader.readexactly(len(words))
    wire.cut()
    writer.write(words)
    wire.mend()
    with suppress(ConnectionError):  # one that lost something ends
        heard += await reader.read(len(words))
    writer.close()
    return heard


@pytest.mark.parametrize(("holds", "heard"), [(False, b"word"), (True, b"wordword")])
async def test_a_cut_wire_swallows_or_delays(holds: bool, heard: bytes) -> None:  # noqa: FBT001
    server = await asyncio.start_server(_echo, "127.0.0.1", 0)
    async with server, Wire(server.sockets[0].getsockname()[1], holds=holds) as wire:
        assert await _through(wire, b"word") == heard
