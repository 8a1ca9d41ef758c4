"""Real processes on a real disk: ended at every step in turn, or at random; then an honest one comes and settles."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sqlite3
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from itertools import count
from pathlib import Path

from listener.clock import now
from tests.crash.errands import KILLED, Errand, ended, in_child, judge, live, prepare
from tests.crash.explore import FINAL
from tests.crash.places import OUTCOMES, Standing, standing

_LATER = timedelta(minutes=5)
_POSTS = 4
_KILLS_A_STORE = 25
_SOON = 0.1  # seconds; a life takes about as long


@dataclass
class Found:
    """What was found; `bad` are places where something was wrong, in words, and how to run them again."""

    scenarios: int = 0
    doubled: int = 0
    unfinished: int = 0
    wrong: int = 0
    faults: list[str] = field(default_factory=list)
    bad: list[tuple[str, str]] = field(default_factory=list)


class Ended:
    """The end of the process at the k-th step."""

    def __init__(self, step: int) -> None:
        """End at `step`; 0 is never."""
        self._steps = count(1)
        self._step = step

    def __call__(self) -> None:
        """Take one step."""
        if next(self._steps) == self._step:
            os._exit(KILLED)


class Ground:
    """A network that stands, posts on it, and a store in which the answers to them are approved; every run begins with a copy."""

    def __init__(self, place: Standing, network: str, folder: Path, posts: int) -> None:
        """Do once here what every child does, so that none has to load code and models again; no thread stays behind."""
        os.environ.update(place.env)
        place.lie("ok")
        self.found = Found()
        self._place = place
        self._posts = [place.ask() for _ in range(posts)]
        self._folder = folder
        self._first = Errand(folder / "first", network, place.options, now())
        self._first.folder.mkdir()
        prepare(self._first, self._posts)
        live(self.begin("tried"), lambda: None)
        assert threading.active_count() == 1, "a process with threads cannot be forked safely"

    def begin(self, name: str) -> Errand:
        """Return a new errand in a folder of its own, with new keys, on a network where nothing of ours stands."""
        for post in self._posts:
            self._place.clear(post)
        errand = replace(self._first, folder=self._folder / name)
        shutil.copytree(self._first.folder, errand.folder)
        with closing(sqlite3.connect(errand.folder / "earnest.db")) as connection, connection:
            for (number,) in connection.execute("SELECT id FROM deliveries").fetchall():
                connection.execute("UPDATE deliveries SET key = ? WHERE id = ?", (errand.kind().new_key(), number))
        return errand

    def run(self, errand: Errand, outcome: str, tick: Callable[[], None]) -> int:
        """Let a process live while the network misbehaves; return its process id."""
        self._place.lie(outcome)
        return in_child(partial(live, errand, tick))

    def judge(self, errand: Errand, where: str) -> None:
        """Let an honest process settle everything, and count what is wrong then."""
        self._place.lie("ok")
        self.found.scenarios += 1
        if code := ended(in_child(partial(judge, replace(errand, moment=errand.moment + _LATER)))):
            self.found.faults.append(f"{where}: the honest process ended with {code}")
            return
        verdict = json.loads((errand.folder / "verdict.json").read_text(encoding="utf-8"))
        self.found.faults += [f"{where}: {fault}" for fault in verdict["faults"]]
        self._count(verdict["rows"], {post.id: self._place.copies(post) for post in self._posts}, where)
        shutil.rmtree(errand.folder)

    def _count(self, rows: list[list[str]], there: dict[str, list[str]], where: str) -> None:
        doubled = any(many > 1 for one in there.values() for many in Counter(one).values())
        unfinished = any(row[2] not in FINAL for row in rows)
        wrong = sorted({fault for fault in (_wrong(row, there, rows) for row in rows) if fault})
        self.found.doubled += doubled
        self.found.unfinished += unfinished
        self.found.wrong += bool(wrong)
        if doubled or unfinished or wrong:
            told = "; ".join((*("doubled",) * doubled, *("unfinished",) * unfinished, *wrong))
            self.found.bad.append((told, where))


def _wrong(row: list[str], there: dict[str, list[str]], rows: list[list[str]]) -> str:
    """Say what a final state says that is not so, or ""."""
    parent, _, state, remote_id, _ = row
    said = sum(other[0] == parent and other[2] in {"sent", "parked"} for other in rows)
    if state == "sent" and not remote_id:
        return "sent without the network's id"
    if state == "sent" and not there[parent]:
        return "sent, and it is not there"
    return f"{state}, and it is there" if state in {"refused", "held"} and len(there[parent]) > said else ""


def every_step(network: str, only: tuple[str, int] | None = None) -> Found:
    """End a process at its k-th step, for k = 1, 2, … until one lives, for each outcome of the first write; or `only` one of these."""
    with standing(network) as place, tempfile.TemporaryDirectory() as folder:
        ground = Ground(place, network, Path(folder), posts=1)
        for outcome in (only[0],) if only else OUTCOMES:
            for step in (only[1],) if only else count(1):
                where = f"process/{network}/{outcome}/{step}"
                errand = ground.begin(f"{outcome} {step}")
                code = ended(ground.run(errand, outcome, Ended(step)))
                if code not in {0, KILLED}:
                    ground.found.faults.append(f"{where}: the process ended with {code}")
                ground.judge(errand, where)
                if code != KILLED:
                    break
    return ground.found


def at_random(network: str, restarts: int, seed: int) -> Found:
    """Kill processes at random moments, many in a row on one store, while the network misbehaves as it likes."""
    chance = random.Random(seed)  # noqa: S311  # it must be possible to run it again
    with standing(network) as place, tempfile.TemporaryDirectory() as folder:
        ground = Ground(place, network, Path(folder), _POSTS)
        for begun in range(0, restarts, _KILLS_A_STORE):
            where = f"kills/{network}/{seed}/{begun}"
            errand = ground.begin(str(begun))
            for _ in range(_KILLS_A_STORE):
                child = ground.run(errand, chance.choice(OUTCOMES), lambda: None)
                time.sleep(chance.uniform(0, _SOON))
                os.kill(child, signal.SIGKILL)
                ended(child)
                errand = replace(errand, moment=errand.moment + timedelta(seconds=chance.uniform(0, 60)))
            ground.judge(errand, where)
            ground.found.scenarios += _KILLS_A_STORE - 1
    return ground.found
