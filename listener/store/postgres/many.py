"""Many rows into one table by one statement: a server takes a page of rows that way for a fifth of what row after row costs it.

The rows travel as one text of JSON. Only statements of a plain shape go this way, and only values that JSON carries unchanged; the rest
goes row after row, as it is written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from listener.store.base import Value

FEW = 4  # rows that are sooner stored one after the other
_MOST = 2**63 - 1
_NUL = "\\u0000"
_SHAPE = re.compile(
    r"\s*(?P<into>INSERT INTO \w+)\s*\((?P<columns>[^()]*)\)\s*"
    r"(?:VALUES\s*\((?P<values>[^()]*)\)|SELECT\s+(?P<selected>[^()]*?)\s+WHERE\s+(?P<where>.*?))\s*"
    r"(?P<conflict>ON CONFLICT\s*(?:\((?P<key>[^()]*)\))?\s*DO\s+(?P<what>NOTHING|UPDATE)\b.*)?\s*",
    re.DOTALL,
)
_VALUE = re.compile(r":(\w+)")
_KINDS: Mapping[frozenset[type], str] = {
    frozenset({str}): 'text COLLATE "C"',
    frozenset({int}): "bigint",
    frozenset({float}): "double precision",
    frozenset({int, float}): "double precision",
}


@dataclass(frozen=True, slots=True)
class _Shape:
    """A statement that inserts one row, taken apart; `key` names the values by which it knows a row that is there already."""

    into: str
    columns: tuple[str, ...]
    values: tuple[str, ...]
    where: str
    conflict: str
    key: tuple[str, ...]

    def of(self, names: Sequence[str], kinds: Mapping[str, str]) -> str:
        """Return the statement for all rows of one text of JSON, in their order; what has no kind is null in all of them."""
        known = ", ".join(f'"{name}" {kinds[name]}' for name in names if name in kinds)

        def spell(words: str) -> str:
            return _VALUE.sub(lambda found: f'many."{found[1]}"' if found[1] in kinds else "NULL", words)

        rows = f"ROWS FROM (json_to_recordset($1::json) AS ({known})) WITH ORDINALITY AS many"
        where = f" WHERE {spell(self.where)}" if self.where else ""
        selected = ", ".join(map(spell, self.values))
        return f"{self.into} ({', '.join(self.columns)}) SELECT {selected} FROM {rows}{where} ORDER BY many.ordinality {self.conflict}"


class Bulk:
    """Statements that insert one row, each taken apart once."""

    def __init__(self) -> None:
        """Know none yet."""
        self._shapes: dict[str, _Shape | None] = {}

    def say(self, sql: str, many: Sequence[Mapping[str, Value]]) -> tuple[str, str] | None:
        """Return one statement for all these rows, and its one value; None where they are to be stored one after the other."""
        if len(many) < FEW:
            return None
        if sql not in self._shapes:
            self._shapes[sql] = _taken_apart(sql)
        shape = self._shapes[sql]
        if shape is None or _meets_itself(shape, many):
            return None
        names = list(dict.fromkeys(_VALUE.findall(" ".join((*shape.values, shape.where)))))
        kinds = _kinds(names, many)
        if not kinds:
            return None
        try:
            rows = json.dumps([{name: row[name] for name in kinds} for row in many], ensure_ascii=False, allow_nan=False)
        except ValueError:  # no number
            return None
        return None if _NUL in rows else (shape.of(names, kinds), rows)


def _taken_apart(sql: str) -> _Shape | None:
    found = _SHAPE.fullmatch(sql)
    if not found or _VALUE.search(found["conflict"] or ""):
        return None
    columns = tuple(column.strip() for column in found["columns"].split(","))
    values = tuple(value.strip() for value in (found["values"] or found["selected"]).split(","))
    if len(columns) != len(values):
        return None
    key: tuple[str, ...] = ()
    if found["what"] == "UPDATE":
        given = dict(zip(columns, values, strict=True))
        wanted = [given.get(column.strip(), "") for column in (found["key"] or "").split(",")]
        if not all(_VALUE.fullmatch(value) for value in wanted):
            return None
        key = tuple(value[1:] for value in wanted)
    return _Shape(found["into"], columns, values, found["where"] or "", found["conflict"] or "", key)


def _meets_itself(shape: _Shape, many: Sequence[Mapping[str, Value]]) -> bool:
    """Return whether two of these rows are one in the table: the second changes the first, which one statement may not."""
    return bool(shape.key) and len({tuple(row[name] for name in shape.key) for row in many}) < len(many)


def _kinds(names: Sequence[str], many: Sequence[Mapping[str, Value]]) -> dict[str, str]:
    """Return of which kind each value is, without those that are null in every row; nothing where one cannot travel as JSON."""
    kinds: dict[str, str] = {}
    for name in names:
        values = [value for row in many if (value := row[name]) is not None]
        if not values:
            continue
        kind = _KINDS.get(frozenset(map(type, values)))
        if kind is None or (kind == "bigint" and not all(-_MOST <= int(value) <= _MOST for value in values)):
            return {}
        kinds[name] = kind
    return kinds
