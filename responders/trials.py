"""The tests of rules.yaml, played: each on an empty store, with its history heard and decided as the daemon would have done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from listener.model import Page, Post, Visibility
from listener.rules.rulebook import Rulebook
from listener.rules.trials import Before, Trial
from listener.store import mentions as heard_ledger
from listener.text import clean, one_line, visible
from responders.house import channel_kind, speaking_networks
from responders.model import Kind, Step
from responders.pipeline import Noted
from responders.playing import Play
from responders.rehearsal import made_up_post, time_of

_NETWORK = "mastodon"
_AUTHOR = "customer"
_WIDTH = 120  # columns of a text in a report
_SOURCE = "test"


@dataclass(frozen=True, slots=True)
class Fell:
    """A test that did not hold: its name, and what was expected and found, in words."""

    name: str
    expected: str
    got: str

    def __str__(self) -> str:
        """Say it in one line that is safe to show."""
        return f'test "{one_line(self.name, _WIDTH)}": expected {self.expected}, found: {visible(self.got, newlines=False)}'


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What came of the post of a test: a mention for each brand, and what left of them by itself."""

    noted: tuple[Noted, ...]
    left: frozenset[str]


def run_tests(book: Rulebook, tests: Sequence[Trial] | None = None) -> tuple[Fell, ...]:
    """Play the tests of a rulebook (or those given), and return what did not hold, in their order."""
    tests = book.tests if tests is None else tests
    if not tests:
        return ()
    kinds = {name: kind for name in speaking_networks() if (kind := channel_kind(name))}
    play = Play(book, kinds, begins=time_of(book, None))
    try:
        return tuple(fell for test in tests for fell in _run(play, book, test))
    finally:
        play.close()


def _run(play: Play, book: Rulebook, test: Trial) -> Iterator[Fell]:
    try:
        at = time_of(book, test.at)
    except (ValueError, KeyError):
        expected = 'a time such as "2026-11-20 23:30", in a timezone such as Europe/Berlin'
        yield Fell(test.name, expected, f'"{test.at}" in "{book.timezone}"')
        return
    yield from _judge(test, _Scene(play, test, at).play())


class _Scene:
    """One test on its way: the people in it, and which post of each was the newest."""

    def __init__(self, play: Play, test: Trial, at: datetime) -> None:
        self._play, self._test, self._at = play, test, at
        self._network = test.network or _NETWORK
        self._newest: dict[str, Post] = {}
        self._posts = 0

    def play(self) -> _Outcome:
        play, test = self._play, self._test
        steps = sorted(self._history(), key=lambda step: step[0])
        play.begin(min([self._at, *(moment for moment, _ in steps)]))
        play.own({})
        for moment, before in steps:
            if before.ours is not None:
                self._answer(before, before.ours, moment)
            else:
                self._hear(self._post(before, moment), moment)
        post = made_up_post(
            test.post,
            at=self._at,
            network=self._network,
            author=test.author or _AUTHOR,
            visibility=test.visibility,
            followers=test.followers,
        )
        noted = self._hear(replace(post, id="post", thread_id=self._thread("same")), self._at)
        play.finish()
        sent = {left.delivery.case for left in play.left if left.delivery.parent.id == "post"}
        return _Outcome(tuple(noted), frozenset(sent))

    def _history(self) -> Iterator[tuple[datetime, Before]]:
        for before in self._test.history:
            last = self._at - before.ago
            yield from ((last - timedelta(seconds=step), before) for step in reversed(range(before.times)))

    def _thread(self, where: str) -> str:
        """Return the thread of the post, which something before it may have begun; or a new one."""
        began = any(before.thread == "same" for before in self._test.history)
        if where == "same":
            return "began" if began else "post"
        return f"thread-{self._posts}"

    def _post(self, before: Before, moment: datetime) -> Post:
        self._posts += 1
        name = before.by or f"stranger-{self._posts}"
        return self._written(before.post or "", name, before.thread, moment)

    def _written(self, text: str, name: str, where: str, moment: datetime) -> Post:
        post = made_up_post(text, at=moment, network=self._network, author=name)
        thread = self._thread(where)
        known = heard_ledger.is_stored(self._play.store.read(), self._network, thread)
        named = thread if not known else f"{thread}-{self._posts}"
        written = replace(post, id=named, thread_id=thread, visibility=Visibility.PUBLIC)
        self._newest[name] = written
        return written

    def _hear(self, post: Post, moment: datetime) -> list[Noted]:
        return self._play.hear(_SOURCE, Page((post,), None), at=moment, network=self._network)

    def _answer(self, before: Before, words: str, moment: datetime) -> None:
        """Let us answer somebody: their newest post of before, or one that nobody knows more of."""
        name = before.to or self._test.author or _AUTHOR
        post = self._newest.get(name)
        if post is None:
            self._posts += 1
            post = self._written("", name, before.thread, moment - timedelta(minutes=1))
            stored = post
            self._play.store.write(lambda tx: heard_ledger.store_post(tx, stored, heard_at=moment, source=_SOURCE, late=False))
        brand = self._test.brand or next(iter(self._brands()))
        self._play.answer(post, brand, {Kind.PUBLIC: words}, route="", automatic=before.by_itself, at=moment)

    def _brands(self) -> Mapping[str, object]:
        return self._play.book.brands


def _judge(test: Trial, outcome: _Outcome) -> Iterator[Fell]:
    """Yield what does not hold of a test."""

    def fell(expected: str, got: str) -> Fell:
        return Fell(test.name, expected, got)

    if test.not_heard:
        if outcome.noted:
            yield fell("that it is not heard", f'it is a mention of "{outcome.noted[0].heard.mention.brand}"')
        return
    if not outcome.noted:
        yield fell("that it is heard", "it names no brand, so it would not be heard at all")
        return
    found = next((one for one in outcome.noted if one.heard.mention.brand == test.brand), None)
    if test.brand and found is None:
        yield fell(f'a mention of "{test.brand}"', f'a mention of "{outcome.noted[0].heard.mention.brand}"')
        return
    noted = found or outcome.noted[0]
    yield from (fell(expected, got) for expected, got in (*_judged(test, noted), *_decided(test, noted), *_said(test, noted, outcome)))


def _judged(test: Trial, noted: Noted) -> Iterator[tuple[str, str]]:
    seen = noted.heard.assessment
    if test.urgency and seen.urgency.level is not test.urgency:
        yield f"urgency {test.urgency}", f"{seen.urgency.level} ({seen.urgency.points} points)"
    if test.sentiment and seen.sentiment.label is not test.sentiment:
        yield f"sentiment {test.sentiment}", f"{seen.sentiment.label} ({seen.sentiment.score:+.2f})"
    if test.intent and seen.intent is not test.intent:
        yield f"intent {test.intent}", str(seen.intent)


def _decided(test: Trial, noted: Noted) -> Iterator[tuple[str, str]]:
    decision = noted.decision
    if test.route and decision.route != test.route:
        step = next((step for step in decision.trace if step.route == test.route), Step(test.route, matched=False, because=""))
        because = f" ({step.route}: {step.because})" if step.because else ""
        yield f'route "{test.route}"', f'it went to "{decision.route}"{because}'
    gates = list(dict.fromkeys(hold.gate for hold in decision.holds))
    for gate in test.held_by:
        if gate not in gates:
            yield f"held by {gate}", f"held by {', '.join(gates) or 'nothing'}"


def _said(test: Trial, noted: Noted, outcome: _Outcome) -> Iterator[tuple[str, str]]:
    sent, proposal = noted.case in outcome.left, noted.proposal
    if test.sends is not None and sent is not test.sends:
        why = ", ".join(dict.fromkeys(hold.gate for hold in noted.decision.holds)) or noted.decision.route
        kept = f"it stays here ({why})"
        yield ("an answer that leaves by itself", kept) if test.sends else ("nothing that leaves by itself", "an answer leaves by itself")
    texts = [text for text in (proposal.public, proposal.private) if text] if proposal else []
    words = clean(" ".join(texts))
    for wanted in test.says:
        if clean(wanted) not in words:
            yield f'a draft that says "{wanted}"', f'"{one_line(" / ".join(texts), _WIDTH)}"' if texts else "no draft"
    private = proposal is not None and proposal.private is not None
    if test.private is not None and private is not test.private:
        yield ("a private message", "none") if test.private else ("no private message", "one")
