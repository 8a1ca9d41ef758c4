"""Drafts that wait, read many at once with all that is needed to decide them: a statement for a hundred where one by one takes six each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from listener.model import Assessment, Post
from listener.store import mentions as heard_ledger
from listener.store.base import Reader, Row, number, text
from responders.ledger import cases, drafts, judged
from responders.ledger.cases import Case
from responders.ledger.drafts import Draft, Word
from responders.model import Hold

AT_ONCE = 100
"""So many are read at once; a caller that wants more asks again."""

_NAMES = tuple(f"i{place}" for place in range(AT_ONCE))
_IDS = ", ".join(f":{name}" for name in _NAMES)
_RAISED = """(SELECT x.raised FROM decisions x WHERE x.network = d.network AND x.post_id = d.post_id AND x.brand = d.brand
    ORDER BY x.id DESC LIMIT 1)"""


@dataclass(frozen=True, slots=True)
class Whole:
    """A draft with its case, its post and how that was judged, the holds of the case's newest decision, and what people said of it."""

    draft: Draft
    case: Case
    post: Post
    assessment: Assessment
    holds: tuple[Hold, ...]
    words: tuple[Word, ...]


def whole(reader: Reader, draft_ids: Sequence[int]) -> Iterator[Whole]:
    """Yield drafts, at most `AT_ONCE`, in the order asked for; those are left out whose post is gone or was never judged."""
    found = {number(row, "id"): drafts.read(row) for row in _of(reader, f"SELECT * FROM drafts WHERE id IN ({_IDS})", draft_ids)}
    of_cases = [draft.case_id for draft in found.values()]
    known = {number(row, "id"): cases.read(row) for row in _of(reader, f"SELECT * FROM cases WHERE id IN ({_IDS})", of_cases)}
    posts, seen, words = _posts(reader, draft_ids), _judged(reader, draft_ids), _said(reader, draft_ids)
    holds = _holds(reader, of_cases)
    for draft in (found[one] for one in draft_ids if one in found):
        post, assessment = posts.get(draft.id), seen.get(draft.id)
        if post and assessment:
            case = known[draft.case_id]
            yield Whole(draft, case, post, assessment, holds.get(case.id, ()), tuple(words.get(draft.id, ())))


def _of(reader: Reader, sql: str, ids: Sequence[int]) -> list[Row]:
    """Return the rows of a statement that asks for ids; the same statement however many they are."""
    return reader.all(sql, **dict(zip(_NAMES, [*ids, *[0] * (AT_ONCE - len(ids))], strict=True)))


def _posts(reader: Reader, draft_ids: Sequence[int]) -> dict[int, Post]:
    sql = f"""SELECT p.*, d.id AS draft_id FROM drafts d CROSS JOIN posts p
        WHERE d.id IN ({_IDS}) AND p.network = d.network AND p.id = d.post_id"""
    return {number(row, "draft_id"): heard_ledger.read_post(row) for row in _of(reader, sql, draft_ids)}


def _judged(reader: Reader, draft_ids: Sequence[int]) -> dict[int, Assessment]:
    sql = f"""SELECT a.*, d.id AS draft_id, {_RAISED} AS raised FROM drafts d CROSS JOIN assessments a
        WHERE d.id IN ({_IDS}) AND a.network = d.network AND a.post_id = d.post_id"""
    rows = _of(reader, sql, draft_ids)
    return {number(row, "draft_id"): judged.put(heard_ledger.read_assessment(row), text(row, "raised")) for row in rows}


def _holds(reader: Reader, case_ids: Sequence[int]) -> dict[int, tuple[Hold, ...]]:
    sql = f"""SELECT case_id, holds FROM decisions WHERE id IN
        (SELECT MAX(id) FROM decisions WHERE case_id IN ({_IDS}) GROUP BY case_id)"""
    return {number(row, "case_id"): cases.holds_of(row) for row in _of(reader, sql, case_ids)}


def _said(reader: Reader, draft_ids: Sequence[int]) -> dict[int, list[Word]]:
    found: dict[int, list[Word]] = {}
    for row in _of(reader, f"SELECT * FROM approvals WHERE draft_id IN ({_IDS}) ORDER BY id", draft_ids):
        found.setdefault(number(row, "draft_id"), []).append(drafts.read_word(row))
    return found
