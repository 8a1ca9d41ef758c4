"""The desk: what a person may do with a case, from any terminal. Every act is one transaction and one line in the log.

Two people at two terminals get one outcome: the first wins, the second is told who was faster.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from listener.clock import Clock, in_words
from listener.errors import EarnestError, UsageError
from listener.model import Author, Post
from listener.rules.rulebook import Rulebook
from listener.store import following
from listener.store import mentions as heard_ledger
from listener.store.base import Reader, Store, Tx
from listener.text import one_line
from responders import guard
from responders.byhand import by_hand_kind
from responders.channels.base import ChannelKind
from responders.circumstances import closed_gates
from responders.drafting.template import may_name
from responders.ledger import audit, cases, deliveries, drafts, escalations, people
from responders.ledger.cases import Case
from responders.ledger.drafts import Draft
from responders.model import DeliveryState, DraftState, Kind, Proposal
from responders.orders import order, order_by_hand
from responders.policies import PolicyGate, by_hand
from responders.silence import silence

UNDO = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Done:
    """What came of an act, in one sentence for the person who did it; `complete` is false where a second person must agree.

    `copy` are words that this person (or a colleague) now posts by hand, at `link`.
    """

    case: str
    says: str
    complete: bool = True
    copy: str = ""
    link: str = ""


class Desk:
    """Acts in the name of one person."""

    def __init__(
        self,
        store: Store,
        book: Rulebook,
        clock: Clock,
        channels: Callable[[str], ChannelKind | None],
        *,
        who: str,
        undo: timedelta = UNDO,
    ) -> None:
        """Act as `who`; `channels` gives what is known of a network, `undo` how long an approved reply waits before it leaves."""
        self._store = store
        self._book = book
        self._clock = clock
        self._channels = channels
        self._undo = undo
        self.who = who

    def approve(self, name: str, *, private_only: bool = False, seen: Draft | None = None) -> Done:
        """Say yes to the words of a waiting draft; `seen` is the draft as the person read it, where that was a while ago.

        Raises:
            EarnestError: nothing waits, the words have problems or are not those seen, this person said yes before, or the author
                asked us to stop.
        """
        return self._store.write(lambda tx: self._approve(tx, name, private_only=private_only, seen=seen))

    def _approve(self, tx: Tx, name: str, *, private_only: bool, seen: Draft | None) -> Done:
        case, draft, post = self._open(tx, name, seen)
        at = self._clock()
        if private_only:
            draft = self._drop_public(tx, draft)
        self._may_leave(tx, draft, post)
        said = {_same(word.who) for word in drafts.words(tx, draft.id) if word.verdict == "yes"}
        if _same(self.who) in said:
            message = f"{self.who} has said yes to {case.name} already"
            raise EarnestError(message, "it needs a second person")
        if len(said) + 1 < draft.approvals_needed:
            drafts.say(tx, draft, self.who, "yes", "", public=draft.public, private=draft.private, bound="", at=at)
            audit.record(tx, self.who, "said yes", at=at, case_id=case.id)
            return Done(case.name, f"{case.name}: your yes is kept. One more person must agree before it leaves.", complete=False)
        gate = self.gate(tx, draft, post)
        if gate:
            key = self._facts(draft)[draft.network].new_key()
            bound = order_by_hand(tx, draft, post, key=key, points=case.points, at=at, reason=gate.reason)
        else:
            bound = order(tx, draft, post, self._facts(draft), points=case.points, automatic=False, not_before=at + self._undo)
        drafts.say(tx, draft, self.who, "yes", "", public=draft.public, private=draft.private, bound=bound, at=at)
        drafts.settle(tx, draft.id, DraftState.APPROVED, f"by {self.who}", at=at)
        cases.set_state(tx, case.id, "approved", at=at)
        how = gate.name if gate else ""
        audit.record(tx, self.who, "approved", at=at, case_id=case.id, rule_version=draft.rule_version, bound=bound, by_hand=how)
        return _to_post(case, draft, post) if gate else self._leaves(case, draft, at)

    def gate(self, reader: Reader, draft: Draft, post: Post) -> PolicyGate | None:
        """Return what asks for this answer to be posted by hand, or None where Earnest sends it."""
        mute = self._channels(draft.network) is None
        found = closed_gates(reader, self._book, post, draft.brand, at=self._clock(), mute=mute)
        return by_hand(found) if draft.public is not None else None

    def _leaves(self, case: Case, draft: Draft, at: datetime) -> Done:
        still = silence(self._store, draft.network, at=at)
        when = still.after if still else f"in {in_words(self._undo)}"
        return Done(case.name, f"{case.name}: approved. It leaves {when}.")

    def _drop_public(self, tx: Tx, draft: Draft) -> Draft:
        if draft.private is None:
            message = "this draft has no private message"
            raise EarnestError(message, "write one: earnest edit CASE --private --text …")
        drafts.change_text(tx, draft.id, None, draft.private, self._problems(draft, None, draft.private))
        return drafts.get(tx, draft.id)

    def _may_leave(self, tx: Tx, draft: Draft, post: Post) -> None:
        if words := people.suppressed(tx, post.network, post.author.id):
            message = f'@{post.author.handle} asked us to stop: "{words}"'
            raise EarnestError(message, "nothing is sent to this person; earnest suppress remove lifts it if they changed their mind")
        problems = objections(draft, post, self._book, at=self._clock())
        if problems:
            message = "it cannot leave as it is: " + "; ".join(problems)
            raise EarnestError(message, f"change the words: earnest edit {cases.name_of(draft.case_id)}")

    def edit(self, name: str, *, public: str | None = None, private: str | None = None, seen: Draft | None = None) -> Done:
        """Put other words in a waiting draft (or start one by hand where none waits); None keeps what is there.

        The words are kept even where the voice check objects, and cannot leave until it no longer does.

        Raises:
            EarnestError: the case is unknown, its words are not those `seen`, or its answer is on its way already.
        """
        return self._store.write(lambda tx: self._edit(tx, name, public, private, seen))

    def _edit(self, tx: Tx, name: str, public: str | None, private: str | None, seen: Draft | None) -> Done:
        case = cases.find(tx, name)
        draft = drafts.newest(tx, case.id)
        _same_words(tx, case, draft, seen)
        post = self._post(tx, case.network, case.post_id)
        at = self._clock()
        if draft is None or draft.state is not DraftState.WAITING or draft.post_id != case.post_id:
            _not_on_its_way(tx, draft, case)
            draft = self._by_hand(tx, case, post, at)
        kind = self._facts(draft)[draft.network]
        new_public = draft.public if public is None else kind.address(public, post, Kind.PUBLIC)
        new_private = draft.private if private is None else kind.address(private, post, Kind.PRIVATE)
        changed = replace(draft, public=new_public, private=new_private, problems=self._problems(draft, new_public, new_private))
        drafts.change_text(tx, draft.id, new_public, new_private, changed.problems)
        drafts.say(tx, changed, self.who, "edited", "", public=draft.public, private=draft.private, bound="", at=at)
        cases.set_state(tx, case.id, "waiting", at=at)
        audit.record(tx, self.who, "edited", at=at, case_id=case.id)
        problems = objections(changed, post, self._book, at=at)
        if problems:
            return Done(case.name, f"{case.name}: kept, but it cannot leave as it is: {'; '.join(problems)}", complete=False)
        return Done(case.name, f"{case.name}: changed. It waits for a yes: earnest approve {case.name}")

    def _problems(self, draft: Draft, public: str | None, private: str | None) -> tuple[str, ...]:
        """Lengths, by the network's own count; the voice check is asked afresh each time, so it is not stored."""
        kind = self._facts(draft)[draft.network]
        found = []
        for what, words in ((Kind.PUBLIC, public), (Kind.PRIVATE, private)):
            if words is not None and (problem := kind.limits(what).problem(words)):
                found.append(problem)
        if private is not None and not kind.private:
            found.append(f"Earnest cannot send private messages on {draft.network}")
        return tuple(found)

    def _by_hand(self, tx: Tx, case: Case, post: Post, at: datetime) -> Draft:
        draft_id = drafts.add(
            tx,
            drafts.row(
                case.id,
                network=case.network,
                post_id=post.id,
                brand=case.brand,
                route=case.route,
                rule_version=case.rule_version,
                proposal=Proposal(None, None, None, None),
                approvals_needed=self._approvals_needed(case),
                parent_text=post.text,
                at=at,
                expires_at=None,
            ),
        )
        return drafts.get(tx, draft_id)

    def _approvals_needed(self, case: Case) -> int:
        return 2 if any(route.name == case.route and route.approval == "two-people" for route in self._book.routes) else 1

    def reject(self, name: str, reason: str, *, seen: Draft | None = None) -> Done:
        """Say no to a waiting draft, with a reason.

        Raises:
            EarnestError: nothing waits, or its words are not those `seen`.
        """

        def work(tx: Tx) -> Done:
            case, draft, _ = self._open(tx, name, seen)
            at = self._clock()
            drafts.say(tx, draft, self.who, "rejected", reason, public=draft.public, private=draft.private, bound="", at=at)
            drafts.settle(tx, draft.id, DraftState.REJECTED, reason, at=at)
            cases.set_state(tx, case.id, "closed" if reason == "no reply needed" else "open", at=at)
            audit.record(tx, self.who, "rejected", at=at, case_id=case.id, reason=reason)
            return Done(case.name, f"{case.name}: rejected ({reason}). Nothing is sent.")

        return self._store.write(work)

    def snooze(self, name: str, span: timedelta) -> Done:
        """Keep a case out of the inbox for a while."""

        def work(tx: Tx) -> Done:
            case, at = cases.find(tx, name), self._clock()
            cases.snooze(tx, case.id, at + span, at=at)
            audit.record(tx, self.who, "snoozed", at=at, case_id=case.id, seconds=int(span.total_seconds()))
            return Done(case.name, f"{case.name}: back in {in_words(span)}.")

        return self._store.write(work)

    def assign(self, name: str, assignee: str) -> Done:
        """Give a case to a person."""

        def work(tx: Tx) -> Done:
            case, at = cases.find(tx, name), self._clock()
            cases.assign(tx, case.id, assignee, at=at)
            audit.record(tx, self.who, "assigned", at=at, case_id=case.id, to=assignee)
            return Done(case.name, f"{case.name}: it is {assignee}'s now.")

        return self._store.write(work)

    def escalate(self, name: str, team: str, reason: str) -> Done:
        """Tell a team of a case now.

        Raises:
            EarnestError: there is no such case or team.
        """
        if team not in self._book.teams:
            message = f'no team is called "{team}"'
            raise UsageError(message, "rules.yaml knows: " + (", ".join(self._book.teams) or "none"))

        def work(tx: Tx) -> Done:
            case, at = cases.find(tx, name), self._clock()
            words = f"{case.name}: {case.level.value}, on {case.network}, by {self.who}" + (f": {reason}" if reason else "")
            new = escalations.raise_(tx, case.id, team, case.post_id, words, at=at)
            audit.record(tx, self.who, "escalated", at=at, case_id=case.id, team=team, reason=reason)
            return Done(case.name, f"{case.name}: {team} is being told." if new else f"{case.name}: {team} was told already.")

        return self._store.write(work)

    def note(self, name: str, reason: str) -> None:
        """Keep in the log why this person did what they just did, where the act itself has no place for a reason."""
        self._store.write(
            lambda tx: audit.record(tx, self.who, "gave a reason", at=self._clock(), case_id=cases.id_of(name), reason=reason)
        )

    def look(self, name: str) -> str:
        """Claim a case for two minutes while looking at it; return who else has it, or ""."""
        return self._store.write(lambda tx: cases.look(tx, cases.id_of(name), self.who, at=self._clock()))

    def leave(self, name: str) -> None:
        """Give up the claim made by `look`."""
        self._store.write(lambda tx: cases.leave(tx, cases.id_of(name), self.who))

    def suppress(self, author: Author, reason: str) -> bool:
        """Never write to this person again; return whether that is new. Drafts for them are dropped."""

        def work(tx: Tx) -> bool:
            at = self._clock()
            new = people.suppress(tx, author, reason, post_id="", by=self.who, at=at)
            if new:
                audit.record(tx, self.who, "suppressed", at=at, network=author.network, author=author.id)
            for case_id in drafts.drop_for(tx, author.network, author.id, "nothing is sent to this person", at=at):
                cases.set_state(tx, case_id, "closed", at=at)
                audit.record(tx, self.who, "dropped draft", at=at, case_id=case_id, reason="suppressed")
            return new

        return self._store.write(work)

    def lift(self, network: str, author_id: str) -> bool:
        """Take a person off the suppression list; return whether they were on it."""

        def work(tx: Tx) -> bool:
            at = self._clock()
            was = people.lift(tx, network, author_id, by=self.who, at=at)
            if was:
                audit.record(tx, self.who, "lifted suppression", at=at, network=network, author=author_id)
            return was

        return self._store.write(work)

    def _open(self, tx: Tx, name: str, seen: Draft | None = None) -> tuple[Case, Draft, Post]:
        case = cases.find(tx, name)
        draft = drafts.newest(tx, case.id)
        if draft is None:
            message = f"no draft waits in {case.name}"
            raise EarnestError(message, f"write one: earnest edit {case.name} --text …")
        if draft.state is not DraftState.WAITING:
            last = next((word.who for word in reversed(drafts.words(tx, draft.id))), "")
            how = f": {draft.reason}" if draft.state is DraftState.DROPPED and draft.reason else f", by {last}" if last else ""
            message = f"{case.name} is {draft.state.value} already{how}"
            raise EarnestError(message, f"earnest show {case.name} tells the whole story")
        _same_words(tx, case, draft, seen)
        return case, draft, self._post(tx, draft.network, draft.post_id)

    def _post(self, tx: Tx, network: str, post_id: str) -> Post:
        post = heard_ledger.post(tx, network, post_id)
        if post is None:
            message = "the post of this case is no longer in the store"
            raise EarnestError(message)
        if gone := following.fate(tx, network, post_id).deleted_at:
            message = f"its author deleted this post (noticed on {gone:%Y-%m-%d}), so nothing can be answered to it"
            raise EarnestError(message, "what is left to know: earnest show CASE")
        return post

    def _facts(self, draft: Draft) -> Mapping[str, ChannelKind]:
        return {draft.network: self._channels(draft.network) or by_hand_kind(draft.network)}


def _to_post(case: Case, draft: Draft, post: Post) -> Done:
    where = one_line(post.url, 300) or f"{post.network} (the network gave no link)"
    says = f"{case.name}: approved. Earnest does not send it; post it by hand: {where}"
    return Done(case.name, says, copy=draft.public or "", link=post.url)


def _same(who: str) -> str:
    """Return what makes two names one person's: capitals and spaces do not."""
    return "".join(who.casefold().split())


def _not_on_its_way(tx: Tx, draft: Draft | None, case: Case) -> None:
    if draft and draft.state is DraftState.APPROVED and draft.post_id == case.post_id:
        if any(one.state is DeliveryState.PARKED and one.draft_id == draft.id for one in deliveries.of_case(tx, case.id)):
            message = f"whether the answer of {case.name} is there cannot be told"
            raise EarnestError(
                message, f"look, then: earnest found {case.name} https://…, earnest resend {case.name}, earnest absent {case.name}"
            )
        message = f"the answer to {case.name} is approved already" + (f", by {draft.reason.removeprefix('by ')}" if draft.reason else "")
        hint = f"take it back first: earnest undo {case.name}, while it has not left; earnest withdraw {case.name}, where it was sent"
        raise EarnestError(message, hint)


def objections(draft: Draft, post: Post, book: Rulebook, *, at: datetime) -> tuple[str, ...]:
    """Return every reason why these words cannot leave, each once: what was found when they were stored, and the voice check now."""
    found, today, named = [*draft.problems], guard.today_of(book, at), may_name(book, draft.public_template, post)
    for kind, words in ((Kind.PUBLIC, draft.public), (Kind.PRIVATE, draft.private)):
        if words is not None:
            found += guard.check(words, kind=kind, book=book, post=post, name_allowed=named, today=today)
    if draft.public is None and draft.private is None:
        found.append("there are no words in it")
    return tuple(dict.fromkeys(found))


def _same_words(tx: Tx, case: Case, draft: Draft | None, seen: Draft | None) -> None:
    """Refuse an act on words that changed since the person read them."""
    if seen and (draft is None or (draft.id, draft.public, draft.private) != (seen.id, seen.public, seen.private)):
        who = drafts.words(tx, draft.id)[-1:] if draft else ()
        by = f", by {who[0].who}" if who else ""
        message = f"{case.name} has other words now than those you read{by}; nothing was done"
        raise EarnestError(message, "read it again")
