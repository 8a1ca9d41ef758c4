"""Everything heard, found by any filter and any words, newest first: quickly, however much is stored.

What is asked for stands in several tables, so no index holds the answer in its order. Most questions are answered by the newest few
thousand mentions, so those are looked through first. Where they do not hold enough by far, whatever fits the rarest of the conditions is
counted, as far as a limit: few are gathered and sorted, and of many the older mentions hold enough soon. All ways find the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from listener.model import Level
from listener.store import searching
from listener.store.base import Reader, Row, Value, number
from responders.ledger import judged
from responders.views import Condition, Filters

WINDOW = 4_000
"""So many of the newest mentions are looked through first."""

MANY = 20_000
"""So many that fit one condition are gathered at most."""

_CHUNK = 100
_STRETCH = 250
_FEW_WORDS = 1_000
_STEPS = 5
_NEARER = 8
_NO_LIMIT = 2**31
_PRESSING = f"('{Level.HIGH.value}', '{Level.CRITICAL.value}')"
"""The levels that few posts have; word for word as the index `assessments_pressing` says it, so that it is used."""

_POST = "p.network = m.network AND p.id = m.post_id"
_JUDGED = "a.network = m.network AND a.post_id = m.post_id"
_CASE = "c.network = p.network AND c.thread_id = p.thread_id AND c.author_id = p.author_id AND c.brand = m.brand"
_ALL = f"{_POST} AND {_JUDGED} AND {_CASE}"


@dataclass(frozen=True, slots=True)
class _Way:
    """One way to gather what fits a condition: tables in the order they are read, and what begins the reading."""

    counted: str
    tables: str
    begins: str = ""


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question: conditions on a case, on the level of a mention, parts of a post, and words; with all values but the words."""

    conditions: tuple[Condition, ...]
    levels: str
    parts: str
    words: str
    values: dict[str, Value]

    def where(self, first: str = "") -> str:
        """Return all but the words as SQL; an index serves the condition on the column `first` alone."""
        parts = [one.plain if one.column == first else one.unindexed for one in self.conditions]
        levels = f"{judged.LEVEL} IN {self.levels}" if self.levels else ""
        return " AND ".join(filter(None, [*parts, levels, self.parts])) or "1 = 1"

    def ways(self) -> Iterator[tuple[str, _Way]]:
        """Yield how to gather what fits one condition, with the condition's name."""
        for one in self.conditions:
            counted = f"SELECT 1 FROM cases c WHERE {one.plain}"
            yield one.column, _Way(counted, "cases c CROSS JOIN posts p CROSS JOIN mentions m CROSS JOIN assessments a")
        if self.levels and Level.NORMAL.value not in self.levels:
            pressing = f"""SELECT network, post_id FROM assessments WHERE level IN {self.levels} AND level IN {_PRESSING}
                UNION SELECT network, post_id FROM decisions WHERE raised <> ''"""
            tables = f"({pressing}) AS u CROSS JOIN mentions m CROSS JOIN posts p CROSS JOIN assessments a CROSS JOIN cases c"
            yield "level", _Way(f"SELECT 1 FROM ({pressing}) AS u", tables, "m.network = u.network AND m.post_id = u.post_id AND")
        if self.parts:
            tables = "posts p CROSS JOIN mentions m CROSS JOIN assessments a CROSS JOIN cases c"
            yield "parts", _Way(f"SELECT 1 FROM posts p WHERE {self.parts}", tables)
        if self.words:
            tables = f"({searching.FOUND}) AS w CROSS JOIN posts p CROSS JOIN mentions m CROSS JOIN assessments a CROSS JOIN cases c"
            yield "words", _Way(searching.FOUND, tables, "p.seq = w.seq AND")


def heard(reader: Reader, filters: Filters, *, search: str, at: datetime, limit: int, window: int = WINDOW, many: int = MANY) -> list[Row]:
    """Return mentions, newest first, with their case and judgement; `search` words must all occur (in any form of accent).

    `window` and `many` are how many mentions are looked through first, and how many are gathered at most.
    """
    conditions, values = filters.conditions(at)
    words, unspaced = searching.parted(search)
    parts = " AND ".join(searching.CONTAINS.format(name=f":part{n}") for n in range(len(unspaced)))
    values |= {f"part{n}": part for n, part in enumerate(unspaced)}
    asked = _Asked(conditions, filters.levels, parts, searching.query(words), values)
    found = _numbers(reader, asked, limit, max(window, 2 * limit), many)
    return [judged.on_row(row) for row in _rows(reader, found)]


def _numbers(reader: Reader, asked: _Asked, limit: int, window: int, many: int) -> list[int]:
    """Return the places of the newest mentions that fit, newest first."""
    if asked.words and (few := _few(reader, asked, min(many, _FEW_WORDS), only="words")) is not None:
        return _gathered(reader, asked, few, limit)
    row = reader.one("SELECT MAX(seq) AS seq FROM mentions")
    until = number(row, "seq") if row else 0
    near = window // _NEARER if asked.words else window  # a common word is found often enough among the very newest
    found = _between(reader, asked, until - near, until, limit)
    if near < window and len(found) < limit:
        found += _between(reader, asked, until - window, until - near, limit - len(found))
    if len(found) * _STEPS < limit and (few := _few(reader, asked, many)) is not None:
        return _gathered(reader, asked, few, limit)
    while len(found) < limit and until > window:
        until, window = until - window, 2 * window
        found += _between(reader, asked, until - window, until, limit - len(found))
    return found


def _between(reader: Reader, asked: _Asked, above: int, until: int, limit: int) -> list[int]:
    """Return the places of the newest that fit among those between two places."""
    rows = reader.all(
        f"""SELECT m.seq AS seq, p.seq AS post FROM mentions m CROSS JOIN posts p CROSS JOIN cases c CROSS JOIN assessments a
        WHERE m.seq > :above AND m.seq <= :until AND {_ALL} AND {asked.where()} ORDER BY m.seq DESC LIMIT :limit""",
        above=above,
        until=until,
        limit=until - above if asked.words else limit,
        **asked.values,
    )
    return _holding(reader, asked.words, rows, limit)


def _few(reader: Reader, asked: _Asked, many: int, *, only: str = "") -> tuple[str, _Way] | None:
    """Return the condition that fewest fit (or `only` that one), and how to gather those; None where of all there are too many."""
    counted: list[tuple[int, str, _Way]] = []
    for name, way in asked.ways():
        if only and name != only:
            continue
        values = {**asked.values, **({"words": asked.words} if name == "words" else {})}
        row = reader.one(f"SELECT COUNT(*) AS n FROM ({way.counted} LIMIT :many) AS fitting", many=many, **values)
        counted.append((number(row, "n") if row else 0, name, way))
    fewest = min(counted, default=None, key=lambda one: one[0])
    return None if fewest is None or fewest[0] >= many else fewest[1:]


def _gathered(reader: Reader, asked: _Asked, few: tuple[str, _Way], limit: int) -> list[int]:
    """Return the places of the newest that fit, gathered one way."""
    name, way = few
    words = "" if name == "words" else asked.words
    rows = reader.all(
        f"""SELECT m.seq AS seq, p.seq AS post FROM {way.tables} WHERE {way.begins} {_ALL} AND {asked.where(name)}
        ORDER BY m.seq DESC LIMIT :limit""",
        limit=_NO_LIMIT if words else limit,
        **asked.values,
        **({"words": asked.words} if name == "words" else {}),
    )
    return _holding(reader, words, rows, limit)


def _holding(reader: Reader, words: str, rows: list[Row], limit: int) -> list[int]:
    """Return the places of those whose posts hold the words, so many of the first: the index of words is read in stretches, not by post."""
    if not words:
        return [number(row, "seq") for row in rows[:limit]]
    found: list[int] = []
    for begin in range(0, len(rows), _STRETCH):
        pairs = [(number(row, "seq"), number(row, "post")) for row in rows[begin : begin + _STRETCH]]
        posts = [post for _, post in pairs]
        held = {number(row, "seq") for row in reader.all(searching.BETWEEN, words=words, first=min(posts), last=max(posts))}
        found += [seq for seq, post in pairs if post in held]
        if len(found) >= limit:
            break
    return found[:limit]


def _rows(reader: Reader, numbers: list[int]) -> Iterator[Row]:
    """Yield the mentions at these places, in this order, each with its post, judgement and case."""
    names = [f"s{place}" for place in range(_CHUNK)]
    wanted = ", ".join(f":{name}" for name in names)
    sql = f"""SELECT p.*, m.brand AS brand, {judged.RAISED} AS raised,
        m.addressed AS addressed, a.mood AS mood, a.score AS score, a.level AS level,
        a.points AS points, a.intent AS intent, a.language AS judged_language, a.record AS record, c.id AS case_id, c.route AS route,
        c.state AS case_state FROM mentions m CROSS JOIN posts p CROSS JOIN cases c CROSS JOIN assessments a
        WHERE m.seq IN ({wanted}) AND {_ALL} ORDER BY m.seq DESC"""
    for first in range(0, len(numbers), _CHUNK):
        part = numbers[first : first + _CHUNK]
        yield from reader.all(sql, **dict(zip(names, [*part, *[0] * (_CHUNK - len(part))], strict=True)))
