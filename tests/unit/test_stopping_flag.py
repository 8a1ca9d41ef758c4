"""Stopping all sending where the store refuses: the flag file beside it, and what several pauses and a resume make of both."""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import product
from pathlib import Path

import pytest

from listener.errors import Unreachable
from listener.store.base import Reader, Tx
from listener.store.sqlite import SqliteStore
from responders import flag
from responders.house import open_demo_store, open_store, put_demo_aside
from responders.ledger import audit, people
from responders.ledger.people import Pause
from responders.switch import GoesOn, Stopped, Switch, T
from tests.street import Hands

HOUR = timedelta(hours=1)


@dataclass
class Place:
    """A store that a second program may lock, and people who stop and resume."""

    store: SqliteStore
    clock: Hands

    @property
    def flag(self) -> Path:
        return self.store.beside(flag.ENDING)

    def pause(self, span: timedelta | None = None, reason: str = "a storm", who: str = "kim") -> Stopped:
        return Switch(self.store, self.clock, who=who).pause(reason, span)

    def resume(self) -> GoesOn:
        return Switch(self.store, self.clock, who="jo").resume()

    def stopped(self) -> Pause | None:
        return flag.stopped(self.store, at=self.clock())

    @contextmanager
    def locked(self) -> Iterator[None]:
        other = sqlite3.connect(self.store.path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            other.close()

    def log(self) -> list[tuple[str, str]]:
        return [(str(row["who"]), str(row["action"])) for row in audit.lines(self.store.read())]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(open_store(f"sqlite:///{tmp_path}/earnest.db", create=True, patience=0.02), Hands())
    yield made
    made.store.close()


def test_in_normal_times_the_store_has_the_pause_and_no_flag_stays(place: Place) -> None:
    assert place.pause(HOUR) == Stopped(place.clock() + HOUR, 0)
    assert not place.flag.exists()
    standing = place.stopped()
    assert standing == Pause("a storm", "kim", place.clock(), place.clock() + HOUR)
    assert place.resume() == GoesOn(was=True)
    assert place.stopped() is None
    assert place.log() == [("kim", "paused"), ("jo", "resumed")]


def test_a_locked_store_is_stopped_by_a_flag_that_says_why_and_since_when(place: Place) -> None:
    with place.locked():
        stopped = place.pause(HOUR)
        assert (stopped.until, stopped.leaving, stopped.flag) == (place.clock() + HOUR, 0, str(place.flag))
        assert "locked" in stopped.problem
        assert place.stopped() == Pause("a storm", "kim", place.clock(), place.clock() + HOUR, flag=str(place.flag))
    assert place.stopped() is not None
    assert place.resume() == GoesOn(was=True)
    assert place.stopped() is None
    assert not place.flag.exists()
    assert place.log() == [("jo", "resumed")]
    assert "kim: a storm" in str(audit.lines(place.store.read())[0]["detail"])


def test_the_flag_stands_before_the_store_is_asked_and_until_it_has_the_pause(place: Place) -> None:
    seen: list[bool] = []

    class Watched:
        def beside(self, ending: str) -> Path:
            return place.store.beside(ending)

        def read(self) -> Reader:
            return place.store.read()

        def write(self, work: Callable[[Tx], T]) -> T:
            seen.append(place.flag.exists())
            done = place.store.write(work)
            seen.append(place.flag.exists())
            return done

        def write_first(self, work: Callable[[Tx], T]) -> T:
            return self.write(work)

    Switch(Watched(), place.clock, who="kim").pause("a storm", None)
    assert seen == [True, True, True, True]  # the pause, and the line of the log
    assert not place.flag.exists()


def test_a_pause_of_a_while_ends_by_itself_also_by_flag(place: Place) -> None:
    with place.locked():
        place.pause(HOUR)
    place.clock.forward(minutes=61)
    assert place.stopped() is None
    assert place.resume() == GoesOn(was=False)
    assert not place.flag.exists()


def test_a_flag_that_has_ended_does_not_keep_a_new_pause_short(place: Place) -> None:
    with place.locked():
        place.pause(HOUR)
        place.clock.forward(hours=2)
        assert place.pause(None).until is None
        place.clock.forward(days=300)
        assert place.stopped() is not None


@pytest.mark.parametrize(("by_flag", "then_by_flag"), [*product((True, False), repeat=2)])
@pytest.mark.parametrize(("first", "second"), [*product((None, HOUR, 3 * HOUR), repeat=2)])
def test_a_second_pause_never_shortens_the_first(
    place: Place, first: timedelta | None, second: timedelta | None, *, by_flag: bool, then_by_flag: bool
) -> None:
    for span, refused in ((first, by_flag), (second, then_by_flag)):
        if refused:
            with place.locked():
                stopped = place.pause(span)
        else:
            stopped = place.pause(span)
    expected = None if first is None or second is None else place.clock() + max(first, second)
    assert stopped.until == expected
    standing = place.stopped()
    assert standing is not None
    assert standing.until == expected
    assert place.flag.exists() == then_by_flag  # once the store has it, there is one truth again
    place.resume()
    assert place.stopped() is None


def _directory(path: Path) -> None:
    path.mkdir()


def _link_to_nothing(path: Path) -> None:
    path.symlink_to("nowhere")


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _holding(data: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(data)


def _saying(**words: object) -> Callable[[Path], object]:
    return _holding(json.dumps(words).encode())


ODD = {
    "nothing": _holding(b""),
    "noise": _holding(b"\xff\xfe\x00"),
    "half": _holding(b'{"reason": "a st'),
    "deep": _holding(b"[" * 8_000),
    "endless": _holding(b" " * 3_000_000),
    "a list": _holding(b"[1, 2]"),
    "odd end": _saying(until="tomorrow"),
    "end out of range": _saying(until="0001-01-01T00:00:00+14:00"),
    "other types": _saying(reason=5, by=["x"], until=7, since={}),
    "directory": _directory,
    "link to nothing": _link_to_nothing,
    "pipe": _pipe,
}


@pytest.mark.parametrize("make", ODD.values(), ids=ODD.keys())
def test_a_flag_that_cannot_be_read_still_stops_and_has_no_end(place: Place, make: Callable[[Path], object]) -> None:
    make(place.flag)
    place.clock.forward(days=300)
    standing = place.stopped()
    assert standing is not None
    assert (standing.until, standing.flag) == (None, str(place.flag))
    assert standing.reason
    assert standing.by


@pytest.mark.parametrize("make", [ODD["nothing"], ODD["link to nothing"], ODD["pipe"]])
def test_resume_removes_an_odd_flag_too(place: Place, make: Callable[[Path], object]) -> None:
    make(place.flag)
    assert place.resume() == GoesOn(was=True)
    assert place.stopped() is None


def test_a_flag_that_cannot_be_removed_keeps_sending_stopped_and_both_sides_say_so(place: Place) -> None:
    place.flag.mkdir()
    stopped = place.pause(HOUR)
    assert stopped.until is None
    assert "could not be removed" in stopped.problem
    with pytest.raises(Unreachable, match=r"sending is still stopped: the flag file .* could not be removed"):
        place.resume()
    assert place.stopped() is not None


def test_resume_removes_a_flag_on_a_store_that_refuses_and_says_that_the_log_lacks_it(place: Place) -> None:
    with place.locked():
        place.pause()
        done = place.resume()
    assert done.was
    assert "locked" in done.problem
    assert place.stopped() is None
    assert place.log() == []


def test_resume_changes_nothing_where_the_store_keeps_its_pause(place: Place) -> None:
    place.pause(HOUR)
    with place.locked():
        place.pause(3 * HOUR)
        with pytest.raises(Unreachable, match=r"sending is still stopped: .*locked"):
            place.resume()
    standing = place.stopped()
    assert standing is not None
    assert standing.until == place.clock() + 3 * HOUR


class _Broken:
    """A store in a folder that went away."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def beside(self, ending: str) -> Path:
        return self._folder / f"earnest.db{ending}"

    def read(self) -> Reader:
        message = "the store cannot be used: gone"
        raise Unreachable(message, "look for it")

    def write(self, work: Callable[[Tx], T]) -> T:
        del work
        message = "the store cannot be used: gone"
        raise Unreachable(message, "look for it")

    def write_first(self, work: Callable[[Tx], T]) -> T:
        return self.write(work)


def test_where_neither_works_the_person_hears_that_sending_goes_on() -> None:
    switch = Switch(_Broken(Path("/proc/earnest/gone")), Hands(), who="kim")  # where not even root can make a folder
    with pytest.raises(Unreachable, match="sending is NOT stopped"):
        switch.pause("a storm", None)


def test_what_cannot_be_read_stays_stopped(tmp_path: Path) -> None:
    switch = Switch(_Broken(tmp_path), Hands(), who="kim")
    stopped = switch.pause("a storm", None)
    assert (stopped.leaving, stopped.problem) == (None, "the store cannot be used: gone")
    with pytest.raises(Unreachable, match="sending is still stopped: the store cannot be used: gone"):
        switch.resume()
    assert flag.raised(tmp_path / "earnest.db.paused", at=Hands()()) is not None


def test_a_pause_beside_one_that_hangs_stands_at_once_and_stays(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flag, "_PATIENCE", 0.05)
    with flag.alone(place.flag) as first:
        assert first
        stopped = place.pause(HOUR)
        assert stopped.flag
        assert "has not finished" in stopped.problem
        with pytest.raises(Unreachable, match="still stopped"):
            place.resume()
    assert place.stopped() is not None
    assert place.resume() == GoesOn(was=True)


def test_a_pause_that_waits_its_turn_stands_meanwhile(place: Place) -> None:
    up = threading.Event()
    with flag.alone(place.flag, meanwhile=lambda: None):
        second = threading.Thread(target=lambda: place.pause(HOUR))
        second.start()
        while not place.flag.exists():
            up.wait(0.001)
        assert people.paused(place.store.read(), at=place.clock()) is None
        assert place.stopped() is not None
        flag.take_down(place.flag)  # as the one whose turn it is may do
    second.join()
    standing = place.stopped()
    assert standing is not None
    assert standing.until == place.clock() + HOUR
    assert not place.flag.exists()


def test_many_pauses_at_once_end_with_the_longest(place: Place) -> None:
    spans = [HOUR, None, 2 * HOUR, 3 * HOUR]
    threads = [threading.Thread(target=place.pause, args=(span,)) for span in spans]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    standing = place.stopped()
    assert standing is not None
    assert standing.until is None
    assert not place.flag.exists()


def test_a_store_reached_by_a_link_has_one_flag(place: Place, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    link = tmp_path / "other" / "shop.db"
    link.symlink_to(place.store.path)
    other = open_store(f"sqlite:///{link}")
    try:
        with place.locked():
            place.pause()
        assert flag.stopped(other, at=place.clock()) == place.stopped()
    finally:
        other.close()


def test_long_words_and_broken_letters_fit_a_flag(place: Place) -> None:
    with place.locked():
        place.pause(HOUR, reason="\ud800" + "long " * 5_000, who="k" * 9_000)
    standing = place.stopped()
    assert standing is not None
    assert standing.until == place.clock() + HOUR
    assert standing.reason.startswith("\ud800long")


def test_the_flag_goes_with_the_demo_that_it_stopped(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/earnest.db"
    open_demo_store(url).close()
    (tmp_path / "earnest.db.paused").touch()
    assert put_demo_aside(url) == tmp_path / "earnest.demo.db"
    assert [path.name for path in tmp_path.glob("*.paused")] == ["earnest.demo.db.paused"]
