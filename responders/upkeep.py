"""How a running daemon fares, and whether the machine has room for it: what `earnest doctor` says of the service. Nothing is changed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

from listener.rules.rulebook import Rulebook
from listener.store.base import Reader, Row, Store, text
from listener.text import one_line
from responders.crew import program_version
from responders.findings import Finding, State
from responders.ledger import beats, facts
from responders.ledger.beats import Beat
from responders.ledger.machines import undone
from responders.ledger.polls import overdue
from responders.views import Health

_MEGABYTE = 1_000_000
_LITTLE_ROOM = 1_000 * _MEGABYTE
_NO_ROOM = 100 * _MEGABYTE
_LARGE_LOG = 512 * _MEGABYTE
_MANY_FILES = 0.8
_ODD_CLOCK, _WRONG_CLOCK = 30.0, 300.0  # seconds: from five minutes on, networks refuse what is signed with a time
_WIDTH = 200  # columns of what is wrong with a source
_RESTART = "its log says more; then start it anew: sudo systemctl restart earnest, or end it and: earnest run"


def alive(reader: Reader, health: Health, book: Rulebook | None, *, at: datetime) -> Iterator[Finding]:
    """Yield how a daemon that holds the store fares, by its signs of life."""
    found = beats.all_(reader)
    fresh = [beat for beat in found if at - beat.at <= beats.QUIET]
    if not found and "demo" in facts.known(reader):
        yield Finding("daemon", State.OK, "the demo's is running, on the demo's town; it leaves no signs of life")
    elif not fresh:
        yield _quiet(found, at)
    for beat in fresh:
        yield from _fares(beat, health, book)
    for one in undone(health.machines):
        yield Finding("machines", State.WRONG, one.words, one.hint)
    for row in health.sources:
        yield from _source(row, at)


def _quiet(found: list[Beat], at: datetime) -> Finding:
    last = max((beat.at for beat in found), default=None)
    if last is None:
        hint = f"it may have just begun: ask again in a minute. If it still leaves none, {_RESTART}"
        return Finding("daemon", State.WARNING, "it is running, and has left no sign of life yet", hint)
    minutes = int((at - last).total_seconds() // 60)
    message = f"it is running, and has left no sign of life for {minutes} minutes: it hangs, or the store takes nothing from it"
    return Finding("daemon", State.WRONG, message, _RESTART)


def _fares(beat: Beat, health: Health, book: Rulebook | None) -> Iterator[Finding]:
    since = f"{beat.since.astimezone():%Y-%m-%d %H:%M}"
    yield Finding("daemon", State.OK, f"it is running since {since} (process {beat.who}), by rules {beat.rules}")
    if beat.stalled:
        names = ", ".join(beat.stalled)
        yield Finding(
            "daemon", State.WRONG, f"parts of it do not go round any more: {names}", f"something they wait for never came: {_RESTART}"
        )
    if book is not None and beat.rules != book.fingerprint and not health.rules_error:
        message = f"it works by rules {beat.rules}, and the file holds {book.fingerprint}"
        hint = "a change is taken within seconds; else it reads another file than this: compare --rules, or EARNEST_RULES in its unit"
        yield Finding("daemon", State.WARNING, message, hint)
    if beat.version != program_version():
        message = f"it runs version {beat.version}, and {program_version()} is installed"
        yield Finding("daemon", State.WARNING, message, "start it anew, so that all of it is of one version")
    if beat.most_files and beat.files >= _MANY_FILES * beat.most_files:
        message = f"it has {beat.files} files and connections open and may have {beat.most_files}"
        yield Finding("daemon", State.WARNING, message, "let it have more: LimitNOFILE= in its unit, or ulimit -n; and report what grows")


def _source(row: Row, at: datetime) -> Iterator[Finding]:
    """Yield a source that is silent, by its own daemon's word or by when it was polled last."""
    name, hint = text(row, "name"), f"it is begun anew by itself; where that does not help: earnest sources test {text(row, 'name')}"
    if text(row, "state") == "silent":
        yield Finding(f"source {name}", State.WRONG, f"nothing is heard of it: {one_line(text(row, 'detail'), _WIDTH)}", hint)
        return
    if late := overdue(row, at=at):
        message = (
            f"it was polled {int(late.total_seconds() // 60)} minutes ago, and should be every {float(row['every_s'] or 0):.0f} seconds"
        )
        yield Finding(f"source {name}", State.WARNING, message, hint)


def room(store: Store) -> Iterator[Finding]:
    """Yield whether the disk has room for the store, and how large it is."""
    path = store.beside("")
    try:
        free = shutil.disk_usage(path.parent).free
    except OSError:
        return
    size = _size(path)
    left = f"{_megabytes(free)} are free where the store lies" + (f"; the store takes {_megabytes(size)}" if size else "")
    if free < _LITTLE_ROOM:
        hint = "make room, or give the store another disk: where nothing can be written, nothing is heard and nothing is sent"
        yield Finding("disk", State.WRONG if free < _NO_ROOM else State.WARNING, left, hint)
    else:
        yield Finding("disk", State.OK, left)
    log = _size(store.beside("-wal"))
    if log > _LARGE_LOG:
        message = f"the write-ahead log of the store has grown to {_megabytes(log)}: some program reads and does not end"
        yield Finding(
            "store", State.WARNING, message, "end whatever else has the file open, such as a backup or sqlite3; then it shrinks by itself"
        )


def clocks(offsets: Mapping[str, float]) -> Iterator[Finding]:
    """Yield whether this machine's clock is right, by those of the hosts that were tried: by how many seconds each is ahead of ours.

    One host may be wrong; the middle one of several hardly is.
    """
    if not offsets:
        return
    middle = sorted(offsets.values())[len(offsets) // 2]
    if abs(middle) < _ODD_CLOCK:
        yield Finding("clock", State.OK, "it goes with those of the networks")
        return
    state = State.WRONG if abs(middle) >= _WRONG_CLOCK else State.WARNING
    message = f"this machine's clock is {abs(middle):.0f} seconds {'behind' if middle > 0 else 'ahead of'} those of {len(offsets)} hosts"
    hint = "set it by the network (timedatectl set-ntp true): deadlines and quiet hours go by it, and networks refuse a wrong one"
    yield Finding("clock", state, message, hint)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _megabytes(size: int) -> str:
    return f"{size / _MEGABYTE:,.0f} MB" if size >= _MEGABYTE else "less than 1 MB"
