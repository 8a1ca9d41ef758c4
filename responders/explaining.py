"""Explaining: why a post is decided as it is, and why not otherwise, for people and for scripts.

It runs the very functions the daemon runs, on the facts it is given, and changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC

from listener.clock import to_text
from listener.matching import Matcher
from listener.model import Assessment, Because, Ground, Mention, Post, Signal
from listener.rules.rulebook import Route, Rulebook
from listener.scoring import learned
from listener.scoring.assessor import Assessor
from listener.scoring.learned import NONE, Adjustments
from listener.scoring.sentiment.base import Weight
from listener.text import one_line, visible
from responders.boundaries import GATES, again, may_draft, no_private
from responders.channels.base import TextLimits
from responders.drafting.names import agent_name, brand_name
from responders.drafting.template import Drafter
from responders.guard import today_of
from responders.model import Circumstances, Decision, Heard, Hold, Kind, Proposal, Shadow
from responders.overtime import Storms
from responders.rehearsal import Judge
from responders.routing import NO_ROUTE, Router

_WIDTH = 200  # columns of one line of foreign text
_LABEL = 10  # columns of the words on the left
_OF_WORDS = frozenset({"same_text", "no_answer"})  # gates that look at the words of what would leave
_UNBOUNDED = TextLimits(limit=1_000_000, count=len, problem=lambda _text: "")


def _as_it_is(text: str, _post: Post, _kind: Kind) -> str:
    return text


def _any_length(_kind: Kind) -> TextLimits:
    return _UNBOUNDED


def _quotes(signal: Signal) -> str:
    return ", ".join(f'"{one_line(words, _WIDTH)}"' for words in signal.because)


@dataclass(frozen=True, slots=True)
class Explanation:
    """All that was found out about one post. `as_heard` is false where nothing in the post names a brand of ours.

    `proposal` is None where nothing may be said; `unasked` is false where a draft is only made on request. `kept` says, apart from the
    holds, why nothing leaves by itself. `counted` are the competitors that the post names, `lessons` what people's corrections added to
    the mood's score.
    """

    heard: Heard
    decision: Decision
    proposal: Proposal | None
    as_heard: bool
    unasked: bool
    kept: tuple[str, ...]
    counted: tuple[str, ...] = ()
    lessons: tuple[Weight, ...] = ()

    @property
    def passed(self) -> tuple[str, ...]:
        """The gates that would let an automatic answer pass. What is asked of the words alone is only asked of what would leave."""
        held = {hold.gate for hold in self.decision.holds}
        unasked = frozenset() if "send" in self.decision.actions else _OF_WORDS
        return tuple(gate for gate in GATES if gate not in held | unasked)

    def to_json(self) -> dict[str, object]:
        """Return the object that `explain --json` prints; every foreign text in it is safe to show."""
        seen = self.heard.assessment
        return {
            "route": self.decision.route,
            "actions": list(self.decision.actions),
            "holds": [_hold_json(hold) for hold in self.decision.holds],
            "passed": list(self.passed),
            "sends": "send" in self.decision.actions,
            "kept": [visible(words) for words in self.kept],
            "urgency": {"level": str(seen.urgency.level), "points": seen.urgency.points},
            "sentiment": seen.sentiment.to_json(),
            "intent": str(seen.intent),
            "learned": [{"words": visible(one.words), "points": one.points} for one in self.lessons],
            "corrected": seen.corrected.to_json() if seen.corrected else None,
            "signals": [
                {"name": visible(signal.name), "points": signal.points, "because": [visible(words) for words in signal.because]}
                for signal in seen.signals
            ],
            "from_answer": self.proposal.answer.to_json() if self.proposal and self.proposal.answer else None,
            "trace": [
                {"route": step.route, "matched": step.matched, "because": visible(step.because), "shadow": step.shadow}
                for step in self.decision.trace
            ],
            "shadow": [one.to_json() | {"because": visible(one.because)} for one in self.decision.shadows],
        }

    def lines(self) -> list[str]:
        """Return the explanation for people, a line each, safe to show."""
        return [*self._judged(), *self._routed(), *self._held(), *self._said()]

    def _judged(self) -> Iterator[str]:
        mention, seen = self.heard.mention, self.heard.assessment
        yield from _block("post", one_line(mention.post.text, _WIDTH))
        if self.as_heard:
            grounds = ", ".join(f'{one.ground} "{one_line(one.text, _WIDTH)}"' for one in mention.because)
            yield from _block("heard", f"as {mention.brand}, because of {grounds}")
        else:
            counted = f"only counted, for it names {one_line(', '.join(self.counted), _WIDTH)}" if self.counted else "not at all by itself"
            yield from _block("heard", f"{counted}: nothing in it names a brand. What follows is what would be decided")
        mood = f"{seen.sentiment.label} {seen.sentiment.score:+.2f}{seen.sentiment.surely}"
        yield from _block(
            "judged",
            f"urgency {seen.urgency.level} {seen.urgency.points} · mood {mood} · {seen.intent} · {one_line(seen.language, _WIDTH)}",
        )
        if seen.corrected:
            yield from _block("corrected", one_line(str(seen.corrected), _WIDTH))
        for weight in self.lessons:
            yield from _block("mood", f"{one_line(weight.words, _WIDTH)} {weight.points:+.2f}")
        for signal in seen.signals:
            yield from _block("signal", " ".join(filter(None, (one_line(signal.name, _WIDTH), _quotes(signal), f"+{signal.points}"))))
        for wish in seen.wishes:
            yield from _block("wish", f"{one_line(wish.name, _WIDTH)} {_quotes(wish)}".strip())

    def _routed(self) -> Iterator[str]:
        version = self.decision.rule_version or "without a version"
        yield from _block("route", f"{self.decision.route} (rules {version})")
        yield from _block("actions", ", ".join(self.decision.actions))
        beside = {one.route: one for one in self.decision.shadows}
        for step in self.decision.trace:
            label = "why" if step.matched else "shadow" if step.route in beside else "why not"
            trial = " (shadow)" if step.shadow else ""
            yield from _block(label, f"{step.route}{trial}: {visible(step.because, newlines=False)}")
            if step.route in beside:
                yield from _beside(beside[step.route])

    def _held(self) -> Iterator[str]:
        for hold in self.decision.holds:
            until = f", until {hold.until.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if hold.until else ""
            weight = "forbidden" if hold.forbids else "by hand" if hold.by_hand else "held"
            yield from _block(weight, f"{hold.gate}: {visible(hold.reason, newlines=False)}{until}")
        if not self.decision.holds:
            yield from _block("held", "by nothing")
        yield from _block("passed", f"{', '.join(self.passed) or 'no gate'}")
        if "send" in self.decision.actions:
            yield from _block("sends", "by itself, unless a last look just before finds a reason not to")
        else:
            held = ", ".join(dict.fromkeys(hold.gate for hold in self.decision.holds))
            yield from _block("sends", f"nothing by itself: {'; '.join((*self.kept, *([f'it is held by {held}'] if held else [])))}")

    def _said(self) -> Iterator[str]:
        if self.proposal is None:
            yield from _block("draft", "none")
            return
        if not self.unasked:
            yield from _block("draft", "only on request")
        for kind, text in (("public", self.proposal.public), ("private", self.proposal.private)):
            if text is not None:
                yield from _block(kind, visible(text))
        if self.proposal.answer:
            yield from _block("answer", visible(str(self.proposal.answer), newlines=False))
        elif self.proposal.unsure:
            yield from _block("answer", self.proposal.unsure)
        for problem in self.proposal.problems:
            yield from _block("problem", visible(problem, newlines=False))


def _block(label: str, text: str) -> Iterator[str]:
    """Yield `text` beside its label; further lines of it stand under the first."""
    first, *rest = text.split("\n")
    yield f"{label:<{_LABEL}}{first}".rstrip()
    yield from (f"{'':<{_LABEL}}{line}".rstrip() for line in rest)


def _beside(one: Shadow) -> Iterator[str]:
    """Yield what a shadow route would have wanted, under the words that say why."""
    if not one.above:
        held = f"; held by {', '.join(one.held_by)}" if one.held_by else ""
        yield from _block("", f"it would want {', '.join(one.actions)}{held}; nothing of it is done")


def _hold_json(hold: Hold) -> dict[str, object]:
    until = to_text(hold.until) if hold.until else None
    return {"gate": hold.gate, "reason": visible(hold.reason), "until": until, "forbids": hold.forbids, "by_hand": hold.by_hand}


_YES = {"one-person": "a person's yes", "two-people": "two people's yes"}


def _kept(book: Rulebook, route: Route) -> Iterator[str]:
    """Yield why nothing that a route says leaves by itself, whatever the post."""
    if not route.speaks:
        yield f'"{route.name}" says nothing'
        return
    if book.mode != "send":
        yield f'the mode of the file is "{book.mode}"'
    elif route.mode not in {None, "send"}:
        yield f'the mode of "{route.name}" is "{route.mode}"'
    if route.approval in _YES:
        yield f'"{route.name}" wants {_YES[route.approval]}'


def _unmatched(book: Rulebook, post: Post) -> Mention:
    """Return the mention that a post naming no brand would be, had a person brought it."""
    return Mention(post, next(iter(book.brands), ""), (Because(Ground.IMPORT, "shown by hand"),), addressed=False)


def explain(
    book: Rulebook,
    post: Post,
    at: Circumstances,
    thread: Sequence[Post] = (),
    *,
    mention: Mention | None = None,
    judge: Judge | None = None,
    adjustments: Adjustments = NONE,
    corrected: Callable[[Assessment, Assessment], Assessment] = lambda _bare, taught: taught,
    case: str = "A-1",
    assignee: str = "",
    can_private: bool = True,
    private_reason: str = "",
    address: Callable[[str, Post, Kind], str] = _as_it_is,
    limits: Callable[[Kind], TextLimits] = _any_length,
) -> Explanation:
    """Return what would be decided of `post` under the facts `at`, and what would be drafted.

    `judge` is for who has the scoring of `book` ready, `adjustments` are what corrections taught. `corrected` puts a person's word on
    this very post on top of how it is judged without and with them. `mention` is for a post that was heard before, by whatever ground;
    else the post is matched anew. `assignee` is whose case it is, if anybody's. `address`, `limits` and `can_private` are what the
    network's channel says, where one is asked.
    """
    matcher = Matcher(book.brands)
    found = (mention,) if mention else matcher.match(post)
    bare = (judge or Assessor(book.scoring)).assess(post, thread)
    adjustment, mood = adjustments.of([one.brand for one in found]), book.scoring.sentiment
    taught = learned.put(bare, post.text, adjustment, mood)
    assessment = corrected(bare, taught)
    lessons = adjustment.weights(post.text, bare.sentiment, mood) if assessment.learned else ()
    heard = Storms(book).over(Heard(found[0] if found else _unmatched(book, post), assessment), at.past)
    decision = Router(book).decide(heard, at)
    route = next((route for route in book.live if route.name == decision.route), NO_ROUTE)
    proposal = None
    if any(action.startswith(("draft:", "private:")) for action in decision.actions):
        never = no_private(decision.holds)
        proposal = Drafter(book).draft(
            heard,
            route,
            case=case,
            agent=agent_name(book, route, heard.mention.brand, assignee=assignee),
            brand_name=brand_name(book, heard.mention.brand),
            can_private=can_private and not never,
            private_reason=never or private_reason,
            address=address,
            limits=limits,
            today=today_of(book, at.now),
        )
    decision = again(decision, proposal, at)
    counted = tuple(other.competitor for other in matcher.others(post))
    return Explanation(heard, decision, proposal, bool(found), may_draft(decision), tuple(_kept(book, route)), counted, lessons)
