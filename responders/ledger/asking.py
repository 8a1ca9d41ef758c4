"""What asks for a person, in its order: drafts that wait, answers in doubt, and answers to be posted by hand.

Ten thousands may wait. The most urgent of them are read in their order from an index of the cases that are marked as waiting, and how many
there are is counted without reading any case. A draft may wait whose case is marked otherwise (an earlier answer to it was found
meanwhile): such drafts are few, are looked for each time, and stand in the same row.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from listener.clock import to_text
from listener.store.base import Reader, Row, Value, number

_NO_LIMIT = 2**31
_AWAKE = "(c.snoozed_until IS NULL OR c.snoozed_until <= :now)"
_DUE = "COALESCE(c.respond_by, '9999')"
_DRAFTS = "SELECT case_id, CAST(NULL AS BIGINT) AS parked, id AS draft FROM drafts WHERE state = 'waiting'"
_ANSWERS = """SELECT case_id, MIN(id) AS parked, 0 AS draft FROM deliveries WHERE state = 'parked' GROUP BY case_id, kind
    UNION ALL SELECT case_id, MIN(id) AS parked, 0 AS draft FROM deliveries WHERE state = 'by_hand' GROUP BY case_id, kind"""
_FIRST_DRAFTS = f"""SELECT * FROM (
    SELECT d.case_id AS case_id, CAST(NULL AS BIGINT) AS parked, d.id AS draft FROM cases c CROSS JOIN drafts d
    WHERE c.state = 'waiting' AND {_AWAKE} AND d.case_id = c.id AND d.state = 'waiting'
    ORDER BY c.points DESC, {_DUE}, d.id LIMIT :limit) AS marked
    UNION ALL {_DRAFTS} AND case_id NOT IN (SELECT id FROM cases WHERE state = 'waiting')"""
_OF_CASES = f"AS w CROSS JOIN cases c WHERE c.id = w.case_id AND {_AWAKE}"
_IN_ORDER = f"ORDER BY c.points DESC, {_DUE}, w.parked IS NULL, COALESCE(w.parked, w.draft) LIMIT :limit"
_FIELDS = "SELECT c.id AS case_id, w.parked AS parked, w.draft AS draft"

_ALL = f"({_DRAFTS} UNION ALL {_ANSWERS}) {_OF_CASES}"
_FIRST = f"{_FIELDS} FROM ({_FIRST_DRAFTS} UNION ALL {_ANSWERS}) {_OF_CASES} {_IN_ORDER}"
_COUNTED = f"""SELECT (SELECT COUNT(*) FROM drafts WHERE state = 'waiting')
    - (SELECT COUNT(*) FROM drafts WHERE state = 'waiting' AND case_id IN (SELECT id FROM cases WHERE snoozed_until > :now))
    + (SELECT COUNT(*) FROM ({_ANSWERS}) {_OF_CASES}) AS n"""

# From the deadlines to the drafts, and by indexes alone: the rows of cases stand far apart, and are large.
_STANDS = """SELECT (SELECT COUNT(*) FROM drafts WHERE state = 'waiting') AS n,
    (SELECT COUNT(*) FROM cases c CROSS JOIN drafts d WHERE c.respond_by < :now AND d.case_id = c.id AND d.state = 'waiting') AS late,
    (SELECT c.respond_by FROM cases c CROSS JOIN drafts d WHERE c.respond_by IS NOT NULL AND d.case_id = c.id AND d.state = 'waiting'
        ORDER BY c.respond_by LIMIT 1) AS next"""


def places(reader: Reader, where: str, values: Mapping[str, Value], *, at: datetime, limit: int | None) -> list[Row]:
    """Return the ids of case, answer and draft of what asks for a person, the most urgent first, then the nearest deadline.

    Of these, answers stand before drafts, and of several answers of one kind in one case the oldest. Snoozed cases are left out. `where` is
    a condition on the case (alias `c`) in SQL, "" for none, and `limit` how many at most, None for all.
    """
    first = limit is not None and not where
    sql = _FIRST if first else f"{_FIELDS} FROM {_ALL} AND {where or '1 = 1'} {_IN_ORDER}"
    return reader.all(sql, now=to_text(at), limit=_NO_LIMIT if limit is None else limit, **values)


def many(reader: Reader, where: str, values: Mapping[str, Value], *, at: datetime) -> int:
    """Return how many rows `places` has without a limit; `where`, its `values` and `at` are as there."""
    sql = f"SELECT COUNT(*) AS n FROM {_ALL} AND {where}" if where else _COUNTED
    row = reader.one(sql, now=to_text(at), **values)
    return number(row, "n") if row else 0


def stands(reader: Reader, *, at: datetime) -> Row | None:
    """Return how many drafts wait (`n`), how many of them late (`late`), and when the next is due (`next`; None for never).

    Snoozed cases count too: their deadlines do not sleep.
    """
    return reader.one(_STANDS, now=to_text(at))
