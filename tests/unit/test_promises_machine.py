"""Whole histories made up by Hypothesis: hear, edit, delete, approve, revoke, pause, crash, late accepts, clocks that jump.

After every step: each answer is on the network at most once (P1), in the very words that were approved and not revoked since, to that
post, by that account, at that visibility (P3); nothing left while sending was stopped (P6), and no more by itself than the limits allow
(P7). After a quarter of an hour with a network that behaves, nothing is in between any more, and what is sent has its place (P2).

`HISTORIES=10000 pytest tests/unit/test_promises_machine.py` makes that many; the usual run makes a few.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Coroutine
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from listener.errors import EarnestError
from responders.dispatch import Dispatch
from responders.house import channel_kind
from responders.lifecycle import Arrow
from responders.model import Delivery, DeliveryState, Kind
from responders.sending import byhand
from responders.switch import Switch
from tests.histories import EMPTY, Copy, Died, Net, Store
from tests.mouth import NETWORK, US, House, Mouth

WORDS = (
    "@acme hello there, one thing",
    "@acme you charged me twice and support ignores me",
    "@acme love the new shoes!!",
    "@acme the charger started smoking and burned my hand",
)
NOT_TO_US = ("my Acme shoes are odd, one thing", "Acme made lovely shoes, I love them")
LIES = ("", "", "", "504", "late", "very late", "lost", "refused", "unsent", "barred")
PER_THREAD, PER_AUTHOR = 1, 2
FINAL = {DeliveryState(one) for one in ("sent", "refused", "held", "parked", "withdrawn", "by_hand")}
WAYS = {(arrow.source, arrow.target) for arrow in Arrow}


class Histories(RuleBasedStateMachine):
    """One brand, one network, a few people, and everything that may happen."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = TemporaryDirectory()
        self.approved: dict[tuple[str, Kind], set[str]] = {}
        self.stopped = False

    @initialize(keys=st.booleans())
    def begin(self, keys: bool) -> None:  # noqa: FBT001  # Hypothesis calls it
        folder = Path(self.folder.name)
        store = Store(folder, EMPTY)
        limits = {"limits": {"per_thread": PER_THREAD, "per_author": f"{PER_AUTHOR}/7d"}, "pause_when": []}
        self.house = House(folder, store=lambda _url: store, mode="send", boundaries=limits)  # type: ignore[arg-type, return-value]
        self.store = store
        self.net = Net(self.house.clock, keys=keys, at_post=self._as_approved)
        self.house.channels[NETWORK] = self.net

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:  # noqa: ANN401  # whatever the work returns
        return self.runner.run(work)

    def _as_approved(self, delivery: Delivery) -> None:
        assert not self.stopped, "P6: it left while sending was stopped"
        assert delivery.text in self.approved.get((delivery.parent.id, delivery.kind), set()), "P3: nobody approved these words"
        assert delivery.account == US.id
        now = self.net.posts[delivery.parent.id]
        assert now is not None, "it answers a post that is gone"
        assert now.text == delivery.parent.text, "it answers a post that was changed"

    def _cases(self) -> list[str]:
        return [f"A-{row['id']}" for row in self.house.rows("SELECT id FROM cases ORDER BY id")]

    def _pick(self, index: int) -> str:
        names = self._cases()
        return names[index % len(names)] if names else "A-1"

    def _draft(self, name: str) -> dict[str, Any]:
        rows = self.house.rows("SELECT * FROM drafts WHERE case_id = :case ORDER BY id DESC LIMIT 1", case=int(name[2:]))
        return dict(rows[0]) if rows else {}

    def _note(self, name: str) -> None:
        """Remember the words of the newest draft of a case as approved."""
        draft = self._draft(name)
        for what, column in ((Kind.PUBLIC, "public_text"), (Kind.PRIVATE, "private_text")):
            if draft.get(column):
                self.approved.setdefault((draft["post_id"], what), set()).add(draft[column])

    def _forget(self, name: str) -> None:
        for what in Kind:
            self.approved.pop((self._draft(name)["post_id"], what), None)

    @rule(words=st.sampled_from(WORDS), by=st.sampled_from(["marta", "lea"]), again=st.booleans())
    def hear(self, words: str, by: str, again: bool) -> None:  # noqa: FBT001  # Hypothesis calls it
        known = [post for post in self.net.posts.values() if post and post.author.handle == by]
        thread = known[-1].thread_id if again and known else ""
        post = self.house.post(f"p{len(self.net.posts) + 1}", words, by, thread=thread, age=1)
        self.net.posts[post.id] = post
        self._run(self.house.hear(post))
        self._think()

    @rule(words=st.sampled_from(NOT_TO_US), by=st.sampled_from(["marta", "lea"]))
    def hear_what_is_not_said_to_us(self, words: str, by: str) -> None:
        post = self.house.post(f"p{len(self.net.posts) + 1}", words, by, age=1, mentions=())
        self.net.posts[post.id] = post
        self._run(self.house.hear(post))
        self._think()

    def _think(self) -> None:
        for noted in self._run(self.house.think()):
            if noted.state == "approved" and "send" in noted.decision.actions:
                self._note(noted.case)

    @precondition(lambda self: self.net.posts)
    @rule(index=st.integers(0, 9), heard=st.booleans())
    def edited_by_its_author(self, index: int, heard: bool) -> None:  # noqa: FBT001  # Hypothesis calls it
        names = sorted(self.net.posts)
        post = self.net.posts[names[index % len(names)]]
        if post is not None:
            changed = replace(post, text=post.text + " and now I am angry", version=f"v{len(post.text)}")
            self.net.posts[post.id] = changed
            if heard:
                self._run(self.house.hear(changed))
                self._think()

    @precondition(lambda self: self.net.posts)
    @rule(index=st.integers(0, 9))
    def deleted_by_its_author(self, index: int) -> None:
        names = sorted(self.net.posts)
        self.net.posts[names[index % len(names)]] = None

    @rule(by=st.sampled_from(["marta", "lea"]))
    def asks_us_to_stop(self, by: str) -> None:
        self.hear("@acme stop messaging me, leave me alone", by, again=False)

    @rule(index=st.integers(0, 9), who=st.sampled_from(["jo", "kim"]))
    def approve(self, index: int, who: str) -> None:
        name = self._pick(index)
        try:
            done = self.house.desk(who).approve(name)
        except EarnestError:
            return
        if done.complete:
            self._note(name)

    @rule(index=st.integers(0, 9))
    def revoke(self, index: int) -> None:
        name = self._pick(index)
        try:
            self._dispatch().take_back(name)
        except EarnestError:
            return
        self._forget(name)

    @rule(index=st.integers(0, 9), words=st.sampled_from(["Which one was it?", "Could you tell us the day?"]))
    def write_other_words(self, index: int, words: str) -> None:
        try:
            self.house.desk().edit(self._pick(index), public=words)
        except EarnestError:
            return

    def _dispatch(self) -> Dispatch:
        return Dispatch(self.house.store, self.house.clock, channel_kind, who="jo")

    @rule(index=st.integers(0, 9))
    def a_person_settles_a_doubt(self, index: int) -> None:
        """Look at the network as it truly is, and say so."""
        name = self._pick(index)
        rows = self.house.rows("SELECT * FROM deliveries WHERE case_id = :case AND state = 'parked'", case=int(name[2:]))
        for row in rows[:1]:
            there = next((one.delivery for one in self.net.copies if one.delivery.key == row["key"]), None)
            if there:
                self._dispatch().found(name, Mouth.sent(there).url, Kind(str(row["kind"])))
            else:
                self._dispatch().resend(name, Kind(str(row["kind"])))

    @rule(index=st.integers(0, 9), does=st.sampled_from(["posted", "posted", "not posted"]))
    def a_person_posts_by_hand(self, index: int, does: str) -> None:
        """Post the very words that wait for a hand, and say so; or say that nobody will."""
        name = self._pick(index)
        try:
            this = self._dispatch().to_post(name)
        except EarnestError:
            return
        assert this.text in self.approved.get((this.parent.id, this.kind), set()), "P3: nobody approved these words"
        if does == "posted":
            self.net.copies.append(Copy(this, self.house.clock()))
            self._dispatch().posted(name, Mouth.sent(this).url, seen=this)
        else:
            self._dispatch().absent(name)

    @rule(index=st.integers(0, 9))
    def somebody_deletes_what_was_posted_by_hand(self, index: int) -> None:
        name = self._pick(index)
        rows = self.house.rows("SELECT * FROM deliveries WHERE case_id = :case AND by_hand = 1 AND state = 'sent'", case=int(name[2:]))
        for row in rows:
            self.net.copies = [one for one in self.net.copies if one.delivery.key != row["key"]]
            self._dispatch().absent(name)

    @rule()
    def look_after_hands(self) -> None:
        self._run(byhand.look_after(self.store, self.house.book, self.house.clock, {NETWORK: channel_kind(NETWORK)}))  # type: ignore[arg-type, dict-item]

    @rule(index=st.integers(0, 9))
    def withdraw(self, index: int) -> None:
        name = self._pick(index)
        try:
            self._dispatch().withdraw(name, "the wrong shop")
        except EarnestError:
            return

    @rule()
    def pause(self) -> None:
        Switch(self.house.store, self.house.clock, who="kim").pause("a storm", None)
        self.stopped = True

    @precondition(lambda self: self.stopped)
    @rule()
    def resume(self) -> None:
        Switch(self.house.store, self.house.clock, who="kim").resume()
        self.stopped = False

    @rule(seconds=st.sampled_from([1, 11, 60, 100, 700, 3_700, 8_000, -10_800]))
    def the_clock_jumps(self, seconds: int) -> None:
        self.house.clock.forward(seconds=seconds)

    @rule(lie=st.sampled_from(LIES), wait=st.sampled_from([0, 11, 100]), dies_after=st.integers(0, 12))
    def send(self, lie: str, wait: int, dies_after: int) -> None:
        """One round of sending; the process may die around one of its commits, and another one starts."""
        self.net.lie = lie
        self.house.clock.forward(seconds=wait)
        self.store.left = dies_after
        try:
            self._run(self.house.outbox().round())
        except Died:
            self.store.left = 0
            self._run(self.house.outbox().recover())
        finally:
            self.store.left = 0
            self.net.lie = ""

    @invariant()
    def at_most_once(self) -> None:
        if not hasattr(self, "net"):
            return
        places = Counter((one.delivery.parent.id, one.delivery.kind) for one in self.net.copies)
        assert all(many == 1 for many in places.values()), f"P1: {places}"

    @invariant()
    def no_more_by_itself_than_allowed(self) -> None:
        if not hasattr(self, "net"):
            return
        rows = self.house.rows("SELECT author_id, thread_id FROM deliveries WHERE automatic = 1 AND remote_id <> ''")
        assert all(many <= PER_THREAD for many in Counter(row["thread_id"] for row in rows).values()), "P7: a thread"
        assert all(many <= PER_AUTHOR for many in Counter(row["author_id"] for row in rows).values()), "P7: a person"

    def teardown(self) -> None:
        try:
            if hasattr(self, "net"):
                self._settle()
        finally:
            self.runner.close()
            if hasattr(self, "store"):
                self.store.close()
            self.folder.cleanup()

    def _settle(self) -> None:
        """Let a quarter of an hour pass on a network that behaves: nothing stays in between (P2)."""
        if self.stopped:
            self.resume()
        for _ in range(22):
            self.house.clock.forward(seconds=60)
            self._run(self.house.outbox().round())
        rows = self.house.rows("SELECT * FROM deliveries")
        late = [row for row in rows if DeliveryState(str(row["state"])) not in FINAL]
        between = [f"{row['state']} until {row['not_before']}: {row['reason']}" for row in late]
        assert not between, f"P2, at {self.house.clock()}: {between}"
        assert all(row["remote_id"] for row in rows if row["state"] == "sent"), "P2: sent, but where?"
        self.at_most_once()
        self.no_more_by_itself_than_allowed()
        walked = {(row["source"], row["target"]) for row in self.house.rows("SELECT DISTINCT source, target FROM temp.walked")}
        assert walked <= WAYS, f"a way that is not drawn: {walked - WAYS}"


Histories.TestCase.settings = settings(
    max_examples=int(os.environ.get("HISTORIES", "40")),
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize="HISTORIES" not in os.environ,
)
TestHistories = Histories.TestCase
