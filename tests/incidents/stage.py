"""The stage on which incidents are played: the shipped rules with a file's changes, the whole street in memory, a clock that jumps.

A file says what happened, `rules` (laid over the shipped ones), `clock` (the start, in the rules' timezone), `tick` (how often everything
has its turn), `posts`, `parrots` (accounts that answer whatever we say to them), and `acts` (what our people do). What `must` hold at the
end is judged in test_incidents.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from listener.errors import EarnestError
from listener.model import Author, Page, Post
from listener.polling import Ear
from listener.rules.kinds import parse_span
from listener.rules.rulebook import Example, Rulebook
from responders.alerts import Alerts, Told
from responders.ledger import people
from responders.model import Delivery
from responders.pipeline import Noted
from responders.rehearsal import example_time
from responders.rulefile import load
from responders.switch import Switch
from tests.mouth import NETWORK, US, House

ROOT = Path(__file__).parents[2]
_TO_THE_END = timedelta(minutes=3)
_POST = {"by", "text", "at", "over", "times", "thread", "answers", "answers_us_to", "addressed", "bot", "bio", "name"}
_PARROT = {"by", "text", "every", "for", "bot", "bio"}


def span(value: object) -> timedelta:
    return timedelta() if value in {None, 0, "0s"} else parse_span(value)


def laid_over(under: Any, over: Any) -> Any:  # noqa: ANN401  # YAML
    """Return one tree laid over another: groups are merged, everything else is replaced."""
    if isinstance(under, Mapping) and isinstance(over, Mapping):
        return {**under, **{key: laid_over(under.get(key), value) for key, value in over.items()}}
    return over


def rules(changes: Mapping[str, object]) -> Rulebook:
    shipped = load(ROOT / "rules.yaml").model_dump(mode="json", by_alias=True, exclude_unset=True)
    return Rulebook.model_validate(laid_over(shipped, changes)).read_from("", "5ca1ab1e")


@dataclass(frozen=True, slots=True)
class Line:
    """Something that somebody writes at a moment."""

    at: datetime
    by: str
    text: str
    entry: Mapping[str, Any]


@dataclass
class Stage:
    """One story on its way through the house, with all that came of it."""

    story: Mapping[str, Any]
    house: House
    noted: list[Noted] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    written: list[tuple[datetime, str]] = field(default_factory=list)
    paused_at: datetime | None = None
    _echoed: int = 0
    _posts: dict[str, Post] = field(default_factory=dict)

    @classmethod
    def of(cls, story: Mapping[str, Any], folder: Path) -> Stage:
        assert all(set(post) <= _POST for post in story.get("posts", ())), "a word in a post that the stage does not know"
        assert all(set(parrot) <= _PARROT for parrot in story.get("parrots", ()))
        house = House(folder)
        house.book = rules(story.get("rules", {}))
        house.clock.moment = example_time(house.book, Example(at=story.get("clock", "2026-11-18 12:00")))
        return cls(story, house)

    @property
    def began(self) -> datetime:
        return example_time(self.house.book, Example(at=self.story.get("clock", "2026-11-18 12:00")))

    async def play(self) -> None:
        """Let everybody write and act at their time, and everything in the house have its turn at every tick."""
        lines, acts = self._lines(), self._acts()
        tick = span(self.story.get("tick", "10s"))
        end = max([line.at for line in lines] + [at for at, _ in acts]) + _TO_THE_END
        while self.house.clock() <= end:
            now = self.house.clock()
            due = [line for line in lines if line.at <= now]
            lines = lines[len(due) :]
            await self._hear(*(self._write(line) for line in due))
            await self._turn()
            while acts and acts[0][0] <= now:
                self._act(acts.pop(0)[1])
            self.house.clock.forward(seconds=tick.total_seconds())

    @cached_property
    def _ear(self) -> Ear:
        return Ear(self.house.store, self.house.book, self.house.clock)

    async def _hear(self, *posts: Post) -> None:
        if posts:
            await self._ear.take(NETWORK, Page(posts, "c"))

    async def _turn(self) -> None:
        house = self.house
        while noted := await house.think():
            self.noted += noted
        self.told += await Alerts(house.store, lambda: house.book, house.clock).round()
        await house.outbox().round()
        await self._echo()
        if self.paused_at is None and people.paused(house.store.read(), at=house.clock()):
            self.paused_at = house.clock()

    def _lines(self) -> list[Line]:
        found = [line for entry in self.story.get("posts", ()) for line in self._of_entry(entry)]
        for parrot in self.story.get("parrots", ()):
            times = int(span(parrot["for"]) / span(parrot["every"]))
            found += [Line(self.began + place * span(parrot["every"]), parrot["by"], parrot["text"], parrot) for place in range(times)]
        return sorted(found, key=lambda line: line.at)

    def _of_entry(self, entry: Mapping[str, Any]) -> Iterator[Line]:
        times, texts = entry.get("times", 1), entry["text"] if isinstance(entry["text"], list) else [entry["text"]]
        many = times if "times" in entry else len(texts)
        for place in range(many):
            at = self.began + span(entry.get("at")) + span(entry.get("over")) * place / many
            yield Line(at, str(entry["by"]).format(n=place), texts[place % len(texts)], entry)

    def _write(self, line: Line) -> Post:
        entry, name = line.entry, f"{line.by}-{len(self.written)}"
        above = self._above(entry)
        author = Author(NETWORK, f"id-{line.by}", line.by, entry.get("name", ""), bot=entry.get("bot", False), bio=entry.get("bio", ""))
        thread = entry.get("thread") or (above.thread_id if above else name)
        post = self.house.post(name, line.text, line.by, thread=thread)
        self.written.append((line.at, name))
        self._posts.setdefault(line.by, post)
        return replace(
            post,
            author=author,
            created_at=line.at,
            mentions=("acme",) if entry.get("addressed", True) else (),
            parent_id=above.id if above else None,
            parent_author_id=above.author.id if above else None,
        )

    def _above(self, entry: Mapping[str, Any]) -> Post | None:
        """Return what a post answers: somebody's first post, or what we said to that."""
        if "answers" in entry:
            return self._posts[entry["answers"]]
        if "answers_us_to" in entry:
            ours = next(one for one in self.house.mouth.published if one.parent.author.handle == entry["answers_us_to"])
            return self._said(ours)
        return None

    def _said(self, ours: Delivery) -> Post:
        author = Author(NETWORK, US.id, US.handle)
        return replace(ours.parent, id=self.house.mouth.remote_id(ours), author=author, text=ours.text)

    async def _echo(self) -> None:
        """Let parrots answer what was just said to them."""
        parrots = {parrot["by"]: parrot for parrot in self.story.get("parrots", ())}
        for ours in self.house.mouth.published[self._echoed :]:
            self._echoed += 1
            if parrot := parrots.get(ours.parent.author.handle):
                answer = self._write(Line(self.house.clock(), parrot["by"], parrot["text"], {**parrot, "thread": ours.parent.thread_id}))
                await self._hear(replace(answer, parent_id=self.house.mouth.remote_id(ours), parent_author_id=US.id))

    def _acts(self) -> list[tuple[datetime, Mapping[str, str]]]:
        found = [(self.began + span(act.get("at")), act) for act in self.story.get("acts", ())]
        return sorted(found, key=lambda act: act[0])

    def _act(self, act: Mapping[str, str]) -> None:
        switch = Switch(self.house.store, self.house.clock, who=act.get("as", "jo"))
        if "pause" in act:
            switch.pause(act["pause"], None)
        elif "resume" in act:
            switch.resume()
        else:
            for who in act["as"] if isinstance(act.get("as"), list) else [act.get("as", "jo")]:
                try:
                    self.house.desk(who).approve(self.case_of(act["approve"]))
                except EarnestError as problem:
                    assert act.get("refused"), problem.message  # noqa: PT017  # a file says where a refusal is right

    def case_of(self, by: str) -> str:
        """Return the newest case of an author."""
        rows = self.house.rows("SELECT id FROM cases WHERE handle = :by ORDER BY id DESC LIMIT 1", by=by)
        assert rows, f"{by} has no case"
        return f"A-{rows[0]['id']}"
