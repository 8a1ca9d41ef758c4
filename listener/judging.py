"""Judging pages of posts in a process beside this one, so that a storm keeps neither the event loop nor the other cores waiting.

A few short posts are judged here, at once. The rest goes to a helper, a process that judges by the same scoring and gives the
same answers; it ends when our end of its pipe does, however we end. Where a helper cannot be had, dies or hangs, the page is judged here
all the same, in a thread. So it is where a newer version was installed meanwhile: a helper is begun from what is there then.
"""

from __future__ import annotations

import asyncio
import gc
import os
import pickle
import signal
import struct
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, fields, is_dataclass
from typing import BinaryIO

from listener import logs, model
from listener.model import Assessment, Post
from listener.rules.rulebook import Scoring
from listener.scoring.assessor import Assessor

_log = logs.get("judging")
Question = tuple[Post, Sequence[Post]]
FEW = 20  # posts that are judged sooner than a helper is asked
LITTLE = 10_000  # characters that are, with what was said before them; a hostile post may have as many by itself
# Seconds until a helper is ready, and for every so many characters; hostile ones take a twentieth of a second.
_BEGINNING, _EACH = 20.0, 0.1
_LONGEST = 120.0  # seconds for any page
_LINE = 4  # pages that a helper has or that wait for it: to wait is sooner done than to judge in this process, which has all else to do
_REST = 60.0  # seconds until a helper that failed is tried again
ARGUMENTS = ("-P", "-c", "import sys; sys.path[:] = sys.argv[1:]; from listener.judging import main; main()")
"""How Python is told to be a helper, with the path of this process behind: whatever lies in the folder we work in, it is not imported."""
_SIZE = struct.Struct("!I")
_KEPT = 2  # scorings that a helper remembers: that of now, and that of a page under way when the rules changed
# What is said over the pipe, value by value: who has other fields, or has them in another order, would be understood wrongly.
_SHAPES = {name: [one.name for one in fields(kind)] for name, kind in vars(model).items() if isinstance(kind, type) and is_dataclass(kind)}


def patience(many: Sequence[Question]) -> float:
    """Return for how many seconds a helper may judge a page: a cry for help may stand in it."""
    return min(_LONGEST, _BEGINNING + _EACH * max(len(many), _characters(many) / LITTLE))


def spare_cores() -> int:
    """Return how many helpers this machine has cores for, besides the one that everything else works on; at most 3."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(0, min(3, cores - 1))


@dataclass(slots=True)
class _Helper:
    """One process that judges; one page at a time."""

    process: Process | None = None
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    tried_at: float = -_REST
    knows: list[str] = field(default_factory=list)
    asked: int = 0  # pages that it has now, or that wait for it

    async def ask(self, key: str, scoring: bytes, many: Sequence[Question]) -> list[Assessment] | None:
        """Have a page judged; None where this helper cannot."""
        self.asked += 1
        try:
            async with self.turn:
                return await self._ask_now(key, scoring, many)
        finally:
            self.asked -= 1

    async def _ask_now(self, key: str, scoring: bytes, many: Sequence[Question]) -> list[Assessment] | None:
        try:
            async with asyncio.timeout(patience(many)):
                return await self._ask(key, scoring, many)
        except Exception as problem:  # noqa: BLE001  # whatever it is, the page is judged here
            _log.warning("a helper that judges is gone; it is begun anew in a minute", problem=type(problem).__name__)
            await self.end()
            return None
        except asyncio.CancelledError:
            await self.end()  # an answer to nobody would be taken for the next one's
            raise

    async def _ask(self, key: str, scoring: bytes, many: Sequence[Question]) -> list[Assessment] | None:
        process = self.process or await self._begin()
        if process is None or process.stdin is None or process.stdout is None:
            return None
        message = pickle.dumps((key, b"" if key in self.knows else scoring, many), pickle.HIGHEST_PROTOCOL)
        process.stdin.write(_SIZE.pack(len(message)) + message)
        await process.stdin.drain()
        (size,) = _SIZE.unpack(await process.stdout.readexactly(_SIZE.size))
        shapes, judged = pickle.loads(await process.stdout.readexactly(size))  # noqa: S301  # our own process, over a pipe of its own
        if shapes != _SHAPES:
            why = "it is of another version"
            raise ValueError(why)
        self.knows = [*[one for one in self.knows if one != key], key][-_KEPT:]
        return judged if isinstance(judged, list) else None

    async def _begin(self) -> Process | None:
        if time.monotonic() - self.tried_at < _REST:
            return None
        self.tried_at, self.knows = time.monotonic(), []
        self.process = await asyncio.create_subprocess_exec(sys.executable, *ARGUMENTS, *sys.path, stdin=PIPE, stdout=PIPE)
        return self.process

    async def end(self) -> None:
        """End the process."""
        process, self.process = self.process, None
        if process is not None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()


class Judges:
    """Has posts judged: here, or by helpers beside."""

    def __init__(self, helpers: int) -> None:
        """Use at most so many helpers; each is begun with the first page it is needed for."""
        self._helpers = [_Helper() for _ in range(helpers)]

    async def judge(self, assessor: Assessor, scoring: Scoring, many: Sequence[Question]) -> list[Assessment]:
        """Judge posts, each in its thread, by `assessor`, which was made of `scoring`; see `Assessor.assess_all`."""
        if _is_little(many):
            return assessor.assess_all(many)
        helper = min(self._helpers, key=lambda one: one.asked, default=None)
        if helper and helper.asked < _LINE:
            blob = pickle.dumps(scoring)
            found = await helper.ask(_key(blob), blob, many)
            if found is not None and len(found) == len(many):
                return found
        return await asyncio.to_thread(assessor.assess_all, many)

    async def end(self) -> None:
        """End the helpers."""
        for helper in self._helpers:
            await helper.end()


def _is_little(many: Sequence[Question]) -> bool:
    if len(many) >= FEW:
        return False
    return _characters(many) < LITTLE


def _characters(many: Sequence[Question]) -> int:
    return sum(len(post.text) + sum(len(earlier.text) for earlier in before) for post, before in many)


def _key(blob: bytes) -> str:
    import hashlib  # noqa: PLC0415  # only helpers need it

    return hashlib.sha256(blob).hexdigest()


def _work(questions: BinaryIO, answers: BinaryIO) -> None:
    """Judge until nobody asks any more."""
    assessors: dict[str, Assessor] = {}
    while len(size := questions.read(_SIZE.size)) == _SIZE.size:
        key, scoring, many = pickle.loads(questions.read(_SIZE.unpack(size)[0]))  # noqa: S301  # from the process that began this one
        if first := key not in assessors:
            while len(assessors) >= _KEPT:
                del assessors[next(iter(assessors))]
            assessors[key] = Assessor(pickle.loads(scoring))  # noqa: S301  # the same
        found = pickle.dumps((_SHAPES, assessors[key].assess_all(many)), pickle.HIGHEST_PROTOCOL)
        answers.write(_SIZE.pack(len(found)) + found)
        answers.flush()
        if first:
            gc.collect()
            gc.freeze()  # words and weights, those of the languages just met too, stay: they need not be looked through for garbage


def main() -> None:
    """Be a helper. Whoever began it ends it, so a Ctrl-C that reaches the whole terminal is not for here."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever a library prints is no answer
    _work(sys.stdin.buffer, answers)
