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
    """Take at most `limit` mentions to be decided in this transaction, oldest first; return their places in the line.

    Those of people and threads that another machine is busy with are left to it.
    """
    found: list[int] = []
    for begin in range(0, _FARTHEST, _GROUP):
        rows = _waiting(tx, begin)
        names = sorted({name for row in rows for name in _names_of(row)})
        free = tx.try_lock(names) if names else frozenset()
        found += [number(row, "seq") for row in rows if free.issuperset(_names_of(row))]
        if len(found) >= limit or len(rows) < _GROUP:
            break
    return found[:limit]


def _waiting(tx: Tx, begin: int) -> Sequence[Row]:
    return tx.all(
        """SELECT m.seq, p.network, p.author_id, p.thread_id FROM mentions m JOIN posts p ON p.network = m.network AND p.id = m.post_id
        WHERE m.decided = 0 ORDER BY m.seq LIMIT :most OFFSET :begin""",
        most=_GROUP,
        begin=begin,
    )


def _names(network: str, author: str, thread: str) -> tuple[str, str]:
    return f"{network} author {author}", f"{network} thread {thread}"


def _names_of(row: Row) -> tuple[str, str]:
    return _names(text(row, "network"), text(row, "author_id"), text(row, "thread_id"))
