"""What people look at: the inbox, one case, everything heard, and how the daemon is doing. Reads only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from listener.clock import from_text, to_text
from listener.model import Assessment, Level, Post, Urgency
from listener.store import following
from listener.store import mentions as heard_ledger
from listener.store.base import Reader, Row, Value, number, text
from listener.store.following import Course, Fate
from responders import flag
from responders.ledger import asking as asks
from responders.ledger import audit, beats, cases, deliveries, drafts, escalations, incidents, judged, lowered, machines, people, together
from responders.ledger import watches as watch_ledger
from responders.ledger.beats import Beat
from responders.ledger.cases import Case
from responders.ledger.drafts import Draft, Word
from responders.ledger.facts import known as remembered
from responders.ledger.lowered import Lowered
from responders.ledger.machines import Machine
from responders.model import Decision, Delivery, DeliveryState, Hold
from responders.unsettled import Parked, ToPost


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition on a column of a case (alias `c`): an operator and a named value."""

    column: str
    test: str

    @property
    def plain(self) -> str:
        """The condition as SQL that an index on the column serves; those of teams and assignees hold only who is named."""
        named = f" AND c.{self.column} <> ''" if self.column in {"team", "assignee"} else ""
        return f"c.{self.column} {self.test}{named}"

    @property
    def unindexed(self) -> str:
        """The same as SQL that no index serves: for where another way to the case is the shorter one. NULL fulfils none of them."""
        return f"COALESCE(c.{self.column}, NULL) {self.test}"


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

    def conditions(self, at: datetime) -> tuple[tuple[Condition, ...], dict[str, Value]]:
        """Return the conditions on a case (alias `c`) one by one, without that on urgency, and all their values."""
        found: list[Condition] = []
        values: dict[str, Value] = {}
        for column in ("brand", "network", "route", "team", "assignee"):
            wanted = getattr(self, column)
            if wanted:
                found.append(Condition(column, f"= :f_{column}"))
                values[f"f_{column}"] = wanted
        if self.since:
            found.append(Condition("updated_at", ">= :f_since"))
            values["f_since"] = to_text(at - self.since)
        if self.overdue:
            found.append(Condition("respond_by", "< :f_now"))
            values["f_now"] = to_text(at)
        return tuple(found), values

    @property
    def levels(self) -> str:
        """The levels that are asked for, as a list in SQL; "" for any."""
        wanted = [level.value for level in Level if self.urgency and level.rank >= self.urgency.rank]
        return f"({', '.join(repr(level) for level in wanted)})" if wanted and len(wanted) < len(Level) else ""

    def where(self, at: datetime) -> tuple[str, dict[str, Value]]:
        """Return all conditions on a case (alias `c`) as SQL that no index serves, "" where there is none, and their values."""
        found, values = self.conditions(at)
        parts = [one.unindexed for one in found] + ([f"c.level IN {self.levels}"] if self.levels else [])
        return " AND ".join(parts), values


@dataclass(frozen=True, slots=True)
class Waiting:
    """A draft that waits for a person, with all that is needed to decide it."""

    case: Case
    draft: Draft
    post: Post
    assessment: Assessment
    holds: tuple[Hold, ...]
    words: tuple[Word, ...]

    @property
    def route(self) -> str:
        """The route that drafted it."""
        return self.draft.route

    @property
    def urgency(self) -> Urgency:
        """How urgent the post is."""
        return self.assessment.urgency

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
            "from_answer": self.draft.answer.to_json() if self.draft.answer else None,
            "problems": list(self.draft.problems),
            "urgency": {"level": self.assessment.urgency.level.value, "points": self.assessment.urgency.points},
            "sentiment": self.assessment.sentiment.to_json(),
            "signals": [{"name": one.name, "points": one.points, "because": list(one.because)} for one in self.assessment.signals],
            "holds": [
                {"gate": hold.gate, "reason": hold.reason, "until": to_text(hold.until) if hold.until else None} for hold in self.holds
            ],
            "by_hand": any(hold.by_hand for hold in self.holds),
            "due": to_text(self.case.clocks.respond_by) if self.case.clocks.respond_by else None,
            "approvals_needed": self.draft.approvals_needed,
            "approvals": [{"who": word.who, "at": to_text(word.at)} for word in self.words if word.verdict == "yes"],
            "assignee": self.case.assignee,
            "team": self.case.team,
        }


Pending = Waiting | Parked | ToPost
"""Whatever asks for a person: a draft to be decided, an answer in doubt, or one to be posted by hand."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the row of what asks for a person: a case's draft, or (`parked`) one of its answers in doubt or to be posted by hand.

    Two are the same where they ask the same of the same case, so that a newer draft takes the place of an older one.
    """

    case_id: int
    parked: int | None = None
    draft_id: int = field(default=0, compare=False)


def queue(reader: Reader, filters: Filters, *, at: datetime, limit: int | None = None) -> list[Place]:
    """Return what asks for a person, the most urgent first, then the nearest deadline, of these answers before drafts.

    `limit` is how many at most; None is all of them. Snoozed cases stay away until their time. Of several answers of one kind in doubt in
    one case, the oldest is asked about first.
    """
    where, values = filters.where(at)
    return [
        Place(number(row, "case_id"), None if row["parked"] is None else number(row, "parked"), draft_id=number(row, "draft"))
        for row in asks.places(reader, where, values, at=at, limit=limit)
    ]


def inbox(reader: Reader, filters: Filters, *, at: datetime, limit: int | None = None) -> list[Pending]:
    """Return what stands in the `queue`, at most `limit` of it, each with all that is needed to decide it."""
    places = queue(reader, filters, at=at, limit=limit)
    found: list[Pending | None] = []
    for first in range(0, len(places), together.AT_ONCE):
        part = places[first : first + together.AT_ONCE]
        drafted = {one.draft.id: one for one in together.whole(reader, [place.draft_id for place in part if place.parked is None])}
        found += [_answer(reader, place.parked) if place.parked else _decided(drafted.get(place.draft_id)) for place in part]
    return [one for one in found if one]


def asking(reader: Reader, filters: Filters, *, at: datetime) -> int:
    """Return how many places the `queue` has."""
    where, values = filters.where(at)
    return asks.many(reader, where, values, at=at)


def _decided(one: together.Whole | None) -> Waiting | None:
    return Waiting(one.case, one.draft, one.post, one.assessment, one.holds, one.words) if one else None


def pending(reader: Reader, place: Place) -> Pending | None:
    """Return what stands at a place, with all that is needed to decide it; None where that is no longer so, or its post is gone."""
    if place.parked is not None:
        return _answer(reader, place.parked)
    drafts.get(reader, place.draft_id)  # raises where it is gone
    return _decided(next(together.whole(reader, [place.draft_id]), None))


def _answer(reader: Reader, delivery_id: int) -> Parked | ToPost | None:
    row = reader.one("SELECT * FROM deliveries WHERE id = :id AND state IN ('parked', 'by_hand')", id=delivery_id)
    delivery = _delivery(reader, row) if row else None
    if delivery is None:
        return None
    asked = ToPost if delivery.state is DeliveryState.BY_HAND else Parked
    case = cases.find(reader, delivery.case)
    return asked(case, delivery, judged.assessment(reader, delivery.network, delivery.parent.id, case.brand))


def _delivery(reader: Reader, row: Row) -> Delivery | None:
    """Return a delivery; None where the post that it answers is no longer stored."""
    try:
        return deliveries.read(reader, row)
    except LookupError:
        return None


@dataclass(frozen=True, slots=True)
class Story:
    """One case, whole: the conversation, why, the draft, what went out, alerts, and who did what.

    `fates` are of the posts in it that were edited or deleted, by their ids.
    """

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
    fates: Mapping[str, Fate] = field(default_factory=dict)


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
        assessment=judged.assessment(reader, case.network, case.post_id, case.brand),
        decision=cases.decision(reader, case.id),
        draft=draft,
        words=drafts.words(reader, draft.id) if draft else (),
        sent=tuple(deliveries.of_case(reader, case.id)),
        alerts=tuple(escalations.of_case(reader, case.id)),
        log=tuple(audit.lines(reader, case_id=case.id)),
        suppressed=people.suppressed(reader, case.network, case.author_id),
        earlier=earlier(reader, case),
        fates=following.fates(reader, case.network, case.thread_id),
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


@dataclass(frozen=True, slots=True)
class Health:
    """How the daemon and its sources are doing.

    `pause` stops all sending, by the store or by a flag file; `resting` are the networks on which our account is silent. `doubtful` are
    the answers of which somebody should know: in doubt, held back, being taken back, to be posted by hand. `incidents` are those that
    are open or that nobody heard of yet; `untold` are the alerts of cases that reached nobody. `courses` say how far known posts are
    read again, `lowered` which routes lost the right to send by themselves, `watches` how each watch of the rules
    stands, `machines` which daemons share the store, and `lost` which of them went without a word.
    """

    running: bool
    pause: people.Pause | None
    mode: str
    rules_version: str
    rules_loaded_at: datetime | None
    rules_error: str
    rules_held: str
    sources: tuple[Row, ...]
    gaps: tuple[Row, ...]
    waiting: int
    overdue: int
    next_due: datetime | None
    deliveries: dict[str, int]
    doubtful: tuple[Delivery, ...]
    untold: tuple[Row, ...]
    resting: Mapping[str, people.Pause]
    incidents: tuple[Row, ...]
    courses: tuple[Course, ...]
    lowered: tuple[Lowered, ...] = ()
    watches: tuple[Row, ...] = ()
    beats: tuple[Beat, ...] = ()
    machines: tuple[Machine, ...] = ()
    lost: tuple[Machine, ...] = ()


_DOUBTFUL = """SELECT d.* FROM deliveries d WHERE d.state IN ('unknown', 'parked', 'withdrawing', 'by_hand')
    OR (d.state = 'held' AND EXISTS (SELECT 1 FROM drafts w WHERE w.id = d.draft_id AND w.state IN ('waiting', 'approved')))
    ORDER BY d.id"""


def health(store: flag.Kept, *, running: bool, at: datetime) -> Health:
    """Return how everything stands; `running` says whether a daemon works on the store.

    Raises:
        sqlite3.Error, Unreachable: the store cannot be read.
    """
    reader = store.read()
    known = remembered(reader)
    version, loaded_at = known.get("rules_version", ("", None))
    drafts_row = asks.stands(reader, at=at)
    return Health(
        running=running,
        pause=flag.stopped(store, at=at),
        mode=known.get("mode", ("", None))[0],
        rules_version=version,
        rules_loaded_at=loaded_at,
        rules_error=known.get("rules_error", ("", None))[0],
        rules_held=known.get("rules_held", ("", None))[0],
        sources=tuple(reader.all("SELECT * FROM sources ORDER BY name")),
        gaps=tuple(reader.all("SELECT * FROM gaps ORDER BY id DESC LIMIT 100")),
        waiting=number(drafts_row, "n") if drafts_row else 0,
        overdue=number(drafts_row, "late") if drafts_row else 0,
        next_due=from_text(text(drafts_row, "next")) if drafts_row and drafts_row["next"] else None,
        deliveries=deliveries.counts(reader),
        doubtful=tuple(found for row in reader.all(_DOUBTFUL) if (found := _delivery(reader, row))),
        untold=tuple(escalations.untold(reader)),
        resting=people.resting(reader, at=at),
        incidents=_incidents(reader),
        courses=tuple(following.courses(reader)),
        lowered=tuple(lowered.now(reader)),
        watches=tuple(watch_ledger.all_(reader)),
        beats=tuple(beats.all_(reader)),
        machines=tuple(machines.there(reader)),
        lost=tuple(machines.lost(reader)),
    )


def _incidents(reader: Reader) -> tuple[Row, ...]:
    """Return the incidents that are open, then those that are over and that nobody heard of, each once."""
    now = incidents.open_(reader)
    return (*now, *(row for row in incidents.untold(reader) if row["ended_at"]))
