"""`earnest answers`, and what other commands say of written answers: check, doctor, init."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
import time_machine

from responders import checkup
from responders.house import open_store
from responders.rulefile import load, load_rehearsed, read_rehearsed
from responders.rulekeeper import RuleKeeper
from responders.shelf import answers_beside
from tests.program import Program
from tests.stores import make_store

RULES = {
    "version": 1,
    "brands": {"acme": {"names": ["Acme"], "sites": ["acme.example"]}},
    "templates": {"help": ["{answer}", "Which one do you mean?"]},
    "routes": [
        {
            "name": "asked",
            "when": {"intent": ["question"]},
            "answers": True,
            "reply": "help",
            "examples": [{"post": "Acme, how do I pay?"}],
        },
        {"name": "rest", "when": "always", "examples": [{"post": "Acme shop"}]},
    ],
}
ANSWER = """---
title: {title}
questions: [How do I return my shoes?, Wie schicke ich Schuhe zurück?]
source: returns policy
review_by: "{day}"
language: en
---
Within 30 days.
"""
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def run(tmp_path: Path) -> Program:
    rules = tmp_path / "rules.yaml"
    rules.write_text(json.dumps(RULES), encoding="utf-8")
    (tmp_path / "data" / "answers").mkdir(parents=True)
    put(rules, "returns.md", "2027-01-31")
    return Program(make_store(tmp_path), rules, {"EARNEST_NAME": "jo"})


def put(rules: Path, name: str, day: str, *, title: str = "Sending shoes back") -> None:
    (answers_beside(rules) / name).write_text(ANSWER.format(day=day, title=title), encoding="utf-8")


@time_machine.travel(NOW, tick=False)
def test_the_list_begins_with_what_must_be_looked_at(run: Program) -> None:
    put(run.rules, "due.md", "2026-12-01")
    put(run.rules, "past.md", "2026-11-21", title="\\e[31mOld\u202e")
    found = run("answers", "list", "--json").objects
    assert [(one["file"], one["state"]) for one in found] == [("past.md", "past"), ("due.md", "due"), ("returns.md", "fine")]
    ran = run("answers", "list")
    assert "NOT OFFERED: its day is over" in ran.out.splitlines()[0]
    assert "\u202e" not in ran.out
    assert "earnest answers search" in ran.err


@time_machine.travel(NOW, tick=False)
def test_a_search_shows_the_score_and_what_would_be_offered(run: Program) -> None:
    (found,) = run("answers", "search", "how can I return the shoes", "--json").objects
    assert (found["file"], found["score"], found["offered"], found["text"]) == ("returns.md", 1.0, True, "Within 30 days.")
    assert "returns.md would be offered (language en)" in run("answers", "search", "how can I return the shoes").err
    assert "none shares two words with it" in run("answers", "search", "are they vegan at all?").err
    put(run.rules, "twin.md", "2027-01-31")
    assert "Two fit equally well" in run("answers", "search", "how can I return the shoes").err
    assert run("answers", "search", "x", "--brand", "zenith").code == 2
    hostile = run("answers", "search", "'; drop table NEAR(\" col:x* \x1b[31m")
    assert (hostile.code, hostile.out) == (0, "")


@time_machine.travel(NOW, tick=False)
def test_check_names_file_and_line_and_rules_check_says_the_same(run: Program) -> None:
    assert run("answers", "check").code == 0
    assert run("rules", "check").code == 0
    put(run.rules, "due.md", "2026-12-01")
    assert run("answers", "check").code == 3
    checked = run("rules", "check")
    assert checked.code == 3
    assert "due.md:5:1: warning: its last day is in 9 days; after that it is not offered" in checked.out
    (answers_beside(run.rules) / "broken.md").write_text("no front", encoding="utf-8")
    assert run("answers", "check").code == 1
    assert run("rules", "check").code == 1
    told = [one["code"] for one in run("rules", "check", "--json").objects]
    assert list(dict.fromkeys(told)) == ["front-matter", "review-due", "asked-twice"]


def test_a_missing_folder_is_said_once_where_a_route_looks_for_it(run: Program) -> None:
    (answers_beside(run.rules) / "returns.md").unlink()
    assert run("rules", "check").code == 0
    answers_beside(run.rules).rmdir()
    ran = run("rules", "check")
    assert ran.code == 3
    assert "there is no folder data/answers beside this file" in ran.out
    assert run("answers", "list").code == 1


def test_a_file_with_a_mistake_keeps_the_old_rules_and_is_left_out_where_they_are_read_for_looking(run: Program) -> None:
    assert [one.file for one in load_rehearsed(run.rules).answers] == ["returns.md"]
    (answers_beside(run.rules) / "broken.md").write_text("no front", encoding="utf-8")
    with pytest.raises(Exception, match=r"broken.md:1:1: what the answer is about"):
        load_rehearsed(run.rules)
    assert [one.file for one in load(run.rules).answers] == ["returns.md"]
    kept = read_rehearsed(json.dumps(RULES), filename="the rules of before", answers=answers_beside(run.rules))
    assert [one.file for one in kept.answers] == ["returns.md"]


async def test_a_changed_folder_is_noticed_as_a_changed_file_is(run: Program) -> None:
    with closing(open_store(run.store, create=True)) as store:
        keeper = RuleKeeper(store, lambda: NOW, run.rules, lambda book: book)
        assert not await keeper.changed()
        put(run.rules, "more.md", "2027-01-31")
        assert await keeper.changed()
        assert not await keeper.changed()
        (answers_beside(run.rules) / "more.md").unlink()
        assert await keeper.changed()


def test_doctor_says_which_answers_are_over_or_soon_will_be(run: Program) -> None:
    def found() -> list[tuple[str, str]]:
        up = checkup.check_up(run.rules, run.store, at=NOW)
        return [(one.check, str(one.state)) for one in up if one.check.startswith("written")]

    assert found() == [("written answers", "ok")]
    put(run.rules, "past.md", "2026-11-21")
    put(run.rules, "due.md", "2026-11-22")
    assert found() == [("written answer due.md", "warning"), ("written answer past.md", "warning")]


def test_init_leaves_a_page_that_tells_the_form_and_no_answer_of_ours(run: Program, tmp_path: Path) -> None:
    ran = run("init", str(tmp_path / "brand"), "--name", "Zenith", "--people", "jo", "--no-input")
    assert ran.code == 0, ran.err
    assert [path.name for path in (tmp_path / "brand" / "data" / "answers").iterdir()] == ["README.md"]
    told = run("rules", "check", str(tmp_path / "brand" / "rules.yaml"), "--json").objects
    assert {one["code"] for one in told} <= {"no-example"}
