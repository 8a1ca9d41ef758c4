"""The last look: everything that may speak against an answer, asked again in the transaction that claims it.

Approval is not immunity. What a person approved still needs the person on the other side to want it, the post to be there, unchanged and
unanswered, and the words to pass the voice check. What leaves by itself also has to pass every boundary once more, limits included.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from listener.clock import from_text, in_words
from listener.rules.rulebook import Rulebook
from listener.store import following
from listener.store import mentions as heard_ledger
from listener.store.base import Reader, Row, text
from listener.text import clean, one_line
from responders import guard
from responders.boundaries import holds, same_text
from responders.channels.base import ChannelKind, Parent
from responders.circumstances import circumstances, world
from responders.drafting.template import may_name
from responders.ledger import deliveries, drafts, judged, people
from responders.ledger.drafts import Draft
from responders.model import Delivery, DraftState, Heard, Hold, Kind, Mode

_A_YES_HOLDS = timedelta(hours=2)
_QUOTE_WIDTH = 60  # columns of a name
_ASKED_ELSEWHERE = frozenset({"answered", "paused"})  # on the network itself; by the claim


@dataclass(frozen=True, slots=True)
class LastLook:
    """One look, inside the claiming transaction, at a delivery (`row` is the same as stored), by the rules of the moment."""

    tx: Reader
    delivery: Delivery
    row: Row
    book: Rulebook
    at: datetime

    def objection(self, parent: Parent, kind: ChannelKind | None) -> str:
        """Say, in words for a person, why it must not leave now, or ""."""
        draft = drafts.get(self.tx, self.delivery.draft_id)
        return self._not_as_approved(draft) or self._unwelcome(draft, parent) or self._words(draft, kind) or self._boundaries(draft)

    def objection_by_hand(self, kind: ChannelKind | None, *, there: bool) -> str:
        """Say why a person should not post it by hand any more, or "": as far as the store knows, for no network is asked.

        `there` says whether the post is.
        """
        draft, post = drafts.get(self.tx, self.delivery.draft_id), self.delivery.parent
        found = Parent(there=there, text=post.text, version=post.version, ours=deliveries.heard_below(self.tx, post))
        return self._unwelcome(draft, found) or self._words(draft, kind) or self._boundaries(draft)

    def _not_as_approved(self, draft: Draft) -> str:
        this = self.delivery
        if deliveries.bind(this.account, this.network, this.parent.id, this.visibility.value, this.text) != this.bound:
            return "the text, the account or the visibility is not what was approved"
        account = next((known for known in heard_ledger.accounts(self.tx) if known.network == this.network), None)
        if account is None or account.id != this.account:
            return "the account that would speak is not the one that was approved"
        if draft.state is not DraftState.APPROVED:
            return "the approval was taken back"
        waited = self.at - from_text(text(self.row, "approved_at"))
        if waited > _A_YES_HOLDS:
            return f"it was approved {in_words(waited)} ago; say yes again if it still fits"
        return ""

    def _unwelcome(self, draft: Draft, parent: Parent) -> str:
        this, post = self.delivery, self.delivery.parent
        if words := people.suppressed(self.tx, this.network, post.author.id):
            return f'@{post.author.handle} asked us to stop: "{words}"'
        if following.fate(self.tx, this.network, post.id).deleted_at:
            return "the post is gone"
        if not parent.there:
            return parent.reason or "the post is gone"
        if set(parent.ours) - deliveries.said_to(self.tx, this.account, this.network, post.id):
            return "somebody already answered this post for us"
        if (parent.version and post.version and parent.version != post.version) or (parent.text and parent.text != draft.parent_text):
            return "the post was changed after the answer was approved"
        return ""

    def _words(self, draft: Draft, kind: ChannelKind | None) -> str:
        this = self.delivery
        named = may_name(self.book, draft.public_template, this.parent)
        limits = kind.limits(this.kind).problem if kind else None
        today = guard.today_of(self.book, self.at)
        found = guard.check(this.text, kind=this.kind, book=self.book, post=this.parent, name_allowed=named, today=today, limits=limits)
        return "; ".join(found)

    def _boundaries(self, draft: Draft) -> str:
        """Ask the boundaries again: of what leaves by itself all of them, of what a person approved those that forbid any answer."""
        found = self._holds(draft)
        if not self.row["automatic"]:
            return "; ".join(hold.reason for hold in found if hold.forbids or (hold.by_hand and self._by_program))
        if not _leaves_by_itself(self.book, draft.route):
            return "the rules do not let it leave by itself any more"
        if draft.answer and not _still_told(self.book, draft.answer.file, self.delivery.text):
            return f"the written answer {one_line(draft.answer.file, _QUOTE_WIDTH)} says something else by now, or is not there any more"
        return "; ".join(hold.reason for hold in found if hold.gate not in _ASKED_ELSEWHERE)

    @property
    def _by_program(self) -> bool:
        """Whether it is said in public, and by Earnest: what may close meanwhile is closed to programs, not to people."""
        return not self.delivery.by_hand and self.delivery.kind is Kind.PUBLIC

    def _holds(self, draft: Draft) -> tuple[Hold, ...]:
        tx, post = self.tx, self.delivery.parent
        mention = heard_ledger.mention(tx, post.network, post.id, draft.brand)
        seen = judged.assessment(tx, post.network, post.id, draft.brand)
        route = next((one for one in self.book.routes if one.name == draft.route), self.book.live[-1])
        if mention is None or seen is None:
            return (Hold("failed_scoring", "how its post was judged is not in the store any more"),)
        late = heard_ledger.is_late(tx, post.network, post.id)
        around = circumstances(tx, mention, world(tx, at=self.at, without=draft.id), late=late, without=draft.id)
        return (*holds(self.book, route, Heard(mention, seen), around), *same_text((self.delivery.text,), around))


def _still_told(book: Rulebook, file: str, text: str) -> bool:
    """Return whether the answer of that name still has the words that a text tells."""
    said = (answer.said(wording) for answer in book.answers if answer.file == file for wording in answer.wordings)
    return any("".join(clean(one).split()) in "".join(clean(text).split()) for one in said)


def _leaves_by_itself(book: Rulebook, name: str) -> bool:
    """Return whether the rules in force let the route's answers leave without a person."""
    route = next((one for one in book.live if one.name == name), None)
    modes = {book.mode, route.mode or book.mode} if route else set()
    return route is not None and route.approval == "none" and modes == {Mode.SEND}
