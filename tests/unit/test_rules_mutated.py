"""Files as slips make them, under a daemon: each is refused with its lines and changes nothing, or is taken and means what it says.

`MUTANTS=5000 pytest tests/unit/test_rules_mutated.py` tries that many; the usual run tries three hundred.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from listener.errors import RulesWrong
from listener.rules.rulebook import Rulebook
from listener.scoring.assessor import Assessor
from responders.daemon import Daemon, RulesTaken
from responders.explaining import Explanation, explain
from responders.model import Circumstances, Decision
from responders.rehearsal import made_up_post
from responders.rulefile import load, load_text
from tests.mouth import House
from tests.mutating import mutants
from tests.stores import RULES as IN_FORCE

ROOT = Path(__file__).parents[2]
BASES = [ROOT / "rules.yaml", *sorted((ROOT / "tests" / "rules" / "good").glob("*.yaml"))]
MANY = int(os.environ.get("MUTANTS", "300")) // len(BASES)
PLACED = re.compile(r"^.*rules\.yaml:\d+:\d+: ", re.MULTILINE)
SAID = (
    "@acme charged me twice and support ignores me",
    "@acme love the new shoes!!",
    "@acme the charger started smoking and burned my daughter's hand",
    "Great, ANOTHER outage. Thanks @acme",
    "saw an Acme shop today, and that is that",
)


class Desk:
    """One daemon and its rules file; whatever a mutant says, it listens to nobody."""

    def __init__(self, folder: Path) -> None:
        self.house = House(folder)
        self.path = folder / "rules.yaml"
        self.base = load_text(IN_FORCE, "the rules in force")
        self.posts = [made_up_post(words, at=self.house.clock()) for words in SAID]
        self.events: list[object] = []
        self.daemon = self._daemon()
        self.before = self.explained(self.base)

    def _daemon(self) -> Daemon:
        return Daemon(self.house.store, self.base, self.house.clock, rules_path=self.path, adapt=_deaf, tell=self.events.append)

    def explained(self, book: Rulebook) -> list[Explanation]:
        """Return what `explain` says of every post by these rules."""
        judge, at = Assessor(book.scoring), Circumstances(now=self.house.clock())
        return [explain(book, post, at, judge=judge) for post in self.posts]

    def decides_as(self, explained: list[Explanation]) -> bool:
        """Return whether the daemon, of posts heard so, would decide what was explained."""
        at = Circumstances(now=self.house.clock())
        return all(_same(self.daemon._mind._router.decide(one.heard, at), one.decision) for one in explained)  # noqa: SLF001

    async def look(self, raw: bytes) -> RulesWrong | None:
        """Save a file and let the daemon look at it; return why it was refused."""
        self.path.write_bytes(raw)
        self.events.clear()
        await self.daemon.reload()
        (event,) = self.events
        assert isinstance(event, RulesTaken | RulesWrong), raw
        return event if isinstance(event, RulesWrong) else None

    def again(self) -> None:
        """Begin anew by the rules of before."""
        self.house.store.write(lambda tx: tx.run("DELETE FROM facts"))
        self.daemon = self._daemon()


def _same(decided: Decision, explained: Decision) -> bool:
    """Return whether two decisions are one; `explain` also looks at the words that would be drafted, which may hold more back."""
    held = set(decided.holds) <= set(explained.holds)
    return held and (decided.route, decided.rule_version, decided.trace) == (explained.route, explained.rule_version, explained.trace)


def _deaf(book: Rulebook) -> Rulebook:
    return book.model_copy(update={"sources": {}})


@pytest.mark.parametrize("words", BASES, ids=lambda path: path.stem)
async def test_no_slip_ends_the_daemon_or_changes_a_decision_unsaid(tmp_path: Path, words: Path) -> None:
    desk = Desk(tmp_path)
    refused = taken = 0
    for raw in mutants(words.read_text(encoding="utf-8"), seed=BASES.index(words), count=MANY):  # noqa: ASYNC240  # nothing else runs here
        problem = await desk.look(raw)
        if problem is None:
            taken += 1
            assert desk.decides_as(desk.explained(load(desk.path))), raw
            desk.again()
        else:
            refused += 1
            assert PLACED.search(problem.message), (problem.message, raw)
            assert desk.decides_as(desk.before), raw
    desk.house.store.close()
    assert refused + taken == MANY
    assert refused
