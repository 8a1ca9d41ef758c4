"""Drafts and what people said of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime

from listener.clock import from_text, to_text
from listener.errors import EarnestError
from listener.store.base import Reader, Row, Tx, Value, names, number, pack, text, text_or_none, unpack
from responders.model import DraftState, Offered, Proposal


@dataclass(frozen=True, slots=True)
class Draft:
    """A proposed answer to one post, as it would leave."""

    id: int
    case_id: int
    network: str
    post_id: str
    brand: str
    state: DraftState
    route: str
    rule_version: str
    public: str | None
    private: str | None
    public_template: str | None
    private_template: str | None
    problems: tuple[str, ...]
    approvals_needed: int
    parent_text: str
    created_at: datetime
    expires_at: datetime | None
    reason: str
    answer: Offered | None = None


@dataclass(frozen=True, slots=True)
class Word:
    """What one person said of a draft: `verdict` is `yes`, `edited`, `rejected`, or `void` for a yes to words that changed since.

    It is `undone` where somebody took a yes back, and `withdrew` where somebody took back what had been sent.
    """

    who: str
    verdict: str
    reason: str
    at: datetime


def read(row: Row) -> Draft:
    """Build a draft from a row of `drafts`."""
    return Draft(
        id=number(row, "id"),
        case_id=number(row, "case_id"),
        network=text(row, "network"),
        post_id=text(row, "post_id"),
        brand=text(row, "brand"),
        state=DraftState(text(row, "state")),
        route=text(row, "route"),
        rule_version=text(row, "rule_version"),
        public=text_or_none(row, "public_text"),
        private=text_or_none(row, "private_text"),
        public_template=text_or_none(row, "public_template"),
        private_template=text_or_none(row, "private_template"),
        problems=names(row["problems"]),
        approvals_needed=number(row, "approvals_needed"),
        parent_text=text(row, "parent_text"),
        created_at=from_text(text(row, "created_at")),
        expires_at=from_text(text(row, "expires_at")) if row["expires_at"] else None,
        reason=text(row, "reason"),
        answer=_answer(unpack(text(row, "answer"))) if row["answer"] else None,
    )


def _answer(found: object) -> Offered | None:
    if not isinstance(found, dict):
        return None
    words = {key: str(found[key]) for key in ("file", "title", "source", "question")}
    return Offered(**words, review_by=date.fromisoformat(str(found["review_by"])), score=float(found["score"]))


MOVED_ON = "the conversation moved on"
_ADD = """INSERT INTO drafts (case_id, network, post_id, brand, state, route, rule_version, public_text, private_text, public_template,
    private_template, problems, approvals_needed, parent_text, created_at, expires_at, decided_at, reason, mark, answer)
    VALUES (:case, :network, :post, :brand, :state, :route, :version, :public, :private, :public_template, :private_template,
    :problems, :needed, :parent, :at, :expires, :decided, :reason, :mark, :answer)"""


def row(
    case_id: int,
    *,
    network: str,
    post_id: str,
    brand: str,
    route: str,
    rule_version: str,
    proposal: Proposal,
    approvals_needed: int,
    parent_text: str,
    at: datetime,
    expires_at: datetime | None,
    mark: str = "",
) -> dict[str, Value]:
    """Return a proposal as a waiting draft that is not stored yet.

    `mark` names what the route would say and when (see responders/earning.py); a draft without one counts for no route's record.
    """
    return {
        "case": case_id,
        "network": network,
        "post": post_id,
        "brand": brand,
        "state": DraftState.WAITING.value,
        "route": route,
        "version": rule_version,
        "public": proposal.public,
        "private": proposal.private,
        "public_template": proposal.public_template,
        "private_template": proposal.private_template,
        "problems": pack(proposal.problems),
        "needed": approvals_needed,
        "parent": parent_text,
        "at": to_text(at),
        "expires": to_text(expires_at) if expires_at else None,
        "decided": None,
        "reason": "",
        "mark": mark,
        "answer": pack(asdict(proposal.answer) | {"review_by": proposal.answer.review_by.isoformat()}) if proposal.answer else "",
    }


def add_one(tx: Tx, wanted: Mapping[str, Value]) -> int:
    """Store a draft that `row` made; return its id."""
    return tx.insert(_ADD, **wanted)


def add_all(tx: Tx, wanted: Sequence[Mapping[str, Value]]) -> None:
    """Store drafts that `row` made."""
    tx.run_many(_ADD, wanted)


def overtake(wanted: dict[str, Value], *, at: datetime) -> None:
    """Let a draft that is not stored yet be dropped, since its conversation moved on."""
    wanted.update(state=DraftState.DROPPED.value, decided=to_text(at), reason=MOVED_ON)


def move_all_on(tx: Tx, case_ids: Sequence[int], *, at: datetime) -> int:
    """Drop what waits of some cases, since their conversations moved on; return how many drafts that were."""
    return tx.run_many(
        """UPDATE drafts SET state = 'dropped', decided_at = :at, reason = :reason WHERE case_id = :case AND state = 'waiting'""",
        [{"case": case_id, "at": to_text(at), "reason": MOVED_ON} for case_id in case_ids],
    )


def add(tx: Tx, wanted: Mapping[str, Value]) -> int:
    """Store a draft that `row` made, and return its id; older waiting drafts of the case are dropped, since the thread moved on."""
    move_on(tx, number(wanted, "case"), at=from_text(text(wanted, "at")))
    return add_one(tx, wanted)


def move_on(tx: Tx, case_id: int, *, at: datetime) -> bool:
    """Drop what waits of a case, since its conversation moved on; return whether anything did."""
    return bool(move_all_on(tx, [case_id], at=at))


def newest(reader: Reader, case_id: int) -> Draft | None:
    """Return the newest draft of a case, whatever became of it."""
    row = reader.one("SELECT * FROM drafts WHERE case_id = :case ORDER BY id DESC LIMIT 1", case=case_id)
    return None if row is None else read(row)


def get(reader: Reader, draft_id: int) -> Draft:
    """Return a draft.

    Raises:
        EarnestError: there is none of that id.
    """
    row = reader.one("SELECT * FROM drafts WHERE id = :id", id=draft_id)
    if row is None:
        message = "that draft is gone"
        raise EarnestError(message)
    return read(row)


def change_text(tx: Tx, draft_id: int, public: str | None, private: str | None, problems: tuple[str, ...]) -> None:
    """Put other words into a waiting draft; every yes said to the old words is void."""
    tx.run(
        "UPDATE drafts SET public_text = :public, private_text = :private, problems = :problems WHERE id = :id AND state = 'waiting'",
        public=public,
        private=private,
        problems=pack(problems),
        id=draft_id,
    )
    tx.run("UPDATE approvals SET verdict = 'void' WHERE draft_id = :id AND verdict = 'yes'", id=draft_id)


def settle(tx: Tx, draft_id: int, state: DraftState, reason: str, *, at: datetime) -> bool:
    """Move a waiting draft to its end; return False where somebody else was faster."""
    return bool(
        tx.run(
            "UPDATE drafts SET state = :state, reason = :reason, decided_at = :at WHERE id = :id AND state = 'waiting'",
            state=state.value,
            reason=reason,
            at=to_text(at),
            id=draft_id,
        )
    )


def reopen(tx: Tx, draft_id: int, reason: str) -> None:
    """Let a draft wait again: its approval was taken back, or it could not be sent as things stand. It never covers a newer one."""
    tx.run(
        """UPDATE drafts SET decided_at = NULL, reason = :reason, state = CASE WHEN EXISTS
        (SELECT 1 FROM drafts newer WHERE newer.case_id = drafts.case_id AND newer.id > drafts.id) THEN 'dropped' ELSE 'waiting' END
        WHERE id = :id""",
        reason=reason,
        id=draft_id,
    )
    tx.run("UPDATE approvals SET verdict = 'void' WHERE draft_id = :id AND verdict = 'yes'", id=draft_id)


def void(tx: Tx, draft_id: int, who: str) -> bool:
    """Take one person's yes to a draft back; return whether there was one."""
    return bool(
        tx.run("UPDATE approvals SET verdict = 'void' WHERE draft_id = :id AND who = :who AND verdict = 'yes'", id=draft_id, who=who)
    )


def withdraw(tx: Tx, draft_id: int, reason: str, *, at: datetime) -> None:
    """End an approved draft whose words were taken back from the network: other words are a new draft."""
    tx.run(
        "UPDATE drafts SET state = 'dropped', reason = :reason, decided_at = :at WHERE id = :id AND state = 'approved'",
        reason=reason,
        at=to_text(at),
        id=draft_id,
    )


def say(
    tx: Tx, draft: Draft, who: str, verdict: str, reason: str, *, public: str | None, private: str | None, bound: str, at: datetime
) -> None:
    """Keep what a person said of a draft, with the very words it was said of."""
    tx.run(
        """INSERT INTO approvals (draft_id, who, verdict, reason, public_text, private_text, bound, at)
        VALUES (:draft, :who, :verdict, :reason, :public, :private, :bound, :at)""",
        draft=draft.id,
        who=who,
        verdict=verdict,
        reason=reason,
        public=public,
        private=private,
        bound=bound,
        at=to_text(at),
    )


def against(tx: Tx, draft: Draft, who: str, verdict: str, reason: str, *, at: datetime) -> None:
    """Keep that a person took an answer back: `undone` before it left, `withdrew` after."""
    say(tx, draft, who, verdict, reason, public=draft.public, private=draft.private, bound="", at=at)


def words(reader: Reader, draft_id: int) -> tuple[Word, ...]:
    """Return what people said of a draft, oldest first."""
    rows = reader.all("SELECT * FROM approvals WHERE draft_id = :id ORDER BY id", id=draft_id)
    return tuple(map(read_word, rows))


def read_word(row: Row) -> Word:
    """Build what a person said from a row of `approvals`."""
    return Word(text(row, "who"), text(row, "verdict"), text(row, "reason"), from_text(text(row, "at")))


def expire(tx: Tx, *, at: datetime) -> list[int]:
    """End waiting drafts whose time is over; return their cases."""
    rows = tx.all("SELECT id, case_id FROM drafts WHERE state = 'waiting' AND expires_at < :at", at=to_text(at))
    for row in rows:
        settle(tx, number(row, "id"), DraftState.EXPIRED, "nobody decided it in time", at=at)
    return [number(row, "case_id") for row in rows]


def drop_for(tx: Tx, network: str, author_id: str, reason: str, *, at: datetime) -> list[int]:
    """End the waiting drafts for one author; return their cases."""
    rows = tx.all(
        """SELECT d.id, d.case_id FROM drafts d JOIN cases c ON c.id = d.case_id
        WHERE d.state = 'waiting' AND c.network = :network AND c.author_id = :author""",
        network=network,
        author=author_id,
    )
    for row in rows:
        settle(tx, number(row, "id"), DraftState.DROPPED, reason, at=at)
    return [number(row, "case_id") for row in rows]
