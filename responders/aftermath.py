"""What follows for a case when its post is deleted, edited, or edited so that it speaks of us no more.

Nothing is answered to what is not there: a draft that waits is dropped, an approved answer that has not left is taken back, and what the
store holds of the author's words goes. What was said already stays, and what may have been said stays with a person to look at.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from listener import logs
from listener.store import following
from listener.store.base import Reader, Tx, number, text
from listener.store.following import GONE, Turn
from responders.ledger import audit, cases, drafts, erasing, incidents, moves
from responders.ledger.cases import Case
from responders.lifecycle import LEFT, Arrow, listed
from responders.model import DeliveryState, DraftState
from responders.sending import endings

_log = logs.get("aftermath")
_AGAIN = timedelta(hours=1)
_INCIDENT = "aftermath"
_UNDONE = "Earnest could not act on an edit or deletion of a post, so words of it may still stand in the store; it tries again every hour."
_IN_DOUBT = listed({DeliveryState.CLAIMED, DeliveryState.UNKNOWN, DeliveryState.PARKED, DeliveryState.WITHDRAWING})
_AWAY = {arrow.source: arrow for arrow in (Arrow.REMOVE, Arrow.REPLACE, Arrow.GIVE_UP)}
_WORDS = {GONE: "post deleted", following.UNNAMED: "no mention any more"}


def pending(reader: Reader, *, at: datetime) -> bool:
    """Return whether something turned that nobody has acted on yet."""
    return bool(following.turns(reader, at=at, limit=1))


def settle(tx: Tx, *, at: datetime) -> int:
    """Act on what mentions turned into; return how many there were.

    One that goes wrong keeps no other waiting. It is tried again, and our own people are told, since words may still stand here.
    """
    found = following.turns(tx, at=at)
    if found:
        following.note_remains(tx, at=at)
    for turn in found:
        tx.run("SAVEPOINT turn")
        try:
            _act(tx, turn, at)
            following.turned(tx, turn.seq)
        except Exception as problem:  # noqa: BLE001  # behind it waits what may be a cry for help
            tx.run("ROLLBACK TO turn")
            _log.error("could not act on an edit or deletion", network=turn.network, turn=turn.turn, problem=type(problem).__name__)
            following.put_off(tx, turn.seq, until=at + _AGAIN)
            incidents.raise_(tx, _INCIDENT, f"{_UNDONE} On {turn.network}, noticed {turn.at:%Y-%m-%d %H:%M} UTC.", at=at)
        tx.run("RELEASE turn")
    if found and not following.turns(tx, at=at + _AGAIN, limit=1):
        incidents.end(tx, _INCIDENT, at=at)
    return len(found)


def reason(turn: str, noticed: datetime) -> str:
    """Say why a draft was dropped, in words for a person."""
    day = f"{noticed:%Y-%m-%d}"
    if turn == GONE:
        return f"its author deleted this post (noticed on {day}); nothing will be answered"
    return f"its author took our name out of this post (noticed on {day}); nothing is answered unasked"


def _act(tx: Tx, turn: Turn, at: datetime) -> None:
    case = cases.of_post(tx, turn.network, turn.post_id, turn.brand)
    if case is None:
        return
    why = reason(turn.turn, turn.at)
    void(tx, case, turn.post_id, why, at=at)
    other = cases.other_mention(tx, case, turn.post_id)
    if turn.turn == GONE:
        erasing.proof(tx, turn.network, case.author_id, turn.post_id)
        if following.names_go_too(turn.network) and not other:
            erasing.name(tx, case.id)
    _move_case(tx, case, turn, other, at)
    audit.record(tx, audit.DAEMON, _WORDS.get(turn.turn, turn.turn), at=at, case_id=case.id, post=turn.post_id)


def void(tx: Tx, case: Case, post_id: str, why: str, *, at: datetime) -> bool:
    """Drop what waits for one post or was approved and has not left, and erase the words it was made from; return whether any did."""
    ended = drop(tx, case, post_id, why, at=at)
    erasing.words_of(tx, case.id, case.network, post_id)
    return ended


def drop(tx: Tx, case: Case, post_id: str, why: str, *, at: datetime) -> bool:
    """Drop what waits for one post or was approved and has not left; return whether any did."""
    ended = _take_back(tx, case, post_id, why, at)
    rows = tx.all("SELECT id FROM drafts WHERE case_id = :case AND post_id = :post AND state = 'waiting'", case=case.id, post=post_id)
    for row in rows:
        ended = drafts.settle(tx, number(row, "id"), DraftState.DROPPED, why, at=at) or ended
    if ended:
        audit.record(tx, audit.DAEMON, "dropped draft", at=at, case_id=case.id, reason=why)
    return ended


def _take_back(tx: Tx, case: Case, post_id: str, why: str, at: datetime) -> bool:
    """Remove answers to a post that are surely not there; one that may be there is parked, for a person to look."""
    rows = tx.all(
        """SELECT * FROM deliveries WHERE parent_id = :post AND network = :network AND case_id = :case
        AND state IN ('ready', 'held', 'by_hand') ORDER BY after_id IS NULL, id""",
        post=post_id,
        network=case.network,
        case=case.id,
    )
    for row in rows:
        if row["first_attempt_at"] is not None:
            endings.hold(tx, row, why, at=at)
        else:
            moves.move(tx, number(row, "id"), _AWAY[DeliveryState(text(row, "state"))], at=at)
            incidents.end(tx, incidents.by_hand(number(row, "id")), at=at)
    approved = tx.all(
        f"""SELECT id FROM drafts WHERE case_id = :case AND post_id = :post AND state = 'approved'
        AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.draft_id = drafts.id AND d.state IN ({listed(LEFT)}))""",
        case=case.id,
        post=post_id,
    )
    for row in approved:
        drafts.withdraw(tx, number(row, "id"), why, at=at)
    return bool(approved)


def _move_case(tx: Tx, case: Case, turn: Turn, other: str, at: datetime) -> None:
    """Close the case where nothing of it asks for anybody any more; let it ask for a person where something may."""
    if tx.one(f"SELECT 1 FROM deliveries WHERE case_id = :id AND state IN ({_IN_DOUBT})", id=case.id):
        return
    if other and case.post_id == turn.post_id:
        cases.point_at(tx, case.id, other)
    if case.state not in cases.UNANSWERED:
        return
    newest = drafts.newest(tx, case.id)
    if newest and newest.state in {DraftState.WAITING, DraftState.APPROVED}:
        return  # it is for another post of the conversation
    urgent = turn.turn != GONE and case.level.rank > 1
    if other or urgent:
        cases.set_state(tx, case.id, "open", at=at)
    else:
        cases.close(tx, case.id, at=at)
