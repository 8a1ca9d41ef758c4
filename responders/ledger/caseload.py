"""The cases of a page of mentions, while it is decided: asked for once, changed in memory, and stored all together.

Whatever is done here is seen by the next mention of the page, as if it stood in the store. Where something has to be done to the store
itself, `write` stores first what was done until then, so that everything happens in the order in which it was decided.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from listener.model import Assessment, Mention
from listener.store.base import Tx, Value, number
from responders.ledger import audit, casework, deliveries, drafts, escalations, people, shadows
from responders.ledger.cases import Case
from responders.ledger.clocks import Clocks
from responders.ledger.escalations import Alert
from responders.ledger.nearby import Nearby
from responders.ledger.tallies import Counting
from responders.model import Decision, Shadow

_Key = tuple[str, str, str, str]


def _key(mention: Mention) -> _Key:
    post = mention.post
    return post.network, post.thread_id, post.author.id, mention.brand


class Caseload:
    """A page of mentions at work in one transaction. `near` is what the store says around them, `tallies` what is counted."""

    def __init__(self, tx: Tx, mentions: Sequence[Mention], *, at: datetime) -> None:
        """Begin with `mentions`, decided at `at`; nothing is asked before it is wanted."""
        self.tx, self.at = tx, at
        self.near = Nearby(tx, [mention.post for mention in mentions], at=at)
        self.tallies = Counting(tx)
        self._mentions = mentions
        self._cases: dict[_Key, Case] = {}
        self._keys: dict[int, _Key] = {}
        self._loaded = False
        self._case_ids: Iterator[int] = iter(())
        self._decision_ids: Iterator[int] = iter(())
        self._new: dict[int, _Key] = {}
        self._changed: dict[int, _Key] = {}
        self._waiting: set[int] = set()  # the cases of which a draft waits
        self._raised: set[tuple[int, str, str]] | None = None
        self._moved_on: list[int] = []
        self._drafts: list[dict[str, Value]] = []
        self._decisions: list[dict[str, Value]] = []
        self._shadows: list[tuple[int, Shadow]] = []
        self._alerts: list[Alert] = []
        self._lines: list[audit.Line] = []

    def join(self, mention: Mention) -> tuple[Case, bool]:
        """Return the case a mention belongs to, opening one where there is none, and whether it is new."""
        if not self._loaded:
            self._load()
            missing = {key for one in self._mentions if (key := _key(one)) not in self._cases}
            self._case_ids = iter(self.tx.ids("cases", len(missing)) if missing else ())
            self._decision_ids = iter(self.tx.ids("decisions", len(self._mentions)))
        key = _key(mention)
        if found := self._cases.get(key):
            return found, False
        case = casework.opened(next(self._case_ids), mention, at=self.at)
        self._new[case.id] = key
        self._keep(key, case)
        return case, True

    def _load(self) -> None:
        """Read how the cases stand in the store."""
        self._loaded = True
        self._raised = None
        self._waiting.clear()
        wanted = {_key(one) for one in self._mentions}
        for network, (authors, threads) in self._parties().items():
            for case, waits in casework.of_authors(self.tx, network, authors, threads):
                key = (case.network, case.thread_id, case.author_id, case.brand)
                if key in wanted:
                    self._keep(key, case)
                    self._waiting |= {case.id} if waits else set()
        self.near.look_for_waiting()

    def _parties(self) -> dict[str, tuple[list[str], list[str]]]:
        found: dict[str, tuple[dict[str, None], dict[str, None]]] = {}
        for one in self._mentions:
            authors, threads = found.setdefault(one.post.network, ({}, {}))
            authors[one.post.author.id] = threads[one.post.thread_id] = None
        return {network: (list(authors), list(threads)) for network, (authors, threads) in found.items()}

    def _keep(self, key: _Key, case: Case) -> None:
        self._cases[key] = case
        self._keys[case.id] = key

    def _put(self, case: Case) -> None:
        key = self._keys[case.id]
        self.near.moved(self._cases[key], case.state)
        self._cases[key] = case
        if case.id not in self._new:
            self._changed[case.id] = key

    def update(
        self, before: Case, mention: Mention, assessment: Assessment, decision: Decision, *, state: str, team: str, running: Clocks
    ) -> None:
        """Give a case its newest post, route, urgency and clocks; `before` is how it stood when the post came."""
        now = self._cases[self._keys[before.id]]
        self._put(casework.updated(now, before, mention, assessment, decision, state=state, team=team, running=running, at=self.at))

    def set_state(self, case_id: int, state: str) -> None:
        """Move a case to another state, and its clocks with it."""
        self._put(casework.moved(self._cases[self._keys[case_id]], state, at=self.at))

    def record_decision(self, case_id: int, mention: Mention, decision: Decision, *, raised: str = "", brief: bool = False) -> None:
        """Keep what was decided of a mention, with the shadow routes that matched; see `casework.decision_row`."""
        decision_id = next(self._decision_ids)
        self._decisions.append(
            casework.decision_row(decision_id, case_id, mention, decision, at=self.at, raised=raised, brief=brief),
        )
        self._shadows += [(decision_id, one) for one in decision.shadows]
        self.near.decided(mention.post, mention.brand)

    def record(self, who: str, action: str, *, case_id: int | None = None, **detail: object) -> None:
        """Add a line to the log."""
        self._lines.append(audit.Line(who, action, self.at, case_id, detail))

    def raise_(self, alert: Alert) -> bool:
        """Ask for a team to be told of a post; return False where that was asked before."""
        if self._raised is None:
            self._raised = set()
            for network, (authors, _) in self._parties().items():
                self._raised |= escalations.raised_among(self.tx, network, authors)
        told = (alert.case_id, alert.team, alert.post_id)
        if told in self._raised:
            return False
        self._raised.add(told)
        self._alerts.append(alert)
        return True

    def raise_again(self, alert: Alert) -> bool:
        """Have a team told once more of a post; return False where it was never told of it."""
        self.write()
        return escalations.again(self.tx, *alert, at=self.at)

    def move_on(self, case_id: int) -> bool:
        """Drop what waits of a case, since its conversation moved on; return whether anything did."""
        if case_id not in self._waiting:
            return False
        self._waiting.remove(case_id)
        self._moved_on.append(case_id)
        for draft in self._drafts:
            if draft["case"] == case_id:
                drafts.overtake(draft, at=self.at)
        return True

    def draft(self, wanted: dict[str, Value]) -> None:
        """Keep a draft that `drafts.row` made; it waits for a person."""
        self._drafts.append(wanted)
        self._waiting.add(number(wanted, "case"))

    def draft_at_once(self, wanted: dict[str, Value]) -> drafts.Draft:
        """Store such a draft, with all that was done before, and return it: it is about to leave."""
        self.write()
        self._waiting.add(number(wanted, "case"))
        return drafts.get(self.tx, drafts.add_one(self.tx, wanted))

    def ordered(self, draft: drafts.Draft) -> None:
        """Hear that a draft was approved, and its deliveries are about to leave."""
        self._waiting.discard(draft.case_id)
        self.near.ordered(draft.network, deliveries.of_draft(self.tx, draft.id))

    def suppress(self, mention: Mention, words: str, reason: str) -> list[int] | None:
        """Put a person who asks us to stop on the suppression list, and drop what waits for them.

        `words` prove it; `reason` is why the drafts are dropped. Return their cases; None where the person was on the list before.
        """
        post = mention.post
        if not people.suppress(self.tx, post.author, words, post_id=post.id, by=audit.DAEMON, at=self.at):
            return None
        self.near.listed(post, words)
        self.write()
        return drafts.drop_for(self.tx, post.network, post.author.id, reason, at=self.at)

    def look_again(self) -> None:
        """Read again what was changed in the store itself, by others than this; whatever was done here must be written."""
        self.near.forget_answers()
        if self._loaded:
            self._load()

    def write(self) -> None:
        """Store what was done so far; of the tallies nothing."""
        for keys, store in ((self._new, casework.open_all), (self._changed, casework.change_all)):
            if keys:
                store(self.tx, [self._cases[key] for key in keys.values()])
                keys.clear()
        if self._moved_on:
            drafts.move_all_on(self.tx, self._moved_on, at=self.at)
        if self._drafts:
            drafts.add_all(self.tx, self._drafts)
        if self._decisions:
            casework.decide_all(self.tx, self._decisions)
        shadows.keep(self.tx, self._shadows)
        if self._alerts:
            escalations.raise_all(self.tx, self._alerts, at=self.at)
        if self._lines:
            audit.record_all(self.tx, self._lines)
        for done in (self._moved_on, self._drafts, self._decisions, self._shadows, self._alerts, self._lines):
            done.clear()

    def finish(self) -> None:
        """Store all that was done; the tallies last."""
        self.write()
        self.tallies.write(self.tx)


def open_case(tx: Tx, mention: Mention, *, at: datetime) -> Case:
    """Return the case a mention belongs to, opened where there was none."""
    load = Caseload(tx, [mention], at=at)
    case, _ = load.join(mention)
    load.finish()
    return case
