"""What people look at: the inbox, one case, everything heard, and how the daemon is doing. Reads only."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from listener.clock import from_text, to_text
from listener.model import Assessment, Level, Post
from listener.store import mentions as heard_ledger
from listener.store.base import Reader, Row, Value, number, text
from responders.ledger import audit, cases, deliveries, drafts, escalations, people
from responders.ledger.cases import Case
from responders.ledger.drafts import Draft, Word
from responders.model import Decision, Delivery, Hold


@dataclass(frozen=True, slots=True)
class Filters:
    """What to show, the same for every list; None or empty means no limit."""

    brand: str | None = None
    network: str | None = None
    route: str | None = None
    urgency: Level | None = None
    team: str | None = None
    assignee: str | None = None
    since: timedelta | None = None
    overdue: bool = False

    def where(self, at: datetime, *, level: str = "c.level") -> tuple[str, dict[str, Value]]:
        """Return the conditions on a case (alias `c`) as SQL, and their values; `level` is the column that urgency is asked of."""
        parts: list[str] = []
        values: dict[str, Value] = {}
        for column in ("brand", "network", "route", "team", "assignee"):
            wanted = getattr(self, column)
            if wanted:
                parts.append(f"c.{column} = :f_{column}")
                values[f"f_{column}"] = wanted
        if self.urgency:
            levels = [level.value for level in Level if level.rank >= self.urgency.rank]
            parts.append(f"{level} IN ({', '.join(repr(level) for level in levels)})")
        if self.since:
            parts.append("c.updated_at >= :f_since")
            values["f_since"] = to_text(at - self.since)
        if self.overdue:
            parts.append("c.respond_by < :f_now")
            values["f_now"] = to_text(at)
        return " AND ".join(parts) or "1 = 1", values


@dataclass(frozen=True, slots=True)
class Waiting:
    """A draft that waits for a person, with all that is needed to decide it."""

    case: Case
    draft: Draft
    post: Post
    assessment: Assessment
    holds: tuple[Hold, ...]
    words: tuple[Word, ...]

    def to_json(self) -> dict[str, object]:
        """Return the line of `inbox --json`."""
        return {
            "case": self.case.name,
            "state": self.draft.state.value,
            "route": self.draft.route,
            "rule_version": self.draft.rule_version,
            "network": self.post.network,
            "author": self.post.author.handle,
            "text": self.post.text,
            "url": self.post.url,
            "public": self.draft.public,
            "private": self.draft.private,
            "problems": list(self.draft.problems),
            "urgency": {"level": self.assessment.urgency.level.value, "points": self.assessment.urgency.points},
            "sentiment": {"label": self.assessment.sentiment.label.value, "score": self.assessment.sentiment.score},
            "signals": [{"name": one.name, "points": one.points, "because": list(one.because)} for one in self.assessment.signals],
            "holds": [
                {"gate": hold.gate, "reason": hold.reason, "until": to_text(hold.until) if hold.until else None} for hold in self.holds
            ],
            "due": to_text(self.case.respond_by) if self.case.respond_by else None,
            "approvals_needed": self.draft.approvals_needed,
            "approvals": [{"who": word.who, "at": to_text(word.at)} for word in self.words if word.verdict == "yes"],
            "assignee": self.case.assignee,
            "team": self.case.team,
        }


def queue(reader: Reader, filters: Filters, *, at: datetime) -> list[Draft]:
    """Return the drafts that wait, the most urgent first, then the nearest deadline; snoozed cases stay away until their time."""
    where, values = filters.where(at)
    rows = reader.all(
        f"""SELECT d.* FROM drafts d JOIN cases c ON c.id = d.case_id WHERE d.state = 'waiting'
        AND (c.snoozed_until IS NULL OR c.snoozed_until <= :now) AND {where}
        ORDER BY c.points DESC, COALESCE(c.respond_by, '9999'), d.id""",
        now=to_text(at),
        **values,
    )
    return [drafts.read(row) for row in rows]


def inbox(reader: Reader, filters: Filters, *, at: datetime) -> list[Waiting]:
    """Return the drafts of `queue`, each with all that is needed to decide it."""
    found = (waiting(reader, draft) for draft in queue(reader, filters, at=at))
    return [one for one in found if one]


def waiting(reader: Reader, draft: Draft) -> Waiting | None:
    """Return a draft with all that is needed to decide it; None where its post is no longer stored."""
    post = heard_ledger.post(reader, draft.network, draft.post_id)
    assessment = heard_ledger.assessment(reader, draft.network, draft.post_id)
    if post is None or assessment is None:
        return None
    case = cases.find(reader, cases.name_of(draft.case_id))
    decision = cases.decision(reader, case.id)
    return Waiting(case, draft, post, assessment, decision.holds if decision else (), drafts.words(reader, draft.id))


@dataclass(frozen=True, slots=True)
class Story:
    """One case, whole: the conversation, why, the draft, what went out, alerts, and who did what."""

    case: Case
    thread: tuple[Post, ...]
    assessment: Assessment | None
    decision: Decision | None
    draft: Draft | None
    words: tuple[Word, ...]
    sent: tuple[Delivery, ...]
    alerts: tuple[Row, ...]
    log: tuple[Row, ...]
    suppressed: str
    earlier: tuple[Case, ...] = field(default=())


def story(reader: Reader, name: str) -> Story:
    """Return one case, whole.

    Raises:
        EarnestError: there is no such case.
    """
    case = cases.find(reader, name)
    draft = drafts.newest(reader, case.id)
    return Story(
        case=case,
        thread=heard_ledger.thread(reader, case.network, case.thread_id),
        assessment=heard_ledger.assessment(reader, case.network, case.post_id),
        decision=cases.decision(reader, case.id),
        draft=draft,
        words=drafts.words(reader, draft.id) if draft else (),
        sent=tuple(deliveries.of_case(reader, case.id)),
        alerts=tuple(escalations.of_case(reader, case.id)),
        log=tuple(audit.lines(reader, case_id=case.id)),
        suppressed=people.suppressed(reader, case.network, case.author_id),
        earlier=earlier(reader, case),
    )


def earlier(reader: Reader, case: Case) -> tuple[Case, ...]:
    """Return the other cases with the same person, newest first."""
    rows = reader.all(
        "SELECT * FROM cases WHERE network = :network AND author_id = :author AND id <> :id ORDER BY id DESC LIMIT 20",
        network=case.network,
        author=case.author_id,
        id=case.id,
    )
    return tuple(cases.read(row) for row in rows)


def heard(reader: Reader, filters: Filters, *, search: str, at: datetime, limit: int) -> list[Row]:
    """Return mentions, newest first, with their case and judgement; `search` words must all occur (in any form of accent)."""
    where, values = filters.where(at, level="a.level")
    words = " ".join('"' + word.replace('"', '""') + '"' for word in search.replace("\x00", " ").split())
    found = "AND p.seq IN (SELECT rowid FROM words WHERE words MATCH :words)" if words else ""
    return reader.all(
        f"""SELECT p.*, m.brand AS brand, m.addressed AS addressed, a.mood AS mood, a.score AS score, a.level AS level,
        a.points AS points, a.intent AS intent, a.language AS judged_language, a.record AS record, c.id AS case_id, c.route AS route,
        c.state AS case_state
        FROM mentions m JOIN posts p ON p.network = m.network AND p.id = m.post_id
        JOIN assessments a ON a.network = m.network AND a.post_id = m.post_id
        JOIN cases c ON c.network = p.network AND c.thread_id = p.thread_id AND c.author_id = p.author_id AND c.brand = m.brand
        WHERE {where} {found} ORDER BY m.seq DESC LIMIT :limit""",
        limit=limit,
        **({"words": words} if words else {}),
        **values,
    )


@dataclass(frozen=True, slots=True)
class Health:
    """How the daemon and its sources are doing."""

    running: bool
    pause: people.Pause | None
    mode: str
    rules_version: str
    rules_loaded_at: datetime | None
    rules_error: str
    sources: tuple[Row, ...]
    gaps: tuple[Row, ...]
    waiting: int
    overdue: int
    next_due: datetime | None
    deliveries: dict[str, int]
    doubtful: tuple[Delivery, ...]
    untold: tuple[Row, ...]


def health(reader: Reader, *, running: bool, at: datetime) -> Health:
    """Return how everything stands."""
    facts = people.facts(reader)
    version, loaded_at = facts.get("rules_version", ("", None))
    drafts_row = reader.one(
        """SELECT COUNT(*) AS n, SUM(CASE WHEN c.respond_by < :now THEN 1 ELSE 0 END) AS late, MIN(c.respond_by) AS next
        FROM drafts d JOIN cases c ON c.id = d.case_id WHERE d.state = 'waiting'""",
        now=to_text(at),
    )
    doubtful = reader.all("SELECT * FROM deliveries WHERE state IN ('unknown', 'parked', 'held') ORDER BY id")
    return Health(
        running=running,
        pause=people.paused(reader, at=at),
        mode=facts.get("mode", ("", None))[0],
        rules_version=version,
        rules_loaded_at=loaded_at,
        rules_error=facts.get("rules_error", ("", None))[0],
        sources=tuple(reader.all("SELECT * FROM sources ORDER BY name")),
        gaps=tuple(reader.all("SELECT * FROM gaps ORDER BY id DESC LIMIT 100")),
        waiting=number(drafts_row, "n") if drafts_row else 0,
        overdue=number(drafts_row, "late") if drafts_row else 0,
        next_due=from_text(text(drafts_row, "next")) if drafts_row and drafts_row["next"] else None,
        deliveries=deliveries.counts(reader),
        doubtful=tuple(deliveries.read(reader, row) for row in doubtful),
        untold=tuple(escalations.untold(reader)),
    )
