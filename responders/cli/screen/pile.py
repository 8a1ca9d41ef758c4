"""What asks for a person, and which of it is in hand: drafts, and answers in doubt between them.

Reads only; asked every two seconds, so it loads whole only the one in hand.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from listener.clock import Clock
from listener.lessons import adjustments
from listener.rules.rulebook import Rulebook
from listener.scoring.assessor import Assessor
from listener.store import mentions as heard_ledger
from listener.store.base import Store, text
from responders import policies
from responders.approvals import objections
from responders.channels.base import ChannelKind
from responders.circumstances import closed_gates
from responders.cli.phrases import counted
from responders.cli.screen.sheet import Around
from responders.cli.states import stands
from responders.ledger import audit, drafts, moves, people
from responders.model import Decision, DeliveryState, DraftState
from responders.rejudging import Rejudged, of_case
from responders.retracing import in_full
from responders.silence import silence
from responders.unsettled import Parked, ToPost
from responders.views import Filters, Pending, Place, Story, Waiting, earlier, pending, queue, story


class Pile:
    """What asks for a person under one set of filters, the most urgent first."""

    def __init__(
        self, store: Store, book: Rulebook, clock: Clock, channels: Callable[[str], ChannelKind | None], *, me: str, filters: Filters
    ) -> None:
        """Start with nothing in hand; `refresh` reads."""
        self._store = store
        self._book = book
        self._clock = clock
        self._channels = channels
        self._me = me
        self.filters = filters
        self._places: list[Place] = []
        self._index = 0
        self.current: Pending | None = None
        self._assessor: Assessor | None = None
        self._reasons: tuple[tuple[str, ...], Rejudged | None] | None = None

    @property
    def identity(self) -> tuple[str, int] | None:
        """What tells the one in hand from every other."""
        one = self.current
        if one is None:
            return None
        return ("draft", one.draft.id) if isinstance(one, Waiting) else (one.delivery.state.value, one.delivery.id)

    def refresh(self, *, want: int | None = None) -> str:
        """Read again; keep in hand what still asks (or take the case `want`). Return what a person should be told."""
        before, known = self.current, self._places
        stood = known[self._index] if before else None
        self._places = queue(self._store.read(), self.filters, at=self._clock())
        found = next((at for at, one in enumerate(self._places) if (one == stood if want is None else one.case_id == want)), None)
        self._index = min(self._index, max(len(self._places) - 1, 0)) if found is None else found
        self._load()
        if before is None:
            return ""
        if want is None and found is None:
            return self._fate(before)
        if want is None and self.current and _words(before) != _words(self.current):
            return f"{self.current.case.name}: the words changed just now; read them again."
        return _news([one for one in self._places if one not in known])

    def _load(self) -> None:
        """Load the one in hand whole; what has lost its post cannot be decided here and is passed over."""
        self.current = None
        while self._places and self.current is None:
            self._index = min(self._index, len(self._places) - 1)
            self.current = pending(self._store.read(), self._places[self._index])
            if self.current is None:
                del self._places[self._index]

    def _fate(self, one: Pending) -> str:
        """Say what became of what was in hand and asks for nobody any more."""
        if isinstance(one, ToPost):
            return self._fate_by_hand(one)
        return self._fate_in_doubt(one) if isinstance(one, Parked) else self._fate_of_draft(one)

    def _fate_by_hand(self, one: ToPost) -> str:
        state, name = moves.state_of(self._store.read(), one.delivery.id), one.case.name
        if state is None:
            return f"{name}: its approval was taken back; nobody posts it."
        if state is DeliveryState.BY_HAND:
            return f"{name} is no longer in this list."
        return f"{name}: our {stands(replace(one.delivery, state=state))}."

    def _fate_in_doubt(self, one: Parked) -> str:
        reader, name = self._store.read(), one.case.name
        state = moves.state_of(reader, one.delivery.id)
        if state is DeliveryState.PARKED:
            return f"{name} is no longer in this list."
        if state is None:
            return f"{name}: what was in doubt has been dropped; nothing of it leaves."
        last = audit.lines(reader, case_id=one.case.id)[-1]
        by = f", said {text(last, 'who')}" if text(last, "action") in {"sent", "sent again"} else ""
        return f"{name} is in doubt no more: our {stands(replace(one.delivery, state=state))}{by}."

    def _fate_of_draft(self, one: Waiting) -> str:
        reader, name = self._store.read(), one.case.name
        draft = drafts.newest(reader, one.case.id)
        if draft is None or draft.state is DraftState.WAITING:
            return f"{name} is no longer in this list."
        who = next((word.who for word in reversed(drafts.words(reader, draft.id))), "")
        return f"{name} is {draft.state.value} already" + (f", by {who}." if who else f": {draft.reason}." if draft.reason else ".")

    def move(self, step: int) -> bool:
        """Take the one `step` places further in hand; return whether there is one."""
        if not 0 <= self._index + step < len(self._places):
            return False
        self._index += step
        self._load()
        return True

    def around(self, changed: str) -> Around:
        """Gather what the sheet shows besides the one in hand."""
        one, now, reader = self.current, self._clock(), self._store.read()
        if one is None:
            return Around(now, self._me, 0, 0, None)
        thread = heard_ledger.thread(reader, one.case.network, one.case.thread_id) if one.post.parent_id else ()
        why = self.reasons()
        return Around(
            now=now,
            me=self._me,
            place=self._index + 1,
            total=len(self._places),
            kind=self._channels(one.post.network),
            earlier=earlier(reader, one.case),
            before=tuple(post for post in thread if post.id != one.post.id and post.created_at <= one.post.created_at),
            problems=self._problems(one) if isinstance(one, Waiting) else (),
            changed=changed,
            by_hand=self.by_hand(),
            strongest=() if why is None or why.earlier else why.found.mood.strongest[:2],
        )

    def by_hand(self) -> str:
        """Say, of the draft in hand, why a person has to post it; "" where Earnest sends it."""
        one = self.current
        if not isinstance(one, Waiting) or one.draft.public is None:
            return ""
        mute, at = self._channels(one.draft.network) is None, self._clock()
        gate = policies.by_hand(closed_gates(self._store.read(), self._book, one.post, one.draft.brand, at=at, mute=mute))
        return gate.reason if gate else ""

    def _problems(self, one: Waiting) -> tuple[str, ...]:
        """Return every reason why the words in hand cannot leave."""
        found = [*objections(one.draft, one.post, self._book, at=self._clock())]
        if asked := self.suppressed():
            found.append(f'the author asked us to stop: "{asked}"')
        if one.draft.private is not None and self.by_hand():
            found.append("its public answer is posted by hand, and Earnest sends no private message beside it: leave one of the two out")
        return tuple(found)

    def decision(self) -> Decision | None:
        """Return how the case in hand was decided, with what every route said to it."""
        return in_full(self._store.read(), self.current.case.id) if self.current else None

    def reasons(self) -> Rejudged | None:
        """Return why the post in hand is judged as it is, None where its words are gone; worked out once while it is in hand."""
        one = self.current
        if one is None:
            return None
        about = (one.case.network, one.case.post_id, one.case.brand, one.post.version)
        if self._reasons is None or self._reasons[0] != about:
            self._assessor = self._assessor or Assessor(self._book.scoring)
            reader = self._store.read()
            taught = adjustments(reader, self._book, self._assessor)
            self._reasons = (about, of_case(reader, self._assessor, one.case, taught))
        return self._reasons[1]

    def story(self) -> Story | None:
        """Return the case in hand, whole."""
        return story(self._store.read(), self.current.case.name) if self.current else None

    def suppressed(self) -> str:
        """Return the words by which the author in hand asked us to stop, or ""."""
        one = self.current
        return people.suppressed(self._store.read(), one.post.network, one.post.author.id) if one else ""

    def still(self, network: str) -> str:
        """Return why nothing of ours leaves on a network now, or ""."""
        found = silence(self._store, network, at=self._clock())
        return found.why if found else ""

    def networks(self) -> tuple[str, ...]:
        """Return every network a case came from."""
        return tuple(text(row, "network") for row in self._store.read().all("SELECT DISTINCT network FROM cases ORDER BY network"))


def _words(one: Pending) -> tuple[object, ...]:
    if not isinstance(one, Waiting):
        return one.delivery.id, one.delivery.text
    return one.draft.id, one.draft.public, one.draft.private


def _news(new: Sequence[Place]) -> str:
    drafts_new = sum(one.parked is None for one in new)
    told = [f"{counted(drafts_new, 'new draft waits', 'new drafts wait')}." if drafts_new else ""]
    in_doubt = len(new) - drafts_new
    told.append(f"{counted(in_doubt, 'answer asks', 'answers ask')} for a person now." if in_doubt else "")
    return " ".join(filter(None, told))
