"""What a store is: one place that remembers, read freely, written in whole transactions.

SQL is written once, with `:name` placeholders and no dialect of one database; a database under it is thin. Times are stored as RFC 3339
text in UTC, so that they sort; lists and records as JSON text.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Protocol, TypeVar

from listener.errors import Unreachable

Value = str | int | float | None
Row = Mapping[str, Value]
T = TypeVar("T")
_PACKED = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))  # made once: `json.dumps` makes one for every call
_UNPACKED = json.JSONDecoder()
_LONGEST_KEPT = 200  # characters of what is remembered
_EMPTY: Mapping[type, str] = {list: "[]", tuple: "[]", dict: "{}"}  # most of what is packed


@dataclass(frozen=True, slots=True)
class Migrations:
    """The tables of one part of the program, as steps that only ever go forward: each name with its statements, in order."""

    part: str
    steps: Mapping[str, tuple[str, ...]]


class NoStore(Unreachable):
    """There is no store at that place: none was made there yet, or it is another place than was meant."""

    def __init__(self, shown: str, *, demo: bool = False) -> None:
        """Say where none is; `demo` says whether the demo could make one there."""
        ways = "earnest run, earnest import or earnest demo" if demo else "earnest run, or earnest import"
        super().__init__(f"there is no store at {shown}", f"start one with: {ways}")


class Reader(Protocol):
    """Reads a consistent view."""

    def all(self, sql: str, **values: Value) -> list[Row]:
        """Return every row."""

    def one(self, sql: str, **values: Value) -> Row | None:
        """Return the first row, or None."""

    def now(self) -> datetime:
        """Return the store's own time, the same for every machine that works on it: by it leases and claims run out."""


class Tx(Reader, Protocol):
    """A transaction under way: what is run here is stored together or not at all."""

    def run(self, sql: str, **values: Value) -> int:
        """Change rows; return how many."""

    def run_many(self, sql: str, many: Sequence[Mapping[str, Value]]) -> int:
        """Change rows by the same statement, once for each of `many`; return how many in all."""

    def insert(self, sql: str, **values: Value) -> int:
        """Insert one row; return its id."""

    def ids(self, table: str, many: int) -> Sequence[int]:
        """Return so many ids, ascending, that new rows of a table may be given: nobody else gets them."""

    def lock(self, names: Sequence[str]) -> None:
        """Keep every other transaction that locks one of these names waiting until this one has ended."""

    def try_lock(self, names: Sequence[str]) -> frozenset[str]:
        """Lock those of these names that no other transaction has locked, without waiting, and return them."""

    def ring(self, bell: str) -> None:
        """Ring for whoever waits for this bell, on any machine, once the transaction is stored. A ring may be lost: nothing rests on it."""


class Store(Protocol):
    """A database that has been opened and brought up to date.

    `shared` says whether daemons on several machines may work on it at the same time; else one daemon holds it alone.
    """

    url: str
    shared: bool

    def read(self) -> Reader:
        """Return a reader for this thread. What it asks of a server may take long: nobody asks so on an event loop."""

    async def aread(self, question: Callable[[Reader], T]) -> T:
        """Return what `question` finds, without blocking the event loop: a file answers at once, a server is asked in another thread.

        Raises:
            Unreachable: the server does not answer.
        """

    def read_within(self, question: Callable[[Reader], T], seconds: float) -> T:
        """Return what `question` finds, waiting for a server no longer than `seconds`: for what may not be awaited.

        Raises:
            TimeoutError: it has not answered by then.
            Unreachable: the server does not answer.
        """

    def hold_alone(self) -> None:
        """Make this process the only daemon on a store that is not shared, until it ends.

        Raises:
            Unreachable: another daemon has it.
        """

    def held(self) -> bool:
        """Return whether a daemon works on this store now."""

    def write(self, work: Callable[[Tx], T], *, alongside: bool = False) -> T:
        """Run `work` in one transaction, durable when this returns; an exception undoes it and is raised here.

        Writes happen one after the other, on all machines together: what `work` reads is not changed by another meanwhile. Only writes
        that say `alongside` may happen at the same time as each other (never beside one that does not say it). `work` may then be run
        again from its beginning, and must take locks of its own for what others of them may change (`Tx.lock`).

        Raises:
            Unreachable: the store refused (locked, full, read-only, broken).
        """

    async def awrite(self, work: Callable[[Tx], T], *, alongside: bool = False) -> T:
        """Do the same without blocking the event loop."""

    def write_first(self, work: Callable[[Tx], T]) -> T:
        """Run `work` in one transaction that waits for no other, on whatever machine that one may have fallen asleep; durable at its end.

        Others may write beside it, serial ones too, and it may be run again from its beginning. So it is for the one word that may not
        wait (stop), for turns, and for whatever else is settled by one row alone that nobody else's reading rests on.

        Raises:
            Unreachable: the store refused, or another keeps just these rows.
        """

    async def awrite_first(self, work: Callable[[Tx], T]) -> T:
        """Do the same without blocking the event loop."""

    def bells(self, heard: Callable[[str], object]) -> AbstractContextManager[None]:
        """Call `heard`, from any thread, for each bell that is rung, as long as the context lasts."""

    def scrub(self) -> bool:
        """Take what was deleted from the tables out of the files too; return whether all of it is out. It may take seconds.

        Raises:
            Unreachable: the store refused.
        """

    def beside(self, ending: str) -> Path:
        """Return the path of a file that belongs to this store: the store's own name with `ending`, however the store was named."""

    def close(self) -> None:
        """Finish what is queued and close."""


def text(row: Row, column: str) -> str:
    """Return a column as text; NULL is empty."""
    value = row[column]
    return "" if value is None else str(value)


def text_or_none(row: Row, column: str) -> str | None:
    """Return a column as text; NULL is None."""
    value = row[column]
    return None if value is None else str(value)


def number(row: Row, column: str) -> int:
    """Return a column as a whole number; NULL is 0."""
    value = row[column]
    return 0 if value is None else int(value)


def pack(value: object) -> str:
    """Write plain data as compact JSON text."""
    return _PACKED.encode(value) if value else _EMPTY.get(type(value)) or _PACKED.encode(value)


def unpack(value: Value) -> object:
    """Read what `pack` wrote; NULL and empty text are None.

    Raises:
        Unreachable: the column does not hold JSON, so the store is damaged.
    """
    if not value:
        return None
    words = str(value)
    try:
        found, end = _UNPACKED.raw_decode(words)
        return found if end == len(words) else _UNPACKED.decode(words)  # which skips white space, and refuses what else stands behind
    except ValueError:
        message = "the store holds a value that cannot be read"
        raise Unreachable(message, "restore a backup, or ask for help with the file kept aside") from None


def storable(words: str) -> str:
    """Return words as they can be written in UTF-8: lone surrogates become the replacement character."""
    return words.encode("utf-8", "replace").decode("utf-8") if not words.isascii() else words


def names(value: Value) -> tuple[str, ...]:
    """Read a packed list of texts."""
    if value == "[]":
        return ()
    return _names_kept(value) if isinstance(value, str) and len(value) <= _LONGEST_KEPT else _names(value)


def _names(value: Value) -> tuple[str, ...]:
    found = unpack(value)
    return tuple(map(str, found)) if isinstance(found, list) else ()


_names_kept = lru_cache(maxsize=512)(_names)  # our own handles, above all
