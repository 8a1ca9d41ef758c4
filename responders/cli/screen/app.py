"""The keys of the review screen. Every act goes through the desk or the dispatch, which have the last word."""

from __future__ import annotations

import os
import sys
import webbrowser
from typing import ClassVar, TypeVar

from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll

from listener.clock import Clock
from listener.errors import EarnestError
from listener.rules.rulebook import Rulebook
from listener.store.base import Store
from listener.text import visible
from responders.approvals import Desk, Done
from responders.cli.screen import pages
from responders.cli.screen.asking import Ask, Page, Words
from responders.cli.screen.changes import changes
from responders.cli.screen.editing import Edit
from responders.cli.screen.filtering import read_filter
from responders.cli.screen.fixing import Fix, Said
from responders.cli.screen.keys import KEYS, help_lines
from responders.cli.screen.lines import ALARM, STRONG
from responders.cli.screen.pile import Pile
from responders.cli.screen.snoozing import SPANS, span_of
from responders.cli.screen.undo import Approved
from responders.cli.screen.view import View
from responders.cli.waterfall import blocks_fit
from responders.correcting import Correcting
from responders.dispatch import Dispatch
from responders.house import channel_kind, speaking_networks
from responders.model import REASONS
from responders.unsettled import Parked, ToPost
from responders.views import Filters, Pending, Waiting

P = TypeVar("P", bound=Pending)
_REASONS = dict(zip("tforx", REASONS, strict=True))
_MOST_TEAMS = 9


class Review(View, inherit_bindings=False):
    """Deciding the drafts that wait, and settling the doubt about answers."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding(key.press, key.action, key.long) for key in KEYS]

    def __init__(self, store: Store, book: Rulebook, clock: Clock, *, me: str, filters: Filters) -> None:
        """Decide in the name of `me`, starting with what fits `filters`."""
        pile = Pile(store, book, clock, channel_kind, me=me, filters=filters)
        super().__init__(pile, Desk(store, book, clock, channel_kind, who=me), clock, store.held)
        self._dispatch = Dispatch(store, clock, channel_kind, who=me)
        self._correcting = Correcting(store, book, clock, who=me, running=store.held)
        self._book = book
        self._me = me
        self._asked = filters
        self._filter_words = ""

    def _in_hand(self) -> Pending | None:
        """Return what is in hand, or say that nothing is. What was told before is over."""
        self.tell("")
        if self._pile.current is None:
            self.tell("No draft is in hand.", STRONG)
        return self._pile.current

    def _draft(self) -> Waiting | None:
        """Return the draft in hand, or say that something else is asked."""
        one = self._in_hand()
        if isinstance(one, Parked):
            self.tell(f"{one.case.name} asks only whether our answer is there: i it is, r it is not. j goes on.", STRONG)
            return None
        if isinstance(one, ToPost):
            self.tell(f"{one.case.name} is approved and is posted by hand: d you posted it, b not after all. j goes on.", STRONG)
            return None
        return one

    def _doubt(self) -> Parked | None:
        """Return the answer in doubt that is in hand, or say that a draft is."""
        one = self._in_hand()
        if one is not None and not isinstance(one, Parked):
            what = "is a draft" if isinstance(one, Waiting) else "is posted by hand"
            self.tell(f"{one.case.name} {what}: nothing of it has left. i and r are for answers in doubt.", STRONG)
            return None
        return one

    def _in_my_hand(self) -> ToPost | None:
        """Return the answer to be posted by hand that is in hand, where nobody else looks at its case; or say why not."""
        one = self._in_hand()
        if one is not None and not isinstance(one, ToPost):
            self.tell(f"{one.case.name} is none that waits to be posted by hand: d and b are for those.", STRONG)
            return None
        return self._alone_with(one)

    def action_posted(self) -> None:
        """Say that an answer was posted by hand."""
        if one := self._in_my_hand():
            asked = "The address of our answer (nothing: it has none; esc: it is not posted):"
            self.push_screen(Words(asked), lambda url: self._posted(one, url))

    def _posted(self, one: ToPost, url: str | None) -> None:
        if url is None:
            self.tell("Nothing was done.")
            return
        self.act(lambda: self._dispatch.posted(one.case.name, url, seen=one.delivery))

    def action_not_posted(self) -> None:
        """Say that an answer will not be posted by hand."""
        if one := self._in_my_hand():
            self.act(lambda: self._dispatch.absent(one.case.name, one.delivery.kind))

    def _mine(self) -> Waiting | None:
        """Return the draft in hand where nobody else looks at its case, or say who does."""
        return self._alone_with(self._draft())

    def _alone_with(self, one: P | None) -> P | None:
        """Return what is in hand where nobody else looks at its case, or say who does."""
        if one is None:
            return None
        try:
            someone = self.claim()
        except EarnestError as problem:
            self.tell_problem(problem)
            return None
        if someone:
            self.tell(f"{someone} is looking at {one.case.name}. Wait until they leave, or press j for the next.", ALARM)
            return None
        return one

    def action_approve(self) -> None:
        """Say yes."""
        self._approve(private_only=False)

    def action_private_only(self) -> None:
        """Say yes to the private words alone."""
        self._approve(private_only=True)

    def _approve(self, *, private_only: bool) -> None:
        if one := self._mine():
            at = self._clock()
            done = self.act(lambda: self._desk.approve(one.case.name, private_only=private_only, seen=one.draft))
            if done and done.copy:
                self.look(want=one.case.id, quiet=True)
            elif done:
                dropped = one.draft.public if private_only else None
                self._approvals.add(Approved(one.case.name, one.case.id, at, dropped, one.draft.network, complete=done.complete))
                if done.complete:
                    self.tell("")  # the countdown says it all

    def action_found(self) -> None:
        """Say that an answer in doubt is there."""
        if one := self._alone_with(self._doubt()):
            self.push_screen(Words("The address of our answer (nothing: leave it):"), lambda url: self._found(one, url))

    def _found(self, one: Parked, url: str | None) -> None:
        if not url:
            self.tell("Nothing was done.")
            return
        self.act(lambda: self._dispatch.found(one.case.name, url, one.delivery.kind, seen=one.delivery))

    def action_resend(self) -> None:
        """Say that an answer in doubt is not there, and send it."""
        if one := self._alone_with(self._doubt()):
            at = self._clock()
            if self.act(lambda: self._dispatch.resend(one.case.name, one.delivery.kind, seen=one.delivery)):
                self._approvals.add(Approved(one.case.name, one.case.id, at, network=one.delivery.network))
                self.tell("")  # the countdown says it all

    def action_take_back(self) -> None:
        """Take the latest yes back."""
        self.tell("")
        last = self._approvals.latest()
        if last is None:
            self.tell("There is nothing to take back: nothing was approved here.")
            return
        if self.act(lambda: self._back(last)):
            self.look(want=last.case_id)

    def _back(self, last: Approved) -> Done:
        done = self._dispatch.take_back(last.name)
        if last.dropped is not None:
            self._desk.edit(last.name, public=last.dropped)
        return done

    def action_edit(self) -> None:
        """Change the words."""
        if one := self._mine():
            channel = channel_kind(one.draft.network)
            self.push_screen(Edit(one, channel, lambda *words: self._keep(one, *words)), lambda kept: self._edited(one, kept))

    def _keep(self, one: Waiting, public: str | None, private: str | None) -> None:
        self._desk.edit(one.case.name, public=public, private=private, seen=one.draft)

    def _edited(self, one: Waiting, kept: bool | None) -> None:  # noqa: FBT001  # Textual hands a screen's result over by position
        self.look(quiet=True)
        now = self._pile.current
        if not kept or not isinstance(now, Waiting) or now.draft.id != one.draft.id:
            self.tell("The words are as they were." if not kept else "The words are changed.")
            return
        before, after = (one.draft.public, one.draft.private), (now.draft.public, now.draft.private)
        found = [changes(old or "", new or "") for old, new in zip(before, after, strict=True)]
        self._changes[one.draft.id] = "\n".join(filter(None, found))
        stays = self._pile.around("").problems
        self.tell("Changed, but it cannot leave as it is; press e again." if stays else "Changed. Read it once more; y sends it.")

    def action_reject(self) -> None:
        """Say no, with a reason."""
        if one := self._mine():
            self.push_screen(Ask(f"Reject {one.case.name} because of", _REASONS), lambda key: self._rejected(one, key))

    def _rejected(self, one: Waiting, key: str | None) -> None:
        if key == "x":
            self.push_screen(Words("Why? A few words:"), lambda words: self._reject(one, words and f"other: {words}"))
        elif key:
            self._reject(one, _REASONS[key])

    def _reject(self, one: Waiting, reason: str | None) -> None:
        if reason:
            self.act(lambda: self._desk.reject(one.case.name, reason, seen=one.draft))

    def action_fix(self) -> None:
        """Say how the post should have been judged."""
        one = self._mine()
        if one is None:
            return
        try:
            seen = self._correcting.seen(one.case.name, one.post.id)  # without what a storm adds: nobody corrects that
        except EarnestError as problem:
            self.tell_problem(problem)
            return
        self.push_screen(Fix(one.case.name, seen), lambda said: self._fixed(one, said))

    def _fixed(self, one: Waiting, said: Said | None) -> None:
        if said:
            self.act(lambda: self._correcting.correct(one.case.name, said.labels, note=said.note, post_id=one.post.id))
        else:
            self.tell("The judgement is as it was.")

    def action_escalate(self) -> None:
        """Tell a team."""
        one = self._draft()
        teams = dict(zip(map(str, range(1, _MOST_TEAMS + 1)), self._book.teams, strict=False))
        if one and not teams:
            self.tell("There is no team to tell: rules.yaml names none under teams.", STRONG)
        elif one:
            self.push_screen(Ask(f"Tell which team of {one.case.name} now?", teams), lambda key: self._escalate(one, teams, key))

    def _escalate(self, one: Waiting, teams: dict[str, str], key: str | None) -> None:
        if key:
            self.act(lambda: self._desk.escalate(one.case.name, teams[key], ""))

    def action_snooze(self) -> None:
        """Put the case aside."""
        if one := self._draft():
            self.push_screen(Ask(f"Put {one.case.name} aside for", SPANS), lambda key: self._snooze(one, key))

    def _snooze(self, one: Waiting, key: str | None) -> None:
        if key:
            span = span_of(key, self._clock(), self._book.timezone)
            done = self.act(lambda: self._desk.snooze(one.case.name, span))
            if done and one.case.clocks.respond_by and one.case.clocks.respond_by < self._clock() + span:
                self.tell(f"{done.says} An answer is due before that.", STRONG)

    def action_suppress(self) -> None:
        """Never write to this person again."""
        if one := self._draft():
            who = f"@{one.post.author.handle} on {one.post.network}"
            answers = {"y": "yes, never again", "n": "no"}
            self.push_screen(Ask(f"Never write to {who} again?", answers), lambda key: self._suppress(one, who, key))

    def _suppress(self, one: Waiting, who: str, key: str | None) -> None:
        def work() -> Done:
            new = self._desk.suppress(one.post.author, f"decided by {self._me} in {one.case.name}")
            ending = "is on the suppression list." if new else "was on the suppression list already."
            return Done(one.case.name, f"{who} {ending} earnest suppress remove lifts it.")

        if key == "y":
            self.act(work)

    def action_why(self) -> None:
        """Show why."""
        if one := self._in_hand():
            decision, reasons, blocks = self._pile.decision(), self._pile.reasons(), blocks_fit(sys.__stdout__)
            self.push_screen(Page(f"{one.case.name}: why", lambda width: pages.why(one, decision, width, reasons, blocks=blocks)))

    def action_conversation(self) -> None:
        """Show the conversation."""
        one, told = self._in_hand(), self._pile.story()
        if one and told:
            self.push_screen(Page(f"{one.case.name}: the conversation", lambda width: pages.conversation(told, self._clock(), width)))

    def action_history(self) -> None:
        """Show the person's earlier cases."""
        if one := self._in_hand():
            earlier, asked = self._pile.around("").earlier, self._pile.suppressed()
            title = f"@{visible(one.post.author.handle, newlines=False)}: earlier cases"
            self.push_screen(Page(title, lambda width: pages.history(one, earlier, asked, self._clock(), width)))

    def action_keys(self) -> None:
        """Show all keys."""
        self.push_screen(Page("All keys", help_lines))

    def action_open_link(self) -> None:
        """Show the link, and open it where there is a display."""
        if one := self._in_hand():
            url = one.post.url
            self.tell(url or "The network gave no link to this post.", STRONG)
            if url.startswith(("https://", "http://")) and _has_display():
                self.run_worker(lambda: webbrowser.open(url), thread=True)

    def action_move(self, step: int) -> None:
        """Go to the next one or the one before."""
        if self._in_hand() and not self._pile.move(step):
            self.tell("This is the last one." if step > 0 else "This is the first one.")
        self.look(quiet=True)

    def action_page_down(self) -> None:
        """Read on."""
        self.query_one("#body", VerticalScroll).scroll_page_down(animate=False)

    def action_filter(self) -> None:
        """Show only some."""
        self.tell("")
        self.push_screen(Words("Show only (nothing: everything):", self._filter_words), self._filter)

    def _filter(self, words: str | None) -> None:
        if words is None:
            return
        networks = (*self._pile.networks(), *speaking_networks())
        try:
            self._pile.filters = read_filter(words, self._asked if words else Filters(), self._book, networks, self._me)
        except EarnestError as problem:
            self.tell_problem(problem)
            return
        self._filter_words = words
        current = self._pile.current
        self.look(want=current.case.id if current else 0)

    def action_leave(self) -> None:
        """Leave."""
        self.exit()


def _has_display() -> bool:
    return sys.platform == "darwin" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
