"""Mentions in line to be decided: by several machines at once, each conversation and each person by one of them at a time.

What is decided of a mention rests on what was said to its author and in its thread. So whoever hears or decides locks those, in a
transaction that may run alongside others of its kind.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from listener.model import Post
from listener.store.base import Row, Tx, number, pack, text

HEARD = "heard"
"""The bell that is rung when mentions were stored."""

HIGH, CRITICAL = 1, 2
"""How what presses is marked in the line; what does not is 0."""

_GROUP = 100
_MANY = 50  # of one person, that may wait and be decided before what came earlier
_MOST_FLOODS = 20  # people with so much waiting that are passed over in one look for what is urgent; the next look goes on
_FARTHEST = 4_000  # of the oldest that wait; behind them nobody looks before some of them are decided


def lock(tx: Tx, posts: Iterable[Post]) -> None:
    """Keep whoever else hears or decides posts of the same people or threads waiting until this transaction has ended."""
    tx.lock(sorted({name for post in posts for name in _names(post.network, post.author.id, post.thread_id)}))


def claim(tx: Tx, limit: int, *, critical: bool = False) -> list[int]:
    """Take at most `limit` mentions to be decided in this transaction; return their places in the line, in that order.

    The oldest, but where more wait than that, what is critical before them, then what is urgent else, with whatever waits of the same
    people: a cry for help does not stand behind a storm, and nobody's words are decided in another order than they came. Those of
    people and threads that another machine is busy with are left to it. With `critical` the rest of the line is left for another time.
    """
    if critical:
        return sorted(list(_free(tx, _pressing(tx, CRITICAL, limit), set()))[:limit])
    group = _oldest(tx, 0)
    rows = group if len(group) < _GROUP else [*_pressing(tx, CRITICAL, limit), *_pressing(tx, HIGH, limit), *group]
    found: dict[int, None] = {}
    busy: set[str] = set()
    for _ in range(_FARTHEST // _GROUP):
        found |= _free(tx, rows, busy)
        if len(found) >= limit or len(group) < _GROUP:
            break
        group = rows = _oldest(tx, number(group[-1], "seq"))
    return sorted(list(found)[:limit])


def _free(tx: Tx, rows: Sequence[Row], busy: set[str]) -> dict[int, None]:
    """Return the places of those that nobody else is busy with, once each, and keep others from them.

    Whom another machine was busy with is left alone to the end, even if it is done by then: what was passed over of them comes first.
    So is whoever wrote in a thread that another machine was busy with: what else they wrote came later.
    """
    named = [_names_of(row) for row in rows]
    names = sorted({name for both in named for name in both} - busy)
    busy |= set(names) - (tx.try_lock(names) if names else frozenset())
    found: dict[int, None] = {}
    for row, (author, thread) in zip(rows, named, strict=True):
        if busy.isdisjoint((author, thread)):
            found[number(row, "seq")] = None
        else:
            busy.add(author)
    return found


_WAITING = """SELECT m.seq AS seq, p.network, p.author_id, p.thread_id FROM mentions m
    JOIN posts p ON p.network = m.network AND p.id = m.post_id WHERE m.decided = 0"""
_BY_OTHERS = "p.network || ' author ' || p.author_id NOT IN (SELECT value FROM json_each(:known))"
_OF_PEOPLE = """SELECT * FROM (
    SELECT m.seq AS seq, p.network, p.author_id, p.thread_id, ROW_NUMBER() OVER (PARTITION BY p.author_id ORDER BY m.seq) AS nth
    FROM posts p JOIN mentions m ON m.network = p.network AND m.post_id = p.id
    WHERE p.network = :network AND m.decided = 0 AND p.author_id IN (SELECT value FROM json_each(:authors))) AS theirs
    WHERE nth <= :most"""


def _oldest(tx: Tx, after: int) -> list[Row]:
    """Return the next in the line behind a place. By the place, since others decide meanwhile: a count would pass some over."""
    return tx.all(f"{_WAITING} AND m.seq > :after ORDER BY m.seq LIMIT :most", most=_GROUP, after=after)


def _pressing(tx: Tx, how: int, limit: int) -> list[Row]:
    """Return what presses so much, with all that waits of the same people, in the order it came.

    Whoever has a great deal waiting stands in the line like everybody: a flood with a cry in it, or of cries, holds up no other cry.
    """
    found: list[Row] = []
    flooding: set[str] = set()
    for _ in range(_MOST_FLOODS):
        mark = f"m.pressing = {how}"  # written out, so that the index of those is used
        pressing = tx.all(f"{_WAITING} AND {mark} AND {_BY_OTHERS} ORDER BY m.seq LIMIT :most", most=limit, known=pack([*flooding]))
        found = _all_waiting_of(tx, pressing)
        many = Counter(_names_of(row)[0] for row in found)
        floods = {author for author, waiting in many.items() if waiting > _MANY}
        found = [row for row in found if _names_of(row)[0] not in floods]
        if not floods:
            break
        flooding |= floods
    return sorted(found, key=lambda row: number(row, "seq"))


def _all_waiting_of(tx: Tx, pressing: Sequence[Row]) -> list[Row]:
    """Return what waits of the people who wrote what is pressing; of each no more than shows that it is a great deal."""
    found: list[Row] = []
    for network in dict.fromkeys(text(row, "network") for row in pressing):
        authors = sorted({text(row, "author_id") for row in pressing if row["network"] == network})
        found += tx.all(_OF_PEOPLE, network=network, authors=pack(authors), most=_MANY + 1)
    return found


def _names(network: str, author: str, thread: str) -> tuple[str, str]:
    return f"{network} author {author}", f"{network} thread {thread}"


def _names_of(row: Row) -> tuple[str, str]:
    return _names(text(row, "network"), text(row, "author_id"), text(row, "thread_id"))
