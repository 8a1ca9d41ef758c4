"""How far Earnest and people agree: what people said of its judgements, counted. It only reads.

Only what a person said of a judgement counts. Approving a draft without a word on the judgement says little, so it stands beside.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from listener import lessons
from listener.clock import to_text
from listener.model import Level
from listener.rules.rulebook import Rulebook
from listener.scoring.learned import Adjustment
from listener.scoring.learning import Lesson
from listener.store import corrections
from listener.store.base import Reader, number
from listener.store.corrections import Correction

WHAT = ("mood", "urgency", "intent", "sarcasm")
"""What people say something of."""


@dataclass(frozen=True, slots=True)
class Week:
    """One week (its Monday), and of what people said of each thing in it, how much agreed: of how many, and how many."""

    begins: datetime
    agreed: Mapping[str, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Agreement:
    """All that was counted. `confused` counts what Earnest had judged and people said otherwise.

    `rang_falsely` counts the signals of posts whose urgency people lowered; `missed` those of posts whose urgency they raised, "" where
    nothing had been found. `unsaid` is how many drafts people approved without a word on the judgement.
    """

    weeks: tuple[Week, ...] = ()
    said: int = 0
    confused: Mapping[tuple[str, str, str], int] = field(default_factory=dict)
    lowered: int = 0
    raised: int = 0
    rang_falsely: Mapping[str, int] = field(default_factory=dict)
    missed: Mapping[str, int] = field(default_factory=dict)
    unsaid: int = 0
    learned: Mapping[str, Adjustment] = field(default_factory=dict)

    def to_json(self) -> dict[str, object]:
        """Return it for scripts."""
        return {
            "said": self.said,
            "weeks": [
                {"begins": week.begins.date().isoformat(), **{what: {"of": of, "agreed": n} for what, (of, n) in week.agreed.items()}}
                for week in self.weeks
            ],
            "confused": [{"what": what, "judged": was, "said": now, "times": n} for (what, was, now), n in self.confused.items()],
            "urgency_lowered": self.lowered,
            "urgency_raised": self.raised,
            "rang_falsely": dict(self.rang_falsely),
            "missed": {name or "nothing was found": n for name, n in self.missed.items()},
            "approved_without_a_word": self.unsaid,
            "learned": {brand: _learned_json(one) for brand, one in self.learned.items()},
        }


def _learned_json(one: Adjustment) -> dict[str, object]:
    lessons_ = one.lessons or one.held
    return {
        "used": not one.held,
        "texts": len(one.said),
        "agreement": {"of": one.figures.of, "without": one.figures.before, "with": one.figures.after},
        "lessons": [{"words": word, "points": lesson.points, "corrections": lesson.posts} for word, lesson in strongest(lessons_)],
    }


def strongest(found: Mapping[str, Lesson]) -> list[tuple[str, Lesson]]:
    """Return lessons, those that move a score most first."""
    return sorted(found.items(), key=lambda pair: (-abs(pair[1].points), pair[0]))


def agreement(reader: Reader, book: Rulebook, *, since: datetime | None = None) -> Agreement:
    """Count what people said from a moment on; what was learned is learned from all of it."""
    found = [one for one in corrections.every(reader, since=since) if one.undone_at is None]
    rang: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    moved = [(one, _moved(one)) for one in found]
    for one, way in moved:
        names = [name for name, points in one.signals if points]
        if way < 0:
            rang.update(names)
        elif way > 0:
            missed.update(names or [""])
    return Agreement(
        weeks=tuple(_weeks(found)),
        said=len(found),
        confused=dict(Counter(said for one in found for said in one.said if said[1] != said[2]).most_common()),
        lowered=sum(way < 0 for _, way in moved),
        raised=sum(way > 0 for _, way in moved),
        rang_falsely=dict(rang.most_common()),
        missed=dict(missed.most_common()),
        unsaid=_unsaid(reader, since),
        learned=lessons.adjustments(reader, book).by_brand,
    )


def _moved(one: Correction) -> int:
    """Return whether people found a post more urgent (1), less urgent (-1), or as urgent as Earnest did (0)."""
    was = Level(str(one.judged["level"])).rank
    now = (one.labels.level or Level(str(one.judged["level"]))).rank
    return (now > was) - (now < was)


def _weeks(found: Sequence[Correction]) -> list[Week]:
    weeks: dict[datetime, Counter[tuple[str, bool]]] = {}
    for one in found:
        year, week, _ = one.at.isocalendar()
        begins = datetime.fromisocalendar(year, week, 1).replace(tzinfo=one.at.tzinfo)
        weeks.setdefault(begins, Counter()).update((what, was == now) for what, was, now in one.said)
    return [
        Week(begins, {what: (n[what, True] + n[what, False], n[what, True]) for what in WHAT if n[what, True] + n[what, False]})
        for begins, n in sorted(weeks.items())
    ]


def _unsaid(reader: Reader, since: datetime | None) -> int:
    row = reader.one(
        """SELECT COUNT(*) AS n FROM drafts d WHERE d.state = 'approved' AND d.decided_at >= :since
        AND EXISTS (SELECT 1 FROM approvals a WHERE a.draft_id = d.id AND a.verdict = 'yes' AND lower(a.who) NOT LIKE 'rule %')
        AND NOT EXISTS (SELECT 1 FROM corrections c WHERE c.network = d.network AND c.post_id = d.post_id AND c.undone_at IS NULL)""",
        since=to_text(since) if since else "",
    )
    return number(row, "n") if row else 0
