"""The drafts that wait, and which of them is in hand. Reads only; asked every two seconds, so it loads whole only the one in hand."""

from __future__ import annotations

from collections.abc import Callable

from listener.clock import Clock
from listener.rules.rulebook import Rulebook
from listener.store import mentions as heard_ledger
from listener.store.base import Store, text
from responders.approvals import objections
from responders.channels.base import ChannelKind
from responders.cli.screen.sheet import Around
from responders.ledger import cases, drafts, people
from responders.ledger.drafts import Draft
from responders.model import Decision, DraftState
from responders.views import Filters, Story, Waiting, earlier, queue, story, waiting


class Pile:
    """The drafts that wait under one set of filters, the most urgent first."""

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
        self._drafts: list[Draft] = []
        self._index = 0
        self.current: Waiting | None = None

    def refresh(self, *, want: int | None = None) -> str:
        """Read again; keep the case in hand where it still waits (or take the case `want`). Return what a person should be told."""
        before, known = self.current, {draft.case_id for draft in self._drafts}
        self._drafts = queue(self._store.read(), self.filters, at=self._clock())
        ids = [draft.case_id for draft in self._drafts]
        wanted = want if want is not None else before.case.id if before else None
        kept = wanted in ids
        self._index = ids.index(wanted) if wanted in ids else min(self._index, max(len(ids) - 1, 0))
        self._load()
        if before and not kept and want is None:
            return self._fate(before)
        if before and self.current and kept and want is None and _words(before.draft) != _words(self.current.draft):
            return f"{self.current.case.name}: the words changed just now; read them again."
        new = len(set(ids) - known)
        return f"{new} new {'draft waits' if new == 1 else 'drafts wait'}." if new and before else ""

    def _load(self) -> None:
        """Load the draft in hand whole; what has lost its post cannot be decided here and is passed over."""
        self.current = None
        while self._drafts and self.current is None:
            self._index = min(self._index, len(self._drafts) - 1)
            self.current = waiting(self._store.read(), self._drafts[self._index])
            if self.current is None:
                del self._drafts[self._index]

    def _fate(self, one: Waiting) -> str:
        """Say what became of a draft that no longer waits."""
        reader, name = self._store.read(), one.case.name
        draft = drafts.newest(reader, one.case.id)
        if draft is None or draft.state is DraftState.WAITING:
            return f"{name} is no longer in this list."
        who = next((word.who for word in reversed(drafts.words(reader, draft.id))), "")
        return f"{name} is {draft.state.value} already" + (f", by {who}." if who else f": {draft.reason}." if draft.reason else ".")

    def move(self, step: int) -> bool:
        """Take the draft `step` places further in hand; return whether there is one."""
        if not 0 <= self._index + step < len(self._drafts):
            return False
        self._index += step
        self._load()
        return True

    def around(self, changed: str) -> Around:
        """Gather what the sheet shows besides the draft in hand."""
        one, now, reader = self.current, self._clock(), self._store.read()
        if one is None:
            return Around(now, self._me, 0, 0, None)
        thread = heard_ledger.thread(reader, one.case.network, one.case.thread_id) if one.post.parent_id else ()
        return Around(
            now=now,
            me=self._me,
            place=self._index + 1,
            total=len(self._drafts),
            kind=self._channels(one.draft.network),
            earlier=earlier(reader, one.case),
            before=tuple(post for post in thread if post.id != one.post.id and post.created_at <= one.post.created_at),
            problems=self._problems(one),
            changed=changed,
        )

    def _problems(self, one: Waiting) -> tuple[str, ...]:
        """Return every reason why the words in hand cannot leave."""
        channel = self._channels(one.draft.network)
        found = [*objections(one.draft, one.post, self._book)]
        if asked := self.suppressed():
            found.append(f'the author asked us to stop: "{asked}"')
        if channel is None:
            found.append(f"Earnest cannot speak on {one.draft.network}; copy the words and post them by hand (o shows the link)")
        return tuple(found)

    def decision(self) -> Decision | None:
        """Return how the case in hand was decided."""
        return cases.decision(self._store.read(), self.current.case.id) if self.current else None

    def story(self) -> Story | None:
        """Return the case in hand, whole."""
        return story(self._store.read(), self.current.case.name) if self.current else None

    def suppressed(self) -> str:
        """Return the words by which the author in hand asked us to stop, or ""."""
        one = self.current
        return people.suppressed(self._store.read(), one.post.network, one.post.author.id) if one else ""

    def paused(self) -> str:
        """Return why all sending is stopped, or ""."""
        pause = people.paused(self._store.read(), at=self._clock())
        return f"sending is paused ({pause.reason})" if pause else ""

    def networks(self) -> tuple[str, ...]:
        """Return every network a case came from."""
        return tuple(text(row, "network") for row in self._store.read().all("SELECT DISTINCT network FROM cases ORDER BY network"))


def _words(draft: Draft) -> tuple[int, str | None, str | None]:
    return draft.id, draft.public, draft.private
