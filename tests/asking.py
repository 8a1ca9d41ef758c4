"""A transaction that remembers what it was asked, so that a test can see whether every question has its index."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from listener.store.base import Row, Tx, Value

# Tables that grow with everything heard and said; reading one whole, or all of a network, takes ever longer.
GROWING = ("posts", "mentions", "assessments", "cases", "decisions", "drafts", "deliveries", "tallies", "term_uses")
_WHOLE = re.compile(rf"SCAN ({'|'.join(GROWING)})\b|SEARCH \w+ USING (?:COVERING )?INDEX \w+ \(network=\?\)")


class Asking:
    """Passes everything on to `tx` and keeps the questions."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx
        self.asked: dict[str, dict[str, Value]] = {}

    def all(self, sql: str, **values: Value) -> list[Row]:
        self.asked[sql] = values
        return self._tx.all(sql, **values)

    def one(self, sql: str, **values: Value) -> Row | None:
        self.asked[sql] = values
        return self._tx.one(sql, **values)

    def run(self, sql: str, **values: Value) -> int:
        self.asked[sql] = values
        return self._tx.run(sql, **values)

    def run_many(self, sql: str, many: Sequence[Mapping[str, Value]]) -> int:
        self.asked[sql] = dict(many[0])
        return self._tx.run_many(sql, many)

    def insert(self, sql: str, **values: Value) -> int:
        return self._tx.insert(sql, **values)

    def ids(self, table: str, many: int) -> Sequence[int]:
        return self._tx.ids(table, many)

    def lock(self, names: Sequence[str]) -> None:
        self._tx.lock(names)

    def slow(self) -> list[str]:
        """Return the questions that read a whole table, or all of one network, with how they do it."""
        found = []
        for sql, values in self.asked.items():
            plan = [str(row["detail"]) for row in self._tx.all(f"EXPLAIN QUERY PLAN {sql}", **values)]
            found += [f"{step}: {' '.join(sql.split())}" for step in plan if _WHOLE.search(step)]
        return found
