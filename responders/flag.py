"""The flag file beside the store: sending can be stopped where the store cannot be written.

A pause lives in the store. Where a disk is full, or the store is locked or out of reach, the file `<store file>.paused` says the same: that
it is there is enough, so it may be empty; else it holds reason, by, since and until as JSON. For a store on a server it lies on, and counts
for, the machine where it was put up (listener.store.addresses). Its name is made in one step, and it goes away
only after the store has the pause, so whoever asks for the flag first and for the store then misses neither.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from listener.clock import from_text, to_text
from listener.store.base import Reader
from responders.ledger import people
from responders.ledger.people import Pause

ENDING = ".paused"
_EVER = datetime.max.replace(tzinfo=UTC)
_MOST = 8_192  # bytes of a flag that are read
_LONGEST_REASON = 500  # characters that are kept
_LONGEST_NAME = 100
_PATIENCE = 2.0  # seconds to wait for another `pause` or `resume`
_LOOK = 0.02


class Kept(Protocol):
    """What is needed of a store to know whether sending is on."""

    def beside(self, ending: str) -> Path:
        """Return the path of a file that belongs to the store."""

    def read(self) -> Reader:
        """Return a reader."""


def stopped(store: Kept, *, at: datetime) -> Pause | None:
    """Return what stops all sending at `at`, by the flag file or in the store, or None. Cheap: one look at a folder, one at an index.

    Raises:
        sqlite3.Error, Unreachable: the store cannot be read, so nobody may conclude that sending is on.
    """
    flagged = raised(store.beside(ENDING), at=at)
    return longest(flagged, people.paused(store.read(), at=at))


def raised(path: Path, *, at: datetime) -> Pause | None:
    """Return the pause of the flag file at `path` where it is in force at `at`, or None. A flag that cannot be read has no end."""
    try:
        found = os.lstat(path)
        pause = _read(path, _moment(found.st_mtime, at))
    except FileNotFoundError:
        return None
    except OSError as problem:
        why = f"whether sending is stopped cannot be seen: {problem.strerror}"
        return Pause(why, by="nobody knows who", since=at, until=None, flag=str(path))
    return pause if pause.until is None or pause.until > at else None


def longest(*pauses: Pause | None) -> Pause | None:
    """Return the pause that ends last, or None where there is none; of two without an end, the newer."""
    return max((one for one in pauses if one), key=lambda one: (one.until or _EVER, one.since), default=None)


def put_up(path: Path, pause: Pause) -> bool:
    """Put the flag up at once, unless there is one; return whether it is new. Where its words find no room it is empty, and has no end.

    Raises:
        OSError: not even an empty file can be made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)  # a store on a server may have no file here yet
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
    except FileExistsError:
        return False
    try:
        _fill(handle, pause)
    finally:
        os.close(handle)
    _sync(path.parent)
    return True


def keep_longest(path: Path, pause: Pause, *, at: datetime) -> Pause:
    """Put the flag up, or let the one that is up say the longer of both; return what it was meant to say. To be called `alone`.

    Raises:
        OSError: it can neither be made nor changed.
    """
    if put_up(path, pause):
        return pause
    earlier = raised(path, at=at)
    if earlier and longest(pause, earlier) is earlier:
        return earlier
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    beside.unlink(missing_ok=True)
    put_up(beside, pause)
    beside.replace(path)
    _sync(path.parent)
    return pause


def take_down(path: Path) -> None:
    """Remove the flag, if there is one.

    Raises:
        OSError: it cannot be removed, so sending stays stopped.
    """
    path.unlink(missing_ok=True)
    _sync(path.parent)


@contextmanager
def alone(path: Path, meanwhile: Callable[[], object] = lambda: None) -> Iterator[bool]:
    """Take turns with every other `pause` and `resume` on this store; yields whether it is our turn, after two seconds at most.

    Where another one is at work, `meanwhile` is called at once, before waiting.
    """
    try:
        folder = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:  # then nobody else can lock it either
        yield True
        return
    try:
        if not (ours := _locked(folder)):
            meanwhile()
            until = time.monotonic() + _PATIENCE
            while not ours and time.monotonic() < until:
                time.sleep(_LOOK)
                ours = _locked(folder)
        yield ours
    finally:
        os.close(folder)


def _locked(folder: int) -> bool:
    """Try to lock an open folder: unlike the flag it never goes away, and locking it writes nothing."""
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return True
    return True


def _fill(handle: int, pause: Pause) -> None:
    """Write all of it or nothing: half a flag would only look damaged. That it outlives a power cut is worth trying."""
    until = to_text(pause.until) if pause.until else None
    words = {"reason": pause.reason[:_LONGEST_REASON], "by": pause.by[:_LONGEST_NAME], "since": to_text(pause.since), "until": until}
    data = json.dumps(words).encode()
    with suppress(OSError):
        if os.write(handle, data) == len(data):
            os.fsync(handle)
            return
    os.ftruncate(handle, 0)


def _read(path: Path, since: datetime) -> Pause:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            found = json.loads(os.read(handle, _MOST).decode())
        finally:
            os.close(handle)
        words = {name: value for name, value in found.items() if isinstance(value, str)}
        until = from_text(words["until"]) if "until" in words else None
        since = from_text(words["since"]) if "since" in words else since
    except FileNotFoundError:
        raise
    except (OSError, ValueError, OverflowError, RecursionError, AttributeError):
        words, until = {}, None
    reason = words.get("reason") or "a flag file says so, and no more can be read in it"
    return Pause(reason, by=words.get("by") or "somebody", since=since, until=until, flag=str(path))


def _moment(seconds: float, otherwise: datetime) -> datetime:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return otherwise


def _sync(folder: Path) -> None:
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
