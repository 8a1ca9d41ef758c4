"""Boundaries: what no route may do. Each gate is one small function; holds are only ever added, so no route can undo one.

A hold rules out an automatic answer. Some rule out more: `forbids` rules out any answer at all, also one that a person
approved. No hold keeps anything from our own people: escalation is not a matter of boundaries.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from listener.model import Intent, Level, Mood, Signal
from listener.rules.crisis import CRISIS_WORDS
from listener.rules.kinds import Rate
from listener.rules.rulebook import Limits, Route, Rulebook
from listener.text import clean, one_line
from responders import policies
from responders.model import Circumstances, Decision, Heard, Hold, Proposal
from responders.policies import Outcome, PolicyGate, Reach, Standing
from responders.praise import doubt
from responders.wording import Listed, words

_QUOTE_WIDTH = 120  # columns of a person's own words inside a reason
_HOUR = timedelta(hours=1)
_BETWEEN = re.compile(r"\s*(\d{1,2}):(\d{2})\s*[-\u2013]\s*(\d{1,2}):(\d{2})\s*")
_ADDRESS = re.compile(r"\s*(?:@\S+\s+)+")
_DIGITS = re.compile(r"\d+")
_SAME_TEXTS = 2  # so many equal texts may leave by themselves within an hour
_SAID_ABOVE = frozenset({"no bots wanted", "asked to stop", "answered"})  # conditions that a boundary of ours looks at itself

Gate = Callable[[Rulebook, Route, Heard, Circumstances], Sequence[Hold]]


def _quote(text: str) -> str:
    return f'"{one_line(text, _QUOTE_WIDTH)}"'


def _suppressed(_book: Rulebook, _route: Route, _heard: Heard, at: Circumstances) -> Sequence[Hold]:
    if not at.suppressed:
        return ()
    return (Hold("suppressed", f"this person asked us to stop: {_quote(at.suppressed)}", forbids=True),)


def _wish(_book: Rulebook, _route: Route, heard: Heard, _at: Circumstances) -> Sequence[Hold]:
    wishes = heard.assessment.wishes
    return tuple(map(_wished, wishes)) if wishes else ()


def _wished(wish: Signal) -> Hold:
    said = " and ".join(map(_quote, wish.because)) or "in this post"
    if wish.name == "stop":
        return Hold("wish", f"the post asks us to stop: {said}", forbids=True)
    return Hold("wish", f"the post asks something of us ({wish.name.replace('_', ' ')}): {said}; a person answers")


def _own_account(_book: Rulebook, _route: Route, heard: Heard, at: Circumstances) -> Sequence[Hold]:
    ours = at.author_is_us or heard.mention.post.own
    return (Hold("own_account", "we wrote this ourselves", forbids=True),) if ours else ()


def _pressing(heard: Heard) -> bool:
    return heard.assessment.urgency.level.rank >= Level.HIGH.rank


def _bot(_book: Rulebook, _route: Route, heard: Heard, _at: Circumstances) -> Sequence[Hold]:
    author = heard.mention.post.author
    if policies.wants_no_bots(author):
        asked = policies.gates(author.network, Standing(no_bots=True))
        return (Hold("bot", "; ".join(("the author's profile says #nobot", *(gate.reason for gate in asked))), forbids=True),)
    if author.bot:
        return (Hold("bot", "the author's account says it is automatic", on_request=not _pressing(heard)),)
    return ()


def _answered(_book: Rulebook, _route: Route, _heard: Heard, at: Circumstances) -> Sequence[Hold]:
    return (Hold("answered", "this post has our answer already", on_request=True),) if at.answered else ()


def _loop(_book: Rulebook, _route: Route, _heard: Heard, at: Circumstances) -> Sequence[Hold]:
    return (Hold("loop", "it answers something that we said by ourselves: a person goes on"),) if at.answers_ours_alone else ()


def _crowd(_book: Rulebook, _route: Route, heard: Heard, at: Circumstances) -> Sequence[Hold]:
    if not at.crowd:
        return ()
    pressing = at.our_thread or _pressing(heard)
    asked = "" if pressing else "; a person may ask for a draft"
    return (Hold("crowd", f"in this thread an answer of ours to somebody else stands or waits{asked}", on_request=not pressing),)


def _paused(_book: Rulebook, _route: Route, _heard: Heard, at: Circumstances) -> Sequence[Hold]:
    return _held_while_paused(at.paused) if at.paused else ()


@lru_cache(maxsize=16)  # it holds everything there is
def _held_while_paused(reason: str) -> Sequence[Hold]:
    return (Hold("paused", f"sending is paused: {one_line(reason, _QUOTE_WIDTH)}"),)


def _answer_within(book: Rulebook, _route: Route, heard: Heard, at: Circumstances) -> Sequence[Hold]:
    longest = book.boundaries.answer_within
    if at.now - heard.mention.post.created_at > longest:
        return (Hold("answer_within", f"the post is older than {_span(longest)}", on_request=True),)
    if at.heard_late:
        return (Hold("answer_within", "the post was heard late, after a first poll or an outage", on_request=True),)
    return ()


def _span(length: timedelta) -> str:
    """Write a length as the rules file does: "7d", "90m"."""
    seconds = int(length.total_seconds())
    unit, size = next(((unit, size) for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)) if seconds % size == 0), ("s", 1))
    return f"{seconds // size}{unit}"


@lru_cache(maxsize=64)
def _between(text: str) -> tuple[time, time]:
    found = _BETWEEN.fullmatch(text)
    if not found:
        raise ValueError(text)
    hours = [0 if hour == "24" else int(hour) for hour in (found[1], found[3])]
    return time(hours[0], int(found[2])), time(hours[1], int(found[4]))


def quiet_until(between: str, timezone: str, now: datetime) -> datetime | None:
    """Return when the quiet hours that `now` lies in end, in UTC, or None outside them. Equal ends mean the whole day.

    Raises:
        ValueError: `between` is no such range.
        KeyError: there is no such timezone.
    """
    start, end = _between(between)
    local = now.astimezone(ZoneInfo(timezone))
    clock = local.time()
    inside = start <= clock < end if start < end else clock >= start or clock < end
    if not inside:
        return None
    day = local.date() + timedelta(days=clock >= end)
    return datetime.combine(day, end, local.tzinfo).astimezone(UTC)


_quiet_until = lru_cache(maxsize=16)(quiet_until)  # a page of mentions is decided at one moment


def _quiet_hours(book: Rulebook, route: Route, _heard: Heard, at: Circumstances) -> Sequence[Hold]:
    quiet = book.boundaries.quiet_hours
    if quiet is None or route.name in quiet.except_:
        return ()
    try:
        until = _quiet_until(quiet.between, book.timezone, at.now)
    except (ValueError, KeyError):
        return (Hold("quiet_hours", f"the quiet hours {_quote(quiet.between)} in {_quote(book.timezone)} cannot be read"),)
    return (Hold("quiet_hours", f"quiet hours ({quiet.between}, {book.timezone})", until),) if until else ()


def _used_up(gate: str, what: str, rate: Rate | None, times: Sequence[datetime], now: datetime) -> Sequence[Hold]:
    """Hold where `rate` is used up. A time after `now` (a clock that jumped) counts as just now."""
    if rate is None or len(times) < rate.count:
        return ()
    per = rate.per or (_HOUR if gate == "per_hour" else None)
    counted = sorted((sent for sent in times if per is None or now - sent < per), reverse=True)
    if len(counted) < rate.count:
        return ()
    until = counted[rate.count - 1] + per if per and rate.count else None
    limit = f"{rate.count}/{_span(per)}" if per else str(rate.count)
    return (Hold(gate, f"{what}: {len(counted)} sent, the limit is {limit}", until),)


def _let_something(limits: Limits) -> bool:
    rates = (limits.per_thread, limits.per_author, limits.per_hour)
    return 0 not in [rate.count for rate in rates if rate]


def _limits(book: Rulebook, route: Route, _heard: Heard, at: Circumstances) -> Sequence[Hold]:
    everywhere, here = book.boundaries.limits, route.limits
    left = at.sent_in_thread or at.sent_to_author or at.sent_automatically or at.sent_by_route or at.sent_by_route_to_author
    if not left and _let_something(everywhere) and _let_something(here):
        return ()
    whose = f'route "{route.name}"'
    by_route = [sent for name, sent in at.sent_by_route if name == route.name]
    to_author = [sent for name, sent in at.sent_by_route_to_author if name == route.name]
    return (
        *_used_up("per_thread", "answers in this thread", everywhere.per_thread, at.sent_in_thread, at.now),
        *_used_up("per_thread", f"answers in this thread, {whose}", here.per_thread, at.sent_in_thread, at.now),
        *_used_up("per_author", "answers to this person", everywhere.per_author, at.sent_to_author, at.now),
        *_used_up("per_author", f"answers to this person, {whose}", here.per_author, to_author, at.now),
        *_used_up("per_hour", "answers that left by themselves", everywhere.per_hour, at.sent_automatically, at.now),
        *_used_up("per_hour", f"answers that left by themselves, {whose}", here.per_hour, by_route, at.now),
    )


def _not_addressed(_book: Rulebook, _route: Route, heard: Heard, _at: Circumstances) -> Sequence[Hold]:
    if heard.mention.addressed:
        return ()
    return (Hold("not_addressed", "the author speaks of us, not to us: a person decides whether to answer"),)


def _failed_scoring(_book: Rulebook, _route: Route, heard: Heard, _at: Circumstances) -> Sequence[Hold]:
    failed = heard.assessment.failed
    return (Hold("failed_scoring", f"the post could not be judged: {one_line(failed, _QUOTE_WIDTH)}"),) if failed else ()


def _corrected(_book: Rulebook, _route: Route, heard: Heard, _at: Circumstances) -> Sequence[Hold]:
    if not heard.assessment.corrected:
        return ()
    return (Hold("corrected", f"{one_line(str(heard.assessment.corrected), _QUOTE_WIDTH)}; what a person corrected, a person answers"),)


def _hidden(_book: Rulebook, _route: Route, heard: Heard, _at: Circumstances) -> Sequence[Hold]:
    return (Hold("hidden", "the post carries hidden characters: a person looks at it"),) if heard.assessment.hidden else ()


def _moment_of_truth(_book: Rulebook, route: Route, heard: Heard, _at: Circumstances) -> Sequence[Hold]:
    grave = heard.assessment.moment_of_truth or route.moment_of_truth
    return (Hold("moment_of_truth", "a moment of truth: a person answers"),) if grave else ()


def _lowered(_book: Rulebook, route: Route, _heard: Heard, at: Circumstances) -> Sequence[Hold]:
    why = at.lowered.get(route.name) if route.approval == "none" else ""
    return (Hold("lowered", f'route "{route.name}" was lowered: {why}; a person answers until somebody restores it'),) if why else ()


@lru_cache(maxsize=16)
def _with_crisis_words(listed: tuple[tuple[str, ...], ...]) -> Listed:
    return Listed(dict.fromkeys((*CRISIS_WORDS, *(word for words in listed for word in words))))


def _crisis(book: Rulebook, _route: Route, heard: Heard, _at: Circumstances) -> Sequence[Hold]:
    listed = tuple([brake.words for brake in book.boundaries.pause_when if brake.mentions])
    found = _with_crisis_words(listed).find(heard.mention.post.text)
    return (Hold("crisis", f"the post may speak of a death or a disaster ({_quote(found[0])}): a person answers"),) if found else ()


def _sarcasm(book: Rulebook, _route: Route, heard: Heard, _at: Circumstances) -> Sequence[Hold]:
    seen = heard.assessment
    troubled = seen.intent is Intent.COMPLAINT or seen.urgency.level is not Level.LOW
    if seen.sarcasm:
        return (Hold("sarcasm", "the words seem to say the opposite of what is meant"),)
    if seen.sentiment.label is not Mood.POSITIVE:
        return ()
    if troubled:
        return (Hold("sarcasm", "kind words beside a problem: not a post to thank for by itself"),)
    word = doubt(heard.mention.post.text, _names(book, heard.mention.brand))
    more = f"kind words beside {_quote(word)}: more than plain praise, so a person reads it before it is thanked for"
    return (Hold("sarcasm", more),) if word else ()


def _names(book: Rulebook, brand: str) -> tuple[str, ...]:
    return book.brands[brand].names if brand in book.brands else ()


def _unknown(_book: Rulebook, _route: Route, heard: Heard, _at: Circumstances) -> Sequence[Hold]:
    mood = heard.assessment.sentiment
    unknown = mood.label is Mood.UNKNOWN or not math.isfinite(mood.score)
    return (Hold("unknown", "the mood of the post is unknown"),) if unknown else ()


def _policy(book: Rulebook, route: Route, heard: Heard, at: Circumstances) -> Sequence[Hold]:
    """Return what the network itself asks of programs, each with its date and source; what a gate above says already is left out."""
    closed = policies.gates(heard.mention.post.network, policies.standing(book, heard, at))
    return tuple([_asked(gate, route) for gate in closed if gate.when not in _SAID_ABOVE and _concerns(gate, route)]) if closed else ()


def _asked(gate: PolicyGate, route: Route) -> Hold:
    by_hand = gate.outcome is Outcome.BY_HAND
    return Hold(
        "policy",
        gate.reason,
        forbids=gate.outcome is Outcome.NEVER and Reach.APPROVED in gate.applies_to,
        on_request=by_hand and route.approval == "none",  # nobody is asked to post by hand what was to leave unread
        by_hand=by_hand,
        public_only=by_hand or Reach.PRIVATE in gate.applies_to,
    )


def _concerns(gate: PolicyGate, route: Route) -> bool:
    """Return whether a gate is about what a route says: in public or in private, and by itself or after a yes."""
    if gate.outcome is Outcome.BY_HAND:
        return bool(route.public_template) or not route.private_template
    if gate.applies_to == {Reach.PRIVATE}:
        return bool(route.private_template)
    return Reach.APPROVED in gate.applies_to or route.approval == "none"


def no_private(found: Iterable[Hold]) -> str:
    """Say why nothing may be said in private, or ""."""
    for hold in found:
        if hold.by_hand:
            return "the public answer is posted by hand, and Earnest sends no private message beside it"
        if hold.public_only:
            return hold.reason
    return ""


_GATES: tuple[Gate, ...] = (
    _suppressed,
    _wish,
    _own_account,
    _bot,
    _answered,
    _policy,
    _paused,
    _answer_within,
    _quiet_hours,
    _limits,
    _loop,
    _crowd,
    _not_addressed,
    _failed_scoring,
    _corrected,
    _hidden,
    _moment_of_truth,
    _lowered,
    _crisis,
    _sarcasm,
    _unknown,
)

GATES = (
    *("suppressed", "wish", "own_account", "bot", "answered", "paused", "answer_within", "quiet_hours"),
    *("per_thread", "per_author", "per_hour", "loop", "crowd", "not_addressed", "failed_scoring", "hidden", "moment_of_truth", "sarcasm"),
    *("crisis", "unknown", "same_text", "policy", "lowered", "no_answer", "corrected"),
)
"""The names of all gates, as `held_by` in rules.yaml and `Hold.gate` use them."""


def holds(book: Rulebook, route: Route, heard: Heard, at: Circumstances) -> tuple[Hold, ...]:
    """Return all that holds an automatic answer back, each with its reason and, where one is known, its end (UTC)."""
    return tuple([hold for gate in _GATES for hold in gate(book, route, heard, at)])


def gist(text: str) -> str:
    """Return what makes two texts of ours the same to a reader: the words, without whom they address, marks, capitals and numbers."""
    address = _ADDRESS.match(text)
    body = text[address.end() :] if address else text
    return _DIGITS.sub("0", " ".join(words(body))) or clean(body).strip()


def same_text(texts: Iterable[str], at: Circumstances) -> tuple[Hold, ...]:
    """Return what holds these words back, whatever the post: too many of their like left by themselves within the hour."""
    lately = [gist(text) for text in at.texts_alone]
    most = max((lately.count(gist(text)) for text in texts), default=0)
    if most < _SAME_TEXTS:
        return ()
    return (Hold("same_text", f"these words left {most} times by themselves within the hour: a person looks"),)


def again(decision: Decision, proposal: Proposal | None, at: Circumstances) -> Decision:
    """Return the decision once the words are known: what would leave by itself is held where `same_text` holds it, or it only asks back."""
    if proposal is None or "send" not in decision.actions:
        return decision
    found = same_text([text for text in (proposal.public, proposal.private) if text], at)
    found += (Hold("no_answer", proposal.unsure),) if proposal.unsure else ()
    actions = tuple(action for action in decision.actions if not (found and action == "send"))
    return replace(decision, actions=actions, holds=(*decision.holds, *found))


def may_draft(decision: Decision) -> bool:
    """Return whether to draft unasked: something is wanted, nothing forbids it, and no hold leaves it to a person to ask for one."""
    for hold in decision.holds:
        if hold.forbids or hold.on_request:
            return False
    return decision.speaks
