"""Mentions in line to be decided: by several machines at once, each conversation and each person by one of them at a time.

What is decided of a mention rests on what was said to its author and in its thread. So whoever hears or decides locks those, in a
transaction that may run alongside others of its kind.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from listener.model import Post
from listener.store.base import Row, Tx, number, text

HEARD = "heard"
"""The bell that is rung when mentions were stored."""

_GROUP = 100
_FARTHEST = 4_000  # of the oldest that wait; behind them nobody looks before some of them are decided


def lock(tx: Tx, posts: Iterable[Post]) -> None:
    """Keep whoever else hears or decides posts of the same people or threads waiting until this transaction has ended."""
    tx.lock(sorted({name for post in posts for name in _names(post.network, post.author.id, post.thread_id)}))


def claim(tx: Tx, limit: int) -> list[int]:
    """Take at most `limit` mentions to be decided in this transaction; return their places in the line, in that order.

    The oldest, but where more wait than that, what is urgent before them, with whatever waits of the same people and threads: a cry for
    help does not stand behind a storm, and nobody's words are decided in another order than they came. Those of people and threads that
    another machine is busy with are left to it.
    """
    first = _oldest(tx, 0)
    rows = first if len(first) < _GROUP else [*_urgent(tx, limit), *first]
    found = _free(tx, rows)
    for begin in range(_GROUP, _FARTHEST, _GROUP):
        if len(found) >= limit or len(rows) < _GROUP:
            break
        rows = _oldest(tx, begin)
        found |= _free(tx, rows)
    return sorted(list(found)[:limit])


def _free(tx: Tx, rows: Sequence[Row]) -> dict[int, None]:
    """Return the places of those that nobody else is busy with, once each, and keep others from them."""
    names = sorted({name for row in rows for name in _names_of(row)})
    free = tx.try_lock(names) if names else frozenset()
    return dict.fromkeys(number(row, "seq") for row in rows if free.issuperset(_names_of(row)))


_WAITING = """SELECT m.seq AS seq, p.network, p.author_id, p.thread_id
    FROM mentions m JOIN posts p ON p.network = m.network AND p.id = m.post_id WHERE m.decided = 0"""


def _oldest(tx: Tx, begin: int) -> list[Row]:
    return tx.all(f"{_WAITING} ORDER BY m.seq LIMIT :most OFFSET :begin", most=_GROUP, begin=begin)


def _urgent(tx: Tx, limit: int) -> list[Row]:
    """Return what is urgent, each behind what waits of the same author and in the same thread."""
    found: list[Row] = []
    for row in tx.all(f"{_WAITING} AND m.pressing = 1 ORDER BY m.seq LIMIT :most", most=limit):
        values = {column: text(row, column) for column in ("network", "author_id", "thread_id")}
        found += tx.all(
            f"""{_WAITING} AND p.network = :network AND p.author_id = :author_id
            UNION {_WAITING} AND p.network = :network AND p.thread_id = :thread_id ORDER BY seq""",
            **values,
        )
        if len(found) >= limit:
            break
    return found


def _names(network: str, author: str, thread: str) -> tuple[str, str]:
    return f"{network} author {author}", f"{network} thread {thread}"


def _names_of(row: Row) -> tuple[str, str]:
    return _names(text(row, "network"), text(row, "author_id"), text(row, "thread_id"))
