"""What the store says around the posts of a page: each thing is asked once for all of them, when it is first wanted.

What has been done of the page since is told to it, so that the next mention sees what it would have seen alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from typing import NamedTuple

from listener.clock import from_text
from listener.model import Post
from listener.store.base import Reader, Row, number, storable, text, text_or_none
from responders.ledger import cases, deliveries, people, said

_MEMORY = timedelta(days=90)  # the longest span in which answers to one person are counted
_NOBODY: Mapping[str | None, int] = {}
_ANSWERS = ("left", "answered", "remotes", "spoke_alone")


class Left(NamedTuple):
    """An answer that left, or is about to: to whom, in which thread, by which route, and when."""

    author_id: str
    thread_id: str
    route: str
    at: datetime


class Nearby:
    """The surroundings of some posts. `without` is a draft whose own deliveries do not count."""

    def __init__(self, reader: Reader, posts: Iterable[Post], *, at: datetime, without: int | None = None) -> None:
        """Look around `posts` as things stand at `at`."""
        found: dict[str, list[Post]] = {}
        for post in posts:
            found.setdefault(post.network, []).append(post)
        self._on = {network: _On(reader, network, there, at - _MEMORY, without or 0) for network, there in found.items()}

    def suppressed(self, post: Post) -> str:
        """Return the words by which its author asked us to stop, or ""."""
        return self._on[post.network].suppressed.get(post.author.id, "")

    def listed(self, post: Post, words: str) -> None:
        """Hear that the author of a post asked us to stop in these words."""
        self._on[post.network].suppressed[post.author.id] = people.kept(storable(words))

    def to_author(self, post: Post) -> Sequence[Left]:
        """Return the answers to its author in the last 90 days."""
        return self._on[post.network].to_author.get(post.author.id, ())

    def in_thread(self, post: Post) -> Sequence[Left]:
        """Return the answers in its thread in the last 90 days."""
        return self._on[post.network].in_thread.get(post.thread_id, ())

    def answered(self, post: Post) -> bool:
        """Return whether an answer of ours stands under it, or may."""
        answered = self._on[post.network].answered
        return bool(answered) and ((post.id, None) in answered or (post.id, post.thread_id) in answered)

    def answers_ours(self, post: Post) -> bool:
        """Return whether it answers an answer of ours: sent from here, or written elsewhere by our account and heard."""
        if not post.parent_id:
            return False
        on = self._on[post.network]
        return post.parent_id in on.remotes or on.own.get(post.parent_id, False)

    def answers_sent(self, post: Post) -> bool:
        """Return whether it answers an answer that was sent from here."""
        return bool(post.parent_id) and post.parent_id in self._on[post.network].remotes

    def answers_alone(self, post: Post, *, by_us: bool) -> bool:
        """Return whether it answers something that we said by ourselves; `by_us` says that our account wrote what it answers.

        A post of ours that no record names, in a thread where we spoke by ourselves, is taken for one of those: a record may hold no id
        (yet), or a mistaken one.
        """
        if post.parent_id is None:
            return False
        on = self._on[post.network]
        alone = on.remotes.get(post.parent_id)
        return (by_us and post.thread_id in on.spoke_alone) if alone is None else alone

    def our_thread(self, post: Post) -> bool:
        """Return whether we began its thread."""
        return post.own if post.id == post.thread_id else post.thread_id in self._on[post.network].own

    def waits_for(self, post: Post) -> bool:
        """Return whether an answer to its author waits in its thread for a person, or to leave."""
        return self._waiting(post).get(post.author.id, 0) > 0

    def waits_for_others(self, post: Post) -> bool:
        """Return whether an answer to anybody but its author waits in its thread for a person, or to leave."""
        waiting = self._waiting(post)
        return sum(waiting.values()) > waiting.get(post.author.id, 0)

    def _waiting(self, post: Post) -> Mapping[str | None, int]:
        return self._on[post.network].waiting.get(post.thread_id, _NOBODY)

    def look_for_waiting(self) -> None:
        """Count what waits in the threads now; from here on `moved` has to be told."""
        for on in self._on.values():
            on.forget("waiting")
            _ = on.waiting

    def moved(self, case: cases.Case, state: str) -> None:
        """Hear that a case of one of the authors moves to another state."""
        change = (state in said.WAITING) - (case.state in said.WAITING)
        if change:
            waiting = self._on[case.network].waiting.setdefault(case.thread_id, {})
            waiting[case.author_id] = waiting.get(case.author_id, 0) + change

    def brands_decided(self, post: Post) -> frozenset[str]:
        """Return for which brands it was decided before; what comes then is an edit, and no second post."""
        return self._on[post.network].decided.get(post.id, frozenset())

    def decided(self, post: Post, brand: str) -> None:
        """Hear that a post was decided for a brand."""
        decided = self._on[post.network].decided
        decided[post.id] = decided.get(post.id, frozenset()) | {brand}

    def ordered(self, network: str, rows: Iterable[Row]) -> None:
        """Hear of deliveries that are about to leave, made since."""
        self._on[network].hear(rows)

    def forget_answers(self) -> None:
        """Look again at what left or is about to: something of it was changed."""
        for on in self._on.values():
            on.forget(*_ANSWERS)


class _On:
    """The surroundings of posts of one network."""

    def __init__(self, reader: Reader, network: str, posts: Sequence[Post], since: datetime, without: int) -> None:
        self._reader, self._network, self._since, self._without = reader, network, since, without
        self._ids = _some(post.id for post in posts)
        self._threads = _some(post.thread_id for post in posts)
        self._authors = _some(post.author.id for post in posts)
        self._parents = _some(post.parent_id for post in posts if post.parent_id is not None)
        self._roots = _some(post.thread_id for post in posts if post.thread_id != post.id)

    def forget(self, *names: str) -> None:
        for name in (*names, *(("to_author", "in_thread") if "left" in names else ())):
            self.__dict__.pop(name, None)

    @cached_property
    def suppressed(self) -> dict[str, str]:
        return people.suppressed_among(self._reader, self._network, self._authors)

    @cached_property
    def left(self) -> list[Left]:
        rows = deliveries.left(self._reader, self._network, self._authors, self._threads, since=self._since, without=self._without)
        return list(map(_left, rows))

    @cached_property
    def to_author(self) -> dict[str, list[Left]]:
        found: dict[str, list[Left]] = {}
        for one in self.left:
            found.setdefault(one.author_id, []).append(one)
        return found

    @cached_property
    def in_thread(self) -> dict[str, list[Left]]:
        found: dict[str, list[Left]] = {}
        for one in self.left:
            found.setdefault(one.thread_id, []).append(one)
        return found

    def hear(self, rows: Iterable[Row]) -> None:
        for one in map(_left, rows):
            self.to_author.setdefault(one.author_id, []).insert(0, one)
            self.in_thread.setdefault(one.thread_id, []).insert(0, one)

    @cached_property
    def answered(self) -> frozenset[tuple[str, str | None]]:
        return said.answered_among(self._reader, self._network, self._ids, self._threads, without=self._without)

    @cached_property
    def remotes(self) -> dict[str, bool]:
        return said.sent_among(self._reader, self._network, self._parents) if self._parents else {}

    @cached_property
    def own(self) -> dict[str, bool]:
        wanted = _some((*self._parents, *self._roots))
        return said.own_among(self._reader, self._network, wanted) if wanted else {}

    @cached_property
    def spoke_alone(self) -> frozenset[str]:
        return said.alone_among(self._reader, self._network, self._threads)

    @cached_property
    def waiting(self) -> dict[str, dict[str | None, int]]:
        found: dict[str, dict[str | None, int]] = {}
        for row in said.waiting_among(self._reader, self._network, self._threads, self._authors):
            of_thread, who = found.setdefault(text(row, "thread_id"), {}), text_or_none(row, "who")
            of_thread[who] = of_thread.get(who, 0) + number(row, "n")
        return found

    @cached_property
    def decided(self) -> dict[str, frozenset[str]]:
        return cases.brands_decided_among(self._reader, self._network, self._ids)


def _some(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))


def _left(row: Row) -> Left:
    return Left(text(row, "author_id"), text(row, "thread_id"), text(row, "route"), from_text(text(row, "at")))
