"""What has been: the posts of a stretch of time in the order they were heard, what people did meanwhile, and what stood at its beginning.

A post counts at the time it was heard, or was edited last, since only its last words are kept; a post that was imported at the time it was
written. Of what was deleted no words are left, so it is passed over.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from listener.clock import from_text, to_text
from listener.store.base import Reader, Row, number, text, text_or_none, unpack
from responders.ledger import audit, lowered
from responders.lifecycle import LEFT, listed
from responders.model import Kind

IMPORT = "import "
"""How the source of every imported post begins."""

_MEMORY = timedelta(days=90)  # answers before that bind nobody
_LEFT = listed(LEFT)
_CHUNK = 500
# When a post is played.
_WHEN = f"CASE WHEN p.source LIKE '{IMPORT}%' THEN p.created_at ELSE COALESCE(p.edited_at, p.heard_at) END"
# Answers of ours that this program sent come back as posts where a source hears them; the answer itself is played.
_PLAYED = """p.deleted_at IS NULL
    AND NOT (p.own = 1 AND EXISTS (SELECT 1 FROM deliveries d WHERE d.remote_id = p.id AND d.network = p.network))"""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time, its end not included."""

    since: datetime
    until: datetime

    @property
    def values(self) -> dict[str, str]:
        """Both ends as the store writes them."""
        return {"since": to_text(self.since), "until": to_text(self.until)}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a post stands in the past: the row it is in, when it is played, and by which source it came."""

    seq: int
    at: str
    source: str


@dataclass(frozen=True, slots=True)
class Said:
    """An answer of ours that a person decided, as it left."""

    at: datetime
    network: str
    post_id: str
    brand: str
    route: str
    words: dict[Kind, str]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a person said of a draft: `verdict` is `rejected` or `edited`, of these very words."""

    at: datetime
    case_id: int
    network: str
    post_id: str
    brand: str
    verdict: str
    reason: str
    public: str | None
    private: str | None


@dataclass(frozen=True, slots=True)
class Thrown:
    """Sending was stopped (`on` is false) or went on."""

    at: datetime
    on: bool
    reason: str = ""
    by: str = ""
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """A person put somebody on the suppression list by hand (`on`), or took them off it."""

    at: datetime
    on: bool
    network: str
    author_id: str


def places(reader: Reader, span: Span) -> list[Place]:
    """Return every post of the span in the order it is played."""
    rows = reader.all(
        f"""SELECT seq, played_at, source FROM (SELECT p.seq, {_WHEN} AS played_at, p.source FROM posts p WHERE {_PLAYED}) AS played
        WHERE played_at >= :since AND played_at < :until ORDER BY played_at, seq""",
        **span.values,
    )
    return [Place(number(row, "seq"), text(row, "played_at"), text(row, "source")) for row in rows]


def posts(reader: Reader, wanted: Sequence[Place]) -> Iterator[Row]:
    """Yield the rows of posts in that order, each with the `brand` it was imported for and its assessment."""
    for start in range(0, len(wanted), _CHUNK):
        part = wanted[start : start + _CHUNK]
        numbers = ", ".join(str(place.seq) for place in part)
        rows = reader.all(
            f"""SELECT p.*, CASE WHEN p.source LIKE '{IMPORT}%' THEN (SELECT m.brand FROM mentions m
            WHERE m.network = p.network AND m.post_id = p.id ORDER BY m.seq LIMIT 1) END AS brand, a.language AS judged_language,
            a.mood, a.score, a.level, a.points, a.intent, a.record FROM posts p
            LEFT JOIN assessments a ON a.network = p.network AND a.post_id = p.id WHERE p.seq IN ({numbers})"""
        )
        by_seq = {number(row, "seq"): row for row in rows}
        yield from (by_seq[place.seq] for place in part)


def deleted(reader: Reader, span: Span) -> int:
    """Return how many mentions of the span were deleted by their authors since."""
    row = reader.one(
        """SELECT COUNT(*) AS n FROM posts p JOIN mentions m ON m.network = p.network AND m.post_id = p.id
        WHERE p.deleted_at IS NOT NULL AND p.heard_at >= :since AND p.heard_at < :until""",
        **span.values,
    )
    return number(row, "n") if row else 0


def said(reader: Reader, span: Span) -> list[Said]:
    """Return what people answered in the span."""
    rows = reader.all(
        f"""SELECT d.draft_id, d.network, d.parent_id, d.kind, d.text, d.route, d.last_attempt_at, f.brand FROM deliveries d
        JOIN drafts f ON f.id = d.draft_id WHERE d.automatic = 0 AND d.state IN ({_LEFT})
        AND d.last_attempt_at >= :since AND d.last_attempt_at < :until ORDER BY d.last_attempt_at, d.id""",
        **span.values,
    )
    found: dict[int, Said] = {}
    for row in rows:
        at = from_text(text(row, "last_attempt_at"))
        new = Said(at, text(row, "network"), text(row, "parent_id"), text(row, "brand"), text(row, "route"), {})
        found.setdefault(number(row, "draft_id"), new).words[Kind(text(row, "kind"))] = text(row, "text")
    return list(found.values())


def verdicts(reader: Reader, span: Span) -> list[Verdict]:
    """Return which drafts people rejected or changed in the span, and in which words these stood."""
    rows = reader.all(
        """SELECT a.at, a.verdict, a.reason, a.public_text, a.private_text, f.case_id, f.network, f.post_id, f.brand
        FROM approvals a JOIN drafts f ON f.id = a.draft_id WHERE a.verdict IN ('rejected', 'edited')
        AND a.at >= :since AND a.at < :until ORDER BY a.id""",
        **span.values,
    )
    return [
        Verdict(
            at=from_text(text(row, "at")),
            case_id=number(row, "case_id"),
            network=text(row, "network"),
            post_id=text(row, "post_id"),
            brand=text(row, "brand"),
            verdict=text(row, "verdict"),
            reason=text(row, "reason"),
            public=text_or_none(row, "public_text"),
            private=text_or_none(row, "private_text"),
        )
        for row in rows
    ]


def thrown(reader: Reader, *, until: datetime) -> list[Thrown]:
    """Return every stop of all sending by a person up to a moment, and every time somebody let it go on; brakes are not among them."""
    rows = reader.all(
        "SELECT at, who, action, detail FROM audit WHERE action IN ('paused', 'resumed') AND at < :until ORDER BY id", until=to_text(until)
    )
    found: list[Thrown] = []
    for row in rows:
        facts = _facts(row)
        at, who = from_text(text(row, "at")), text(row, "who")
        if text(row, "action") == "resumed":
            if "flag_since" in facts:  # only a file said so, until now
                found.append(Thrown(from_text(str(facts["flag_since"])), on=False, reason=str(facts.get("flag_said", "")), by=who))
            found.append(Thrown(at, on=True))
        elif who != audit.DAEMON:
            until_then = from_text(str(facts["until"])) if "until" in facts else None
            found.append(Thrown(at, on=False, reason=str(facts.get("reason", "")), by=who, until=until_then))
    return sorted(found, key=lambda one: one.at)


def listed_by_hand(reader: Reader, span: Span) -> list[Listed]:
    """Return whom people put on the suppression list in the span, or took off it."""
    rows = reader.all(
        """SELECT at, action, detail FROM audit WHERE action IN ('suppressed', 'lifted suppression') AND who <> :daemon
        AND at >= :since AND at < :until ORDER BY id""",
        daemon=audit.DAEMON,
        **span.values,
    )
    facts = [(row, _facts(row)) for row in rows]
    return [
        Listed(from_text(text(row, "at")), text(row, "action") == "suppressed", str(one.get("network")), str(one.get("author")))
        for row, one in facts
    ]


def _facts(row: Row) -> dict[str, object]:
    found = unpack(row["detail"])
    return found if isinstance(found, dict) else {}


def remote_ids(reader: Reader) -> dict[tuple[str, str, str], str]:
    """Return under which id each answer of ours stands on its network: by network, id of the answered post, and kind."""
    rows = reader.all("SELECT network, parent_id, kind, remote_id FROM deliveries WHERE remote_id <> ''")
    return {(text(row, "network"), text(row, "parent_id"), text(row, "kind")): text(row, "remote_id") for row in rows}


_NEAR = f"""EXISTS (SELECT 1 FROM posts o WHERE o.network = p.network AND (o.thread_id = p.thread_id OR o.author_id = p.author_id)
    AND {_WHEN.replace("p.", "o.")} >= :since)"""


def before(reader: Reader, span: Span) -> Iterator[tuple[str, Iterable[Row]]]:
    """Yield, table by table, what stood at the beginning of the span, as far as it may matter in it."""
    since = {"since": to_text(span.since)}
    old = f"{_PLAYED} AND {_WHEN} < :since AND {_NEAR}"
    yield "posts", reader.all(f"SELECT p.* FROM posts p WHERE {old}", **since)
    joined = "JOIN posts p ON p.network = x.network AND p.id = x.post_id"
    decided = [{**row, "decided": 1} for row in reader.all(f"SELECT x.* FROM mentions x {joined} WHERE {old}", **since)]
    yield "mentions", decided
    yield "assessments", reader.all(f"SELECT x.* FROM assessments x {joined} WHERE {old}", **since)
    yield (
        "deliveries",
        reader.all(
            f"SELECT * FROM deliveries WHERE state IN ({_LEFT}) AND last_attempt_at < :since AND last_attempt_at >= :oldest",
            oldest=to_text(span.since - _MEMORY),
            **since,
        ),
    )
    yield (
        "suppressions",
        reader.all(
            """SELECT network, author_id, handle, words, post_id, by, since, NULL AS lifted_at, NULL AS lifted_by FROM suppressions
            WHERE since < :since AND (lifted_at IS NULL OR lifted_at >= :since)""",
            **since,
        ),
    )
    yield "tallies", reader.all("SELECT * FROM tallies WHERE step < :since", **since)
    yield "term_uses", reader.all("SELECT * FROM term_uses WHERE at < :since", **since)
    facts = "SELECT * FROM facts WHERE (name = 'brake_released' AND at < :since) OR name LIKE 'label %'"  # an account is what it is today
    yield "facts", reader.all(facts, **since)
    yield (
        "closed_places",
        reader.all(
            """SELECT network, place, reason, by, since, NULL AS opened_at, NULL AS opened_by FROM closed_places
            WHERE since < :since AND (opened_at IS NULL OR opened_at >= :since)""",
            **since,
        ),
    )
    yield "lowered", lowered.before(reader, span.since)
    yield "cases", _cases(reader, since)


def _by_pieces(reader: Reader, sql: str, values: dict[str, str]) -> Iterator[Row]:
    """Yield what a question asks for, ordered by `id`, a piece at a time: all of it at once may take a great deal of room."""
    last = 0
    while rows := reader.all(sql, last=last, **values):
        yield from rows
        last = number(rows[-1], "id")


def _cases(reader: Reader, since: dict[str, str]) -> Iterator[Row]:
    """Yield the cases of the span under their numbers, as they stood then: what was heard later has not happened yet.

    The newest one is always among them, so that a case which there was not gets a number of its own.
    """
    rows = _by_pieces(
        reader,
        f"""SELECT c.*, EXISTS (SELECT 1 FROM posts p WHERE p.network = c.network AND p.thread_id = c.thread_id
        AND p.author_id = c.author_id AND {_WHEN} < :since) AS known,
        (SELECT d.decided_at IS NULL OR d.decided_at >= :since FROM drafts d WHERE d.case_id = c.id AND d.created_at < :since
        ORDER BY d.id DESC LIMIT 1) AS waiting FROM cases c WHERE c.id > :last AND (EXISTS (SELECT 1 FROM posts p
        WHERE p.network = c.network AND p.thread_id = c.thread_id AND {_WHEN} >= :since) OR c.id = (SELECT MAX(id) FROM cases))
        ORDER BY c.id LIMIT {_CHUNK}""",
        since,
    )
    for row in rows:
        kept = {name: row[name] for name in row if name not in {"known", "waiting"}}
        if row["known"]:
            settled = text(row, "state") if text(row, "updated_at") < since["since"] else "noted"
            yield {**kept, "state": "waiting" if row["waiting"] else "noted" if settled == "waiting" else settled}
        else:
            fresh: dict[str, str | int | None] = {
                "route": "",
                "rule_version": "",
                "state": "noted",
                "level": "low",
                "points": 0,
                "team": "",
            }
            clocks = dict.fromkeys(("respond_by", "resolve_by", "responded_at", "paused_at", "snoozed_until"))
            yield {**kept, **fresh, **clocks, "schedule": "", "late_for": None, "assignee": ""}
