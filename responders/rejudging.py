"""Why a stored post is judged as it is: asked of the judge of now, and held beside what is stored.

The reasons are those of the judge that is asked. Where another one made the stored judgement (other rules, another version of the program,
words learned since), they are not passed off as the reasons of then: what was said then and what would be said now stand side by side.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from listener.clock import from_text
from listener.lessons import as_corrected
from listener.model import Assessment, Mood, Post, Sentiment
from listener.scoring.assessor import Assessor
from listener.scoring.explained import Explanation, explain
from listener.scoring.judge import judge_name
from listener.scoring.learned import NONE, Adjustments, put
from listener.store import mentions as heard_ledger
from listener.store.base import Reader, text, unpack
from responders.ledger import judged
from responders.ledger.cases import Case


@dataclass(frozen=True, slots=True)
class Rejudged:
    """The reasons of today's judge for a stored post. `then` is what is stored, and `at` when that was judged.

    `earlier` says, in words, why the reasons may not be those of the stored judgement; "" where they are. `differs` names each part that
    is judged otherwise today, with what was said then and what is said now.
    """

    found: Explanation
    then: Assessment | None = None
    at: datetime | None = None
    earlier: str = ""
    differs: tuple[str, ...] = ()

    def notes(self) -> tuple[str, ...]:
        """Return what must be read before the reasons, a line each; nothing where they are those of the stored judgement."""
        if not self.earlier:
            return ()
        if not self.differs:
            return (f"{self.earlier}. Today's judge says the same; these are its reasons, perhaps not those of then.",)
        return (f"{self.earlier}. Today's would say otherwise, and these are its reasons, not those of then:", *self.differs)

    def to_json(self) -> dict[str, object]:
        """Return it for scripts."""
        return self.found.to_json() | {"same_judge": not self.earlier, "earlier": self.earlier or None, "differs": list(self.differs)}


def of_case(reader: Reader, assessor: Assessor, case: Case, adjustments: Adjustments = NONE) -> Rejudged | None:
    """Judge the post that a case is about again and tell why; None where its words are no longer stored."""
    post = heard_ledger.post(reader, case.network, case.post_id)
    return rejudged(reader, assessor, case, post, adjustments=adjustments) if post and post.text else None


def rejudged(
    reader: Reader, assessor: Assessor, case: Case, post: Post, *, adjustments: Adjustments = NONE, seen: Assessment | None = None
) -> Rejudged:
    """Judge the post of a case again and tell why; `seen` is today's judgement with storms on top, where it is at hand.

    What corrections taught (`adjustments`), and a person's word on this very post, are put on top as when posts are heard.

    Where today's judge says what is stored, what a storm put on top when it was decided is explained, too.
    """
    found = explain(assessor, post, heard_ledger.thread(reader, case.network, case.thread_id) if post.parent_id else ())
    mood, settings = found.assessment.sentiment, assessor.scoring.sentiment
    adjustment = adjustments.of(heard_ledger.brands_of(reader, case.network, case.post_id))
    taught = put(found.assessment, post.text, adjustment, settings)
    now = as_corrected(reader, post, found.assessment, taught, assessor.scoring)
    lessons = adjustment.weights(post.text, mood, settings) if now.learned else ()
    then = heard_ledger.assessment(reader, case.network, case.post_id)
    if then is None:
        return Rejudged(found.over(seen or now, lessons))
    differs = tuple(_differences(then, now))
    name, at = _who(reader, case)
    earlier = _earlier(name, judge_name(assessor.scoring, adjustments.seal), at, differs)
    raised = judged.assessment(reader, case.network, case.post_id, case.brand) if not earlier else None
    return Rejudged(found.over(seen or raised or now, lessons), then, at, earlier, differs)


def _who(reader: Reader, case: Case) -> tuple[str, datetime]:
    row = reader.one(
        "SELECT record, judged_at FROM assessments WHERE network = :network AND post_id = :id", network=case.network, id=case.post_id
    )
    record = unpack(row["record"]) if row else None
    at = from_text(text(row, "judged_at")) if row else case.opened_at
    return (str(record.get("judge") or "") if isinstance(record, dict) else ""), at


def _earlier(then: str, now: str, at: datetime, differs: tuple[str, ...]) -> str:
    day = f"Judged on {at:%Y-%m-%d}"
    if then and then == now:
        return f"{day} with other posts around it than are stored now" if differs else ""
    if not then and not now:
        return f"{day} by a scorer that has no name, so nobody can tell whether it was this one"
    return f"{day} by an earlier judge: by other rules, another version of Earnest, or before something was learned"


def _differences(then: Assessment, now: Assessment) -> list[str]:
    """Return what is judged otherwise, in words that show both."""
    parts = {
        "language": (then.language, now.language),
        "mood": (_mood(then.sentiment), _mood(now.sentiment)),
        "urgency": tuple(f"{one.urgency.level.value} {one.urgency.points}" for one in (then, now)),
        "signals": tuple(", ".join(f"{signal.name} +{signal.points}" for signal in one.signals) or "none" for one in (then, now)),
        "intent": (then.intent.value, now.intent.value),
    }
    for name in ("needs_reply", "moment_of_truth", "sarcasm", "informal", "hidden"):
        parts[name.replace("_", " ")] = tuple("yes" if getattr(one, name) else "no" for one in (then, now))
    parts["asked of us"] = tuple(", ".join(wish.name for wish in one.wishes) or "nothing" for one in (then, now))
    parts["could be judged"] = tuple("no" if one.failed else "yes" for one in (then, now))
    return [f"{name}: then {before}, today {after}" for name, (before, after) in parts.items() if before != after]


def _mood(mood: Sentiment) -> str:
    return mood.label.value if mood.label is Mood.UNKNOWN else f"{mood.label.value} {mood.score:+.2f}"
