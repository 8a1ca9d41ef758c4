"""What a person may do with an answer that was approved: take the yes back, settle doubt by their own look, take words back.

Every act is one transaction and one line in the log; of two people at two terminals the first wins and the second is told.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from urllib.parse import urlsplit

from listener.clock import Clock, in_words
from listener.errors import EarnestError, UsageError
from listener.store import mentions as heard_ledger
from listener.store.base import Reader, Store, Tx
from listener.text import one_line, visible
from responders.approvals import UNDO, Done
from responders.channels.base import ChannelKind, Sent
from responders.ledger import audit, cases, deliveries, drafts, incidents, moves
from responders.ledger.cases import Case
from responders.ledger.drafts import Draft
from responders.lifecycle import Arrow
from responders.model import Delivery, DeliveryState, DraftState, Kind
from responders.sending import endings, withdrawals
from responders.silence import silence

_WEB = ("https://", "http://")
_LONGEST = 2_000  # characters of an address
_IN_HAND = frozenset({DeliveryState.BY_HAND, DeliveryState.SENT})


class Dispatch:
    """Acts in the name of one person."""

    def __init__(
        self, store: Store, clock: Clock, channels: Callable[[str], ChannelKind | None], *, who: str, undo: timedelta = UNDO
    ) -> None:
        """Act as `who`; `undo` is how long an answer waits before it leaves."""
        self._store = store
        self._clock = clock
        self._channels = channels
        self._undo = undo
        self.who = who

    def take_back(self, name: str) -> Done:
        """Take an approval back while surely nothing has left.

        Raises:
            EarnestError: it left already, may have left, or was never approved.
        """
        return self._store.write(lambda tx: self._take_back(tx, cases.find(tx, name)))

    def _take_back(self, tx: Tx, case: Case) -> Done:
        draft = newest = drafts.newest(tx, case.id)
        if newest and newest.state is DraftState.WAITING and drafts.void(tx, newest.id, self.who):
            audit.record(tx, self.who, "took back", at=self._clock(), case_id=case.id)
            return Done(case.name, f"{case.name}: your yes is taken back. The draft still waits.")
        if newest and newest.state is not DraftState.APPROVED:
            draft = _about_to_leave(tx, case)
        if draft and moves.take_back_resent(tx, draft.id):
            return self._park_again(tx, case, newest)
        if draft is None or draft.state is not DraftState.APPROVED:
            message = f"{case.name} cannot be taken back: no approval of it stands"
            raise EarnestError(message, f"earnest show {case.name} says where it stands")
        waiting = [one for one in deliveries.of_case(tx, case.id) if one.draft_id == draft.id]
        if not moves.take_back(tx, draft.id):
            message = f"{case.name} cannot be taken back: it has left, or may have"
            raise EarnestError(
                message, f"earnest show {case.name} says where it stands; earnest withdraw takes a sent answer off the network"
            )
        at = self._clock()
        for one in waiting:
            incidents.end(tx, incidents.by_hand(one.id), at=at)
        drafts.reopen(tx, draft.id, f"taken back by {self.who}")
        drafts.against(tx, draft, self.who, "undone", "", at=at)
        now = drafts.newest(tx, case.id)
        cases.set_state(tx, case.id, "waiting" if now and now.state is DraftState.WAITING else "open", at=at)
        audit.record(tx, self.who, "took back", at=at, case_id=case.id)
        says = "The draft waits again." if draft is newest else "A newer draft stands in its place."
        return Done(case.name, f"{case.name}: taken back. {says}")

    def _park_again(self, tx: Tx, case: Case, newest: Draft | None) -> Done:
        at = self._clock()
        cases.set_state(tx, case.id, "waiting" if newest and newest.state is DraftState.WAITING else "open", at=at)
        audit.record(tx, self.who, "took back", at=at, case_id=case.id)
        return Done(case.name, f"{case.name}: taken back. Whether it is there is open as before: earnest show {case.name}")

    def in_doubt(self, name: str, kind: Kind | None = None) -> Delivery:
        """Return the parked answer that `found` and `resend` would settle, for a person to read first.

        Raises:
            EarnestError: no answer of the case is parked.
            UsageError: it is not clear which one.
        """
        reader = self._store.read()
        return self._the_one(reader, cases.find(reader, name), kind, None)

    def found(self, name: str, url: str, kind: Kind | None = None, *, seen: Delivery | None = None) -> Done:
        """Record that a parked answer is on the network, at the address a person found it; `seen` is the answer they looked for.

        Raises:
            EarnestError: no answer of the case is parked, or it is not the one `seen`.
            UsageError: it is not clear which one, or `url` is no web address.
        """
        url = _address(url, "found")
        return self._store.write(lambda tx: self._found(tx, name, url, kind, seen))

    def posted(self, name: str, url: str = "", *, seen: Delivery | None = None) -> Done:
        """Record that a person posted an approved answer by hand, at `url` where they copied its address.

        Raises:
            EarnestError: no answer of the case is to be posted by hand, or it is not the one `seen`.
            UsageError: `url` is no web address, or cannot be our answer's.
        """
        url = _address(url, "posted") if url.strip() else ""
        return self._store.write(lambda tx: self._posted(tx, name, url, seen))

    def _posted(self, tx: Tx, name: str, url: str, seen: Delivery | None) -> Done:
        case, at = cases.find(tx, name), self._clock()
        this = self._to_post(tx, case, seen)
        facts = self._channels(this.network)
        there = Sent(facts.id_in(url, this.account) if facts else url, url) if url else Sent("", "")
        if url:
            _check_answer(tx, this, there)
        endings.sent(tx, this, there, f"posted by hand by {self.who}", at=at, who=self.who)
        return Done(case.name, f"{case.name}: kept as posted by hand by {self.who}. It counts as our answer.")

    def to_post(self, name: str) -> Delivery:
        """Return the answer of a case that a person is to post by hand.

        Raises:
            EarnestError: there is none.
        """
        reader = self._store.read()
        return self._to_post(reader, cases.find(reader, name), None)

    def _to_post(self, reader: Reader, case: Case, seen: Delivery | None) -> Delivery:
        found = [one for one in self._of(reader, case, None) if one.state is DeliveryState.BY_HAND]
        if not found:
            raise _nothing(case, "no answer of it waits to be posted by hand", self._of(reader, case, None))
        if seen and found[0].id != seen.id:
            message = f"another answer of {case.name} is to be posted now than the one you read; nothing was done"
            raise EarnestError(message, "read it again")
        return found[0]

    def _found(self, tx: Tx, name: str, url: str, kind: Kind | None, seen: Delivery | None) -> Done:
        case, at = cases.find(tx, name), self._clock()
        this = self._the_one(tx, case, kind, seen)
        facts = self._channels(this.network)
        there = Sent(facts.id_in(url, this.account) if facts else url, url)
        _check_place(tx, this, there)
        endings.sent(tx, this, there, f"found there by {self.who}", at=at, who=self.who)
        if drafts.get(tx, this.draft_id).state is not DraftState.WAITING:
            return Done(case.name, f"{case.name}: kept as sent. The {this.kind.value} answer stands at {url}")
        says = f"{case.name}: kept as sent. The public word about it waits for your yes: earnest approve {case.name}"
        return Done(case.name, says, complete=False)

    def resend(self, name: str, kind: Kind | None = None, *, seen: Delivery | None = None) -> Done:
        """Say yes again to a parked answer that a person looked for and did not find: it leaves after the usual wait.

        It is looked for once more by the program before it leaves. What was to follow it follows it. `seen` is the answer they read.

        Raises:
            EarnestError: no answer of the case is parked, or it is not the one `seen`.
            UsageError: it is not clear which one.
        """

        def work(tx: Tx) -> Done:
            case, at = cases.find(tx, name), self._clock()
            this = self._the_one(tx, case, kind, seen)
            moves.resend(tx, this.id, not_before=at + self._undo)
            incidents.end(tx, incidents.parked(this.id), at=at)
            moves.follow_again(tx, this.id, not_before=at + self._undo)
            cases.set_state(tx, case.id, "approved", at=at)
            audit.record(tx, self.who, "sent again", at=at, case_id=case.id, kind=this.kind.value, bound=this.bound)
            still = silence(self._store, this.network, at=at)
            when = still.after if still else f"in {in_words(self._undo)}"
            return Done(case.name, f"{case.name}: it leaves {when}, unless a last look finds it after all.")

        return self._store.write(work)

    def absent(self, name: str, kind: Kind | None = None) -> Done:
        """Record that an answer is not on the network: a parked one, or one that was to be posted by hand, or was.

        A parked one shall not be sent as it is, and one that waited for a hand not be posted: the draft waits for other words. One that
        was posted by hand and deleted there is kept as taken back.

        Raises:
            EarnestError: the case has no such answer.
            UsageError: it is not clear which one.
        """

        def work(tx: Tx) -> Done:
            case, at = cases.find(tx, name), self._clock()
            hand = next((one for one in self._of(tx, case, kind) if one.by_hand and one.state in _IN_HAND), None)
            if hand:
                return self._absent_by_hand(tx, case, hand)
            this = self._the_one(tx, case, kind, None)
            moves.set_aside(tx, this.id, reason=f"{self.who} looked, and it is not there")
            incidents.end(tx, incidents.parked(this.id), at=at)
            drafts.reopen(tx, this.draft_id, "it was not sent; write other words or say no")
            cases.set_state(tx, case.id, "waiting", at=at)
            audit.record(tx, self.who, "not there", at=at, case_id=case.id, kind=this.kind.value)
            return Done(case.name, f"{case.name}: kept as not sent. The draft waits again.")

        return self._store.write(work)

    def _absent_by_hand(self, tx: Tx, case: Case, this: Delivery) -> Done:
        at, why = self._clock(), f"{self.who} does not post it"
        if this.state is DeliveryState.BY_HAND:
            endings.lapse(tx, this, why, at=at, who=self.who)
            return Done(case.name, f"{case.name}: nobody is asked to post it any more. The draft waits again.")
        drafts.against(tx, drafts.get(tx, this.draft_id), self.who, "withdrew", "deleted by hand", at=at)
        withdrawals.gone_by_hand(tx, this, f"{self.who} looked, and it is not there", at=at, who=self.who)
        return Done(case.name, f"{case.name}: kept as taken back. Another answer may be written: earnest edit {case.name} --text …")

    def withdraw(self, name: str, reason: str, kind: Kind | None = None) -> Done:
        """Ask for a sent answer to be taken off its network; the daemon does it, also while sending is paused.

        Raises:
            EarnestError: no answer of the case has been sent.
        """

        def work(tx: Tx) -> Done:
            case, at = cases.find(tx, name), self._clock()
            sent = [one for one in self._of(tx, case, kind) if one.state is DeliveryState.SENT]
            chosen = [one for one in sent if not one.by_hand]
            if sent and not chosen:
                message = f"the answer of {case.name} was posted by hand, so Earnest cannot delete it"
                where = one_line(sent[0].remote_url or sent[0].parent.url, 300)
                raise EarnestError(message, f"delete it there yourself ({where}), then say so: earnest absent {case.name}")
            if not chosen:
                raise _nothing(case, "no answer of it has been sent", self._of(tx, case, kind))
            for one in chosen:
                moves.move(tx, one.id, Arrow.RECALL, reason=reason, not_before=at, at=at)
                for row in tx.all("SELECT * FROM deliveries WHERE after_id = :id AND state = 'ready'", id=one.id):
                    endings.hold(tx, row, f"the {one.kind.value} answer before it was taken back", at=at)
                drafts.against(tx, drafts.get(tx, one.draft_id), self.who, "withdrew", reason, at=at)
                audit.record(tx, self.who, "withdrew", at=at, case_id=case.id, kind=one.kind.value, reason=reason)
            what = " and ".join(f"the {one.kind.value} answer" for one in chosen)
            verb = "is" if len(chosen) == 1 else "are"
            return Done(case.name, f"{case.name}: {what} {verb} being taken back from {case.network}.")

        return self._store.write(work)

    def _of(self, reader: Reader, case: Case, kind: Kind | None) -> list[Delivery]:
        return [one for one in deliveries.of_case(reader, case.id) if kind is None or one.kind is kind]

    def _the_one(self, reader: Reader, case: Case, kind: Kind | None, seen: Delivery | None) -> Delivery:
        """Return the parked answer that is meant, the oldest first."""
        found = [one for one in self._of(reader, case, kind) if one.state is DeliveryState.PARKED]
        if not found:
            raise _nothing(case, "no answer of it is parked", self._of(reader, case, kind))
        if len(found) > 1 and kind is None and len({one.kind for one in found}) > 1:
            message = f"both answers of {case.name} are parked"
            raise UsageError(message, "say which one: --kind public or --kind private")
        if seen and found[0].id != seen.id:
            message = f"another answer of {case.name} is in doubt now than the one you read; nothing was done"
            raise EarnestError(message, "read it again")
        return found[0]


def _about_to_leave(reader: Reader, case: Case) -> Draft | None:
    """Return the draft of an answer that has not left yet: what a person sent again may be older than the newest draft."""
    ready = [one for one in deliveries.of_case(reader, case.id) if one.state is DeliveryState.READY]
    return drafts.get(reader, ready[-1].draft_id) if ready else None


def _check_place(tx: Tx, this: Delivery, there: Sent) -> None:
    """Refuse an address that cannot be our answer's: on another site, the post itself, or another answer of ours."""
    home = next((known.url for known in heard_ledger.accounts(tx) if known.network == this.network and known.url), "")
    if home and _site(home) != _site(there.url):
        message = f"our answers on {this.network} stand on {urlsplit(home).hostname}, and this address is elsewhere"
        raise UsageError(message, f"open it from our own page: {home}")
    if there.remote_id in {"", this.parent.id} or there.url == this.parent.url:
        message = "that is the post itself, not our answer to it"
        raise UsageError(message, "open our answer, and copy its own address")
    if deliveries.is_another(tx, this, there.remote_id):
        message = "another answer of ours stands at that address"
        raise UsageError(message, f"look again: earnest show {this.case} has the words to look for")


def _check_answer(tx: Tx, this: Delivery, there: Sent) -> None:
    """Refuse the address of the post itself, or of another answer of ours; whose account a person posts with is theirs to say."""
    if there.remote_id == this.parent.id or there.url == this.parent.url:
        message = "that is the post itself, not our answer to it"
        raise UsageError(message, "open our answer, and copy its own address; or leave the address out")
    if deliveries.is_another(tx, this, there.remote_id):
        message = "another answer of ours stands at that address"
        raise UsageError(message, f"look again: earnest show {this.case} has the words to look for")


def _address(url: str, command: str) -> str:
    """Return a web address without what surrounds it.

    Raises:
        UsageError: it is none.
    """
    url = url.strip()
    plain = visible(url) == url and not any(one.isspace() for one in url)
    if url.startswith(_WEB) and len(url) <= _LONGEST and plain and _is_written_well(url):
        return url
    message = "that is no web address"
    option = " --url" if command == "posted" else ""
    raise UsageError(message, f"copy the address of our answer from your browser: earnest {command} CASE{option} https://…")


def _is_written_well(url: str) -> bool:
    """Return whether a host and a port can be read out of an address: urllib raises where brackets or digits make no sense."""
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False


def _site(url: str) -> tuple[str, ...]:
    """Return what tells sites apart: the last two parts of a host (www., old. and the like do not matter), and the port."""
    parts = urlsplit(url)
    return (*(parts.hostname or "").split(".")[-2:], str(parts.port or ""))


def _nothing(case: Case, why: str, there: Sequence[Delivery]) -> EarnestError:
    """Say that somebody may have been faster, and how things stand."""
    now = ", ".join(f"the {one.kind.value} answer is {one.state.value}" for one in there)
    return EarnestError(f"{case.name}: {why}" + (f" ({now})" if now else ""), f"earnest show {case.name} tells the whole story")
