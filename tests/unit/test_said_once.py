"""What goes wrong in a daemon is said once: to whoever reads along in their words, else in the log."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from listener import logs
from listener.clock import now
from listener.errors import RulesWrong
from responders.cli.noting import note
from responders.daemon import RulesTaken
from responders.edits import Held, Objection
from responders.rulekeeper import RuleKeeper
from tests.mouth import House
from tests.program import Program
from tests.stores import make_rules, make_store

SOURCES = "sources:\n  mastodon: {instance: town.example, tags: [acme], every: 30s}\n"
WRONG = RulesWrong('rules.yaml cannot be used: one mistake\nrules.yaml:5:5: "aproval" is not a setting here')
HELD = Held("rules.yaml", (Objection("mode", "it raises `mode`", 3, 1),), "send")


@pytest.fixture(autouse=True)
def _logs_as_before() -> Iterator[None]:
    yield
    structlog.reset_defaults()


@pytest.fixture
def run(tmp_path: Path) -> Program:
    rules = make_rules(tmp_path)
    rules.write_text(rules.read_text(encoding="utf-8").replace(SOURCES, ""), encoding="utf-8")
    return Program(make_store(tmp_path), rules, {"EARNEST_NAME": "jo"})


@pytest.mark.parametrize("terminal", [True, False])
def test_that_nobody_was_told_is_one_line(run: Program, *, terminal: bool) -> None:
    said = run("run", "--once", terminal=terminal).err
    assert said.count("the secret oncall is not set") == 1
    assert ("could NOT be told" in said, "nobody was told" in said) == (terminal, not terminal)


@pytest.mark.parametrize(("problem", "level"), [(WRONG, "error"), (HELD, "warning")])
async def test_a_file_that_is_not_taken_is_logged_by_who_is_told_of_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], problem: RulesWrong, level: str
) -> None:
    logs.configure(0, json=True)
    house = House(tmp_path)
    await RuleKeeper(house.store, now, None, lambda book: book).refuse(problem)
    house.store.close()
    assert capsys.readouterr().err == ""
    note(problem)
    note(RulesTaken("abc"))
    refused, taken = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert (refused["level"], refused["problem"]) == (level, problem.message.splitlines()[0])
    assert (taken["event"], taken["version"]) == ("new rules taken", "abc")
