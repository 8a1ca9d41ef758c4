"""Who did what, in a chain: each row seals the one before it, so a changed or missing row shows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from listener.clock import to_text
from listener.store.base import Reader, Row, Tx, Value, number, pack, text

DAEMON = "earnest"
_LOG = "the log"
_QUOTED = re.compile(r'".*"|".*', re.DOTALL)


def unquoted(reason: str) -> str:
    """Return a reason without what it quotes: the words may be a customer's, and no line of the log can be erased."""
    return _QUOTED.sub('"…"', reason)


class Line(NamedTuple):
    """What somebody did: `who` is a person's name or `earnest`, `action` one or two words, `detail` plain facts."""

    who: str
    action: str
    at: datetime
    case_id: int | None
    detail: Mapping[str, object]


def record(tx: Tx, who: str, action: str, *, at: datetime, case_id: int | None = None, **detail: object) -> None:
    """Add a line: `who` is a person's name or `earnest`, `action` one or two words, `detail` plain facts."""
    record_all(tx, [Line(who, action, at, case_id, detail)])


def record_all(tx: Tx, found: Iterable[Line]) -> None:
    """Add lines in their order. Nobody else adds one until the transaction ends."""
    tx.lock([_LOG])
    last = tx.one("SELECT seal FROM audit ORDER BY id DESC LIMIT 1")
    seal = "" if last is None else text(last, "seal")
    rows: list[dict[str, Value]] = []
    for line in found:
        facts, moment = pack(line.detail), to_text(line.at)
        seal = _seal(seal, moment, line.who, line.action, line.case_id, facts)
        rows.append({"at": moment, "who": line.who, "action": line.action, "case_id": line.case_id, "detail": facts, "seal": seal})
    tx.run_many("INSERT INTO audit (at, who, action, case_id, detail, seal) VALUES (:at, :who, :action, :case_id, :detail, :seal)", rows)


def _seal(before: str, *line: str | int | None) -> str:
    import hashlib  # noqa: PLC0415  # whoever only reads needs none of it

    return hashlib.sha256(pack([before, *line]).encode("utf-8", "replace")).hexdigest()


def lines(
    reader: Reader, *, case_id: int | None = None, since: datetime | None = None, after_id: int = 0, limit: int | None = None
) -> list[Row]:
    """Return lines, oldest first, of one case or of all, from a moment or after a line; of more than `limit`, the newest."""
    begin = to_text(since) if since else ""
    if since and case_id is None:  # lines are nearly in the order of their time, so the first of that time is near where they begin
        first = reader.one("SELECT MIN(id + 0) AS id FROM audit WHERE at >= :since", since=begin)  # + 0: by time, not through all ids
        if first is None or first["id"] is None:
            return []
        after_id = max(after_id, number(first, "id") - 1)
    conditions = ["id > :after"] + ["case_id = :case_id"] * (case_id is not None) + ["at >= :since"] * (since is not None)
    sql = f"SELECT * FROM audit WHERE {' AND '.join(conditions)} ORDER BY id"
    values: dict[str, Value] = {"after": after_id, "case_id": case_id, "since": begin}
    return reader.all(sql, **values) if limit is None else reader.all(f"{sql} DESC LIMIT :limit", limit=limit, **values)[::-1]


def broken_at(reader: Reader) -> int | None:
    """Return the id of the first line whose seal does not fit, or None where the chain holds."""
    before = ""
    for row in reader.all("SELECT * FROM audit ORDER BY id"):
        case_id = None if row["case_id"] is None else number(row, "case_id")
        if text(row, "seal") != _seal(before, text(row, "at"), text(row, "who"), text(row, "action"), case_id, text(row, "detail")):
            return number(row, "id")
        before = text(row, "seal")
    return None
