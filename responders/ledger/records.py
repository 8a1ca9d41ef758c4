"""What became of a route's drafts: what people said of them, what was taken back, what came back. Reads, and one table of its own.

A draft counts under its `mark`, so that what was earned with one text says nothing of another. Drafts of imported history, and what a
person wrote without a draft of the route, count for nobody.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from listener.clock import from_text, to_text
from listener.store.base import Reader, Row, Tx, number, text
from responders.ledger import audit
from responders.lifecycle import LEFT, listed

_LEFT = listed(LEFT)
_RULE = "rule "
"""How the name of what approves by itself begins; whoever calls himself so is no person either."""

_PEOPLES = f"who <> '{audit.DAEMON}' AND lower(who) NOT LIKE '{_RULE}%'"
_INDEXED = "a.verdict IN ('rejected', 'undone', 'withdrew')"  # word for word as the index `approvals_against` says it, so that it is used
_SAID = "a.draft_id, a.who, a.verdict, a.reason, a.at, a.public_text, a.private_text"
_TOLD = """d.id, d.state, d.rule_version, d.mark, d.decided_at, d.created_at, d.public_text, d.private_text, d.public_template,
    d.approvals_needed"""
_OURS = "(d.public_template IS NOT NULL OR d.private_template IS NOT NULL)"


@dataclass(frozen=True, slots=True)
class Said:
    """What one person said of a draft, with the words as they stood before."""

    who: str
    verdict: str
    reason: str
    at: datetime
    words: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Told:
    """One draft of a route and what became of it. `words` are its last ones, in public and in private ("" for none).

    `halved` is true where the public half was dropped. `alone` is true where it left without a person, `unhappy` where an unhappy reply
    came to it.
    """

    state: str
    version: str
    mark: str
    at: datetime
    words: tuple[str, str]
    halved: bool
    needed: int
    alone: bool
    unhappy: bool
    said: tuple[Said, ...]


@dataclass(frozen=True, slots=True)
class Against:
    """What speaks against a route lately. `rejected` and `decided` count drafts that people decided."""

    reversals: int
    upset: int
    rejected: int
    decided: int


def told(reader: Reader, route: str, *, since: datetime) -> Iterator[Told]:
    """Yield the drafts of a route that anything happened to since a moment, under all marks, oldest first."""
    values = {"route": route, "since": to_text(since)}
    # Three questions, each with its index: one with OR would read all drafts that the route ever made.
    where = f"""d.id IN (SELECT id FROM drafts WHERE route = :route AND COALESCE(decided_at, created_at) >= :since
        UNION SELECT draft_id FROM unhappy WHERE at >= :since UNION SELECT draft_id FROM approvals WHERE at >= :since)
        AND COALESCE(d.route, NULL) = :route AND {_OURS} AND d.mark <> ''
        AND NOT EXISTS (SELECT 1 FROM posts p WHERE p.network = d.network AND p.id = d.post_id AND p.late = 1)"""
    said: dict[int, list[Said]] = {}
    for row in reader.all(f"SELECT {_SAID} FROM approvals a JOIN drafts d ON d.id = a.draft_id WHERE {where} AND a.{_PEOPLES}", **values):
        said.setdefault(number(row, "draft_id"), []).append(_said(row))
    rows = reader.all(
        f"""SELECT {_TOLD}, EXISTS (SELECT 1 FROM unhappy u WHERE u.draft_id = d.id AND u.at >= :since) AS unhappy,
        EXISTS (SELECT 1 FROM deliveries o WHERE o.draft_id = d.id AND o.automatic = 1 AND o.state IN ({_LEFT}, 'withdrawn')) AS alone
        FROM drafts d WHERE {where} ORDER BY d.id""",
        **values,
    )
    yield from (_told(row, tuple(said.get(number(row, "id"), ()))) for row in rows)


def _said(row: Row) -> Said:
    return Said(text(row, "who"), text(row, "verdict"), text(row, "reason"), from_text(text(row, "at")), _words(row))


def _words(row: Row) -> tuple[str, str]:
    return str(row["public_text"] or ""), str(row["private_text"] or "")


def _told(row: Row, said: tuple[Said, ...]) -> Told:
    return Told(
        state=text(row, "state"),
        version=text(row, "rule_version"),
        mark=text(row, "mark"),
        at=from_text(text(row, "decided_at") if row["decided_at"] else text(row, "created_at")),
        words=_words(row),
        halved=row["public_template"] is not None and row["public_text"] is None,
        needed=number(row, "approvals_needed"),
        alone=bool(row["alone"]),
        unhappy=bool(row["unhappy"]),
        said=said,
    )


def against(reader: Reader, route: str, mark: str, *, since: datetime) -> Against:
    """Count what speaks against a route that says what `mark` names, since a moment; each draft once."""
    values = {"route": route, "mark": mark, "since": to_text(since)}
    of_route = "d.route = :route AND d.mark = :mark"
    row = reader.one(
        f"""SELECT
        (SELECT COUNT(DISTINCT d.id) FROM approvals a JOIN drafts d ON d.id = a.draft_id WHERE a.verdict IN ('undone', 'withdrew')
            AND {_INDEXED} AND a.at >= :since AND {of_route}) AS reversals,
        (SELECT COUNT(*) FROM unhappy u JOIN drafts d ON d.id = u.draft_id WHERE u.at >= :since AND {of_route}) AS upset,
        (SELECT COUNT(*) FROM drafts d WHERE {of_route} AND d.decided_at >= :since AND d.state = 'rejected' AND {_OURS}
            AND EXISTS (SELECT 1 FROM approvals a WHERE a.draft_id = d.id AND a.verdict = 'rejected' AND a.{_PEOPLES})) AS rejected,
        (SELECT COUNT(*) FROM drafts d WHERE {of_route} AND d.decided_at >= :since AND d.state IN ('approved', 'rejected') AND {_OURS}
            AND EXISTS (SELECT 1 FROM approvals a WHERE a.draft_id = d.id AND a.verdict IN ('yes', 'rejected') AND a.{_PEOPLES})) AS decided
        """,
        **values,
    )
    counts: Mapping[str, int] = {name: number(row, name) for name in row} if row else {}
    return Against(**{name: counts.get(name, 0) for name in ("reversals", "upset", "rejected", "decided")})


def note_unhappy(tx: Tx, network: str, post_id: str, *, at: datetime) -> bool:
    """Keep that an unhappy reply came to the post `post_id`, where that is an answer of ours; return whether that is news.

    Of one answer it counts once, however many reply to it.
    """
    return bool(
        tx.run(
            """INSERT INTO unhappy (draft_id, at) SELECT draft_id, :at FROM deliveries
            WHERE remote_id = :id AND remote_id <> '' AND network = :network LIMIT 1 ON CONFLICT (draft_id) DO NOTHING""",
            network=network,
            id=post_id,
            at=to_text(at),
        )
    )
