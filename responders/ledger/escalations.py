"""Alerts to people: raised with a case, told as soon as a service takes them, tried again until then."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from listener.clock import to_text
from listener.store.base import Reader, Row, Tx, number, pack, text

_LONGEST_REST = timedelta(minutes=5)


_RAISE = """INSERT INTO escalations (case_id, team, post_id, words, raised_at, next_at)
    VALUES (:case, :team, :post, :words, :at, :at) ON CONFLICT (case_id, team, post_id) DO NOTHING"""


class Alert(NamedTuple):
    """A team that is to be told of a post, of which case, and in which words."""

    case_id: int
    team: str
    post_id: str
    words: str


def raise_(tx: Tx, case_id: int, team: str, post_id: str, words: str, *, at: datetime) -> bool:
    """Ask for a team to be told of a post; return False where that was asked before."""
    return bool(raise_all(tx, [Alert(case_id, team, post_id, words)], at=at))


def raise_all(tx: Tx, alerts: Sequence[Alert], *, at: datetime) -> int:
    """Ask for teams to be told; return how many of them were not asked for before."""
    moment = to_text(at)
    return tx.run_many(
        _RAISE, [{"case": one.case_id, "team": one.team, "post": one.post_id, "words": one.words, "at": moment} for one in alerts]
    )


def raised_among(reader: Reader, network: str, authors: Sequence[str]) -> set[tuple[int, str, str]]:
    """Return of which posts teams were told before, in the cases of some authors: the case, the team and the post."""
    rows = reader.all(
        """SELECT e.case_id, e.team, e.post_id FROM cases c JOIN escalations e ON e.case_id = c.id
        WHERE c.network = :network AND c.author_id IN (SELECT value FROM json_each(:authors))""",
        network=network,
        authors=pack(authors),
    )
    return {(number(row, "case_id"), text(row, "team"), text(row, "post_id")) for row in rows}


def again(tx: Tx, case_id: int, team: str, post_id: str, words: str, *, at: datetime) -> bool:
    """Have a team told once more of a post that was edited and is more urgent by now; return False where it was never told of it."""
    return bool(
        tx.run(
            """UPDATE escalations SET words = :words, raised_at = :at, next_at = :at, told_at = NULL, attempts = 0, problem = ''
            WHERE case_id = :case AND team = :team AND post_id = :post""",
            words=words,
            at=to_text(at),
            case=case_id,
            team=team,
            post=post_id,
        )
    )


def due(reader: Reader, *, at: datetime) -> list[Row]:
    """Return alerts that should be told now."""
    return reader.all(
        "SELECT * FROM escalations WHERE told_at IS NULL AND (next_at <= :at OR next_at > :far) ORDER BY id LIMIT 20",
        at=to_text(at),
        far=to_text(at + _LONGEST_REST),
    )


def told(tx: Tx, escalation_id: int, *, at: datetime) -> None:
    """Record that the team was told."""
    tx.run(
        "UPDATE escalations SET told_at = :at, next_at = NULL, attempts = attempts + 1, problem = '' WHERE id = :id",
        at=to_text(at),
        id=escalation_id,
    )


def failed(tx: Tx, escalation_id: int, problem: str, attempts: int, *, at: datetime) -> None:
    """Record that nobody could be told yet, and when to try again: after 5 s, 10 s, 20 s … at most 5 minutes."""
    rest = min(timedelta(seconds=5 * 2 ** min(attempts, 10)), _LONGEST_REST)
    tx.run(
        "UPDATE escalations SET attempts = attempts + 1, problem = :problem, next_at = :next WHERE id = :id",
        problem=problem,
        next=to_text(at + rest),
        id=escalation_id,
    )


def of_case(reader: Reader, case_id: int) -> list[Row]:
    """Return the alerts of a case, oldest first."""
    return reader.all("SELECT * FROM escalations WHERE case_id = :case ORDER BY id", case=case_id)


def untold(reader: Reader) -> list[Row]:
    """Return alerts that nobody has heard yet though they were tried, oldest first."""
    return reader.all("SELECT * FROM escalations WHERE told_at IS NULL AND attempts > 0 ORDER BY id")
