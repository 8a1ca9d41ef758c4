"""`earnest rules replay` and `earnest rules test` as people and scripts use them."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from responders.ledger import rulebooks
from responders.shelf import answers_beside
from tests import street
from tests.program import Program
from tests.replaying import BEFORE, DAY, RULES, Daily, said

SILENT = {"routes": [{"name": "praise", "when": {"sentiment": ["positive"]}}, {"name": "all", "when": "always", "reply": "hello"}]}
TESTED = """\
version: 1
mode: send
brands: {acme: {names: [Acme], handles: {mastodon: acme}}}
routes:
  - {name: thanks, when: {sentiment: positive}, reply: thanks, approval: none, examples: [{post: "@acme love them"}, {not: "@acme bad"}]}
  - {name: rest, when: always, examples: [{post: "Acme is here"}]}
templates: {thanks: "Good to hear."}
tests:
  - {name: a second one waits, post: "@acme love it", history: [{ours: Hello}], held_by: per_author, sends: false}
  - {name: the first one leaves, post: "@acme love it", sends: true, route: thanks}
"""
RETURNS = """---
title: Sending shoes back
questions: [How do I return my shoes?]
source: returns policy
review_by: "2099-01-31"
---
Within 30 days.
"""


@pytest.fixture
def program(tmp_path: Path) -> Program:
    past = Daily(tmp_path / "past", **BEFORE)
    asyncio.run(past.live(DAY))
    past.store.close()
    rules = tmp_path / "rules.yaml"
    rules.write_text(json.dumps({**street.RULES, **SILENT}), encoding="utf-8")
    (tmp_path / "new.yaml").write_text(json.dumps({**street.RULES, **RULES}), encoding="utf-8")
    return Program(past.store.url, rules, {})


@pytest.fixture
def tested(tmp_path: Path) -> Program:
    rules = tmp_path / "rules.yaml"
    rules.write_text(TESTED, encoding="utf-8")
    return Program(f"sqlite:///{tmp_path}/earnest.db", rules, {})


def test_the_difference_to_another_file_is_said_in_a_line(program: Program, tmp_path: Path) -> None:
    ran = program("rules", "replay", "--since", "2026-11-18", "--against", str(tmp_path / "new.yaml"))

    assert ran.code == 0
    said, brake, *rest = ran.out.splitlines()
    assert rest == []
    assert said.startswith("19 mentions. 19 would change: 11 praise -> thanks, 7 all -> rest, 1 all -> billing. ")
    assert "4 would be sent by themselves (before: 0)." in said
    assert said.endswith("7 more people would be answered, 0 fewer: --verbose shows them.")
    assert brake.startswith("2026-11-19 09:04 UTC: Earnest stopped all sending: 5 negative mentions within 1h")
    assert "Nothing was sent." in ran.err
    assert f"From {program.rules} to {tmp_path / 'new.yaml'}" in ran.err


def test_scripts_get_one_object(program: Program, tmp_path: Path) -> None:
    found = program("rules", "replay", "--since", "2026-11-18", "--against", str(tmp_path / "new.yaml"), "--json").object

    assert found["schema"] == 1
    assert (found["mentions"], found["would_send"], found["would_send_before"]) == (19, 4, 0)
    assert found["changed"][0] == {"case": "A-1", "from": "praise", "to": "thanks"}
    assert [one["author"] for one in found["newly_answered"]] == ["marta", "tom", "lena", "omar", "zoe", "owl", "mia"]
    assert found["newly_answered"][0] == {
        "network": "mastodon",
        "author": "marta",
        "case": "A-1",
        "route": "thanks",
        "public": "@marta That made our day.",
        "private": None,
        "sent": True,
    }
    assert found["no_longer_answered"] == []


def test_verbose_shows_who_would_get_which_words(program: Program, tmp_path: Path) -> None:
    ran = program("rules", "replay", "--since", "2026-11-18", "--verbose", "--against", str(tmp_path / "new.yaml"))
    assert "A-1: praise -> thanks" in ran.out
    assert "  @marta on mastodon (A-1, thanks, would leave by itself)" in ran.out


def test_verbose_shows_what_would_leave_by_itself_also_to_people_who_got_a_draft_before(program: Program, tmp_path: Path) -> None:
    drafts = {**street.RULES, **RULES, "mode": "draft"}
    program.rules.write_text(json.dumps(drafts), encoding="utf-8")
    words = ("rules", "replay", "--since", "2026-11-18", "--against", str(tmp_path / "new.yaml"))

    shown, found = program(*words, "-v").out, program(*words, "--json").object

    assert (found["would_send"], found["newly_answered"]) == (4, [])
    assert found["newly_sent"][0]["case"] == "A-1"
    assert len(found["newly_sent"]) == 4
    _, _, leaves = shown.partition("would leave by itself now:\n")
    assert leaves.startswith("  @marta on mastodon (A-1, thanks, would leave by itself)\n    public  @marta That made our day.")


def test_without_another_file_the_rules_in_force_are_what_stands(program: Program) -> None:
    alone = program("rules", "replay", "--since", "2026-11-18", "--until", "2026-11-18 12:06")
    assert alone.out.startswith("2 mentions. 0 would be sent by themselves. 0 people would be answered: --verbose shows them.")

    assert program("run", "--once", "--quiet").code in {0, 1}  # the rules are in force now
    same = program("rules", "replay", "--since", "2026-11-18", "--json").object
    program.rules.write_text(json.dumps({**street.RULES, **RULES}), encoding="utf-8")
    other = program("rules", "replay", "--since", "2026-11-18", "--json").object

    assert (same["changed"], same["would_send_before"]) == ([], 0)
    assert other["changed"][0] == {"case": "A-1", "from": "praise", "to": "thanks"}
    assert (other["would_send"], other["would_send_before"]) == (4, 0)


def test_written_answers_go_with_the_rules_in_force_too_wherever_one_works(tmp_path: Path) -> None:
    past = Daily(tmp_path / "past", **BEFORE)
    asyncio.run(past.live([said(0, "p1", "@acme how do I return my shoes?", "marta")]))
    program = Program(past.store.url, tmp_path / "rules.yaml", {})
    answers_beside(program.rules).mkdir(parents=True)
    (answers_beside(program.rules) / "returns.md").write_text(RETURNS, encoding="utf-8")
    asked = {"name": "asked", "when": {"intent": ["question"]}, "answers": True, "reply": "help", "approval": "none"}
    rules = {**street.RULES, "mode": "send", "routes": [asked, {"name": "all", "when": "always"}], "templates": {"help": "{answer}"}}
    past.store.write(lambda tx: rulebooks.keep(tx, "0123456789ab", json.dumps(rules), at=past.clock()))
    past.store.close()
    program.rules.write_text(json.dumps(rules, indent=1), encoding="utf-8")

    found = program("rules", "replay", "--since", "2026-11-18", "--json").object

    assert (found["would_send"], found["would_send_before"]) == (1, 1)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--since", "yesterday"), "neither a length of time such as 7d nor a moment"),
        (("--since", "9999-12-31T23:59:59-14:00"), "neither a length of time such as 7d nor a moment"),
        (("--since", "0001-01-01T00:00:00+14:00"), "neither a length of time such as 7d nor a moment"),
        (("--since", "1d", "--until", "2d"), "--since must lie before --until"),
        (("--since", "2200-01-01"), "--since must lie in the past"),
        ((), "Missing option '--since'"),
    ],
)
def test_a_span_that_is_none_is_wrong_use(program: Program, words: tuple[str, ...], told: str) -> None:
    ran = program("rules", "replay", *words)
    assert ran.code == 2
    assert told in ran.err


def test_what_to_do_next_names_the_file_that_was_looked_at(program: Program, tmp_path: Path) -> None:
    wrong = tmp_path / "new one.yaml"
    wrong.write_text("version: 1\nmod: send", encoding="utf-8")
    assert f"Put this right, then: earnest rules check '{wrong}'" in program("rules", "check", str(wrong)).err
    assert f"Put this right first: earnest rules check '{wrong}'" in program("rules", "test", str(wrong)).err


def test_the_beginning_of_time_is_all_there_is(program: Program) -> None:
    ran = program("rules", "replay", "--since", "0001-01-01", "--json")
    assert (ran.code, ran.object["mentions"]) == (0, program("rules", "replay", "--since", "2026-11-01", "--json").object["mentions"])


def test_a_file_that_cannot_be_used_is_said_before_anything_is_played(program: Program, tmp_path: Path) -> None:
    (tmp_path / "new.yaml").write_text("version: 1\nmod: send", encoding="utf-8")
    ran = program("rules", "replay", "--since", "2026-11-18", "--against", str(tmp_path / "new.yaml"))
    assert ran.code == 78
    assert 'did you mean "mode"?' in ran.err


def test_without_a_store_it_is_said_how_to_get_one(tested: Program) -> None:
    ran = tested("rules", "replay", "--since", "7d")
    assert ran.code == 5
    assert "there is no store" in ran.err


def test_examples_and_tests_are_played_together(tested: Program) -> None:
    ran = tested("rules", "test")
    assert (ran.code, ran.out) == (0, "")
    assert "3 examples and 2 tests hold." in ran.err


def test_a_test_that_fails_is_told_with_its_place(tested: Program) -> None:
    tested.rules.write_text(TESTED.replace("sends: true, route: thanks", "sends: false, route: rest"), encoding="utf-8")

    ran = tested("rules", "test")
    told = tested("rules", "test", "--json").objects

    assert ran.code == 1
    first, second = ran.out.splitlines()
    assert first.startswith(f'{tested.rules}:10:5: test "the first one leaves": expected route "rest", found: it went to "thanks"')
    assert second.endswith("expected nothing that leaves by itself, found: an answer leaves by itself")
    assert [(one["line"], one["test"], one["schema"]) for one in told] == [(10, "the first one leaves", 1)] * 2


def test_only_those_are_played_whose_name_is_wanted(tested: Program) -> None:
    assert "0 examples and 1 test hold." in tested("rules", "test", "--run", "SECOND one").err
    assert "1 example hold" in tested("rules", "test", "--run", "rest: acme").err
    assert "2 examples hold" in tested("rules", "test", "--route", "thanks").err
    nothing = tested("rules", "test", "--run", "nowhere")
    assert (nothing.code, 'no test and no example has "nowhere" in its name' in nothing.err) == (1, True)


def test_ci_systems_get_their_file(tested: Program, tmp_path: Path) -> None:
    text = TESTED.replace("sends: true, route: thanks", 'says: "<&\\x1b"').replace("the first one leaves", "the first <one>")
    tested.rules.write_text(text, encoding="utf-8")

    ran = tested("rules", "test", "--junit", str(tmp_path / "out.xml"))

    assert ran.code == 1
    root = ET.parse(tmp_path / "out.xml").getroot()  # noqa: S314  # our own file
    assert (root.tag, root.get("tests"), root.get("failures"), root.get("errors")) == ("testsuites", "5", "1", "0")
    assert [(suite.get("name"), suite.get("tests"), suite.get("failures")) for suite in root] == [
        ("examples of thanks", "2", "0"),
        ("examples of rest", "1", "0"),
        ("tests", "2", "1"),
    ]
    case = root[2][1]
    assert (case.get("name"), case.get("classname"), case.get("line")) == ("the first <one>", "tests", "10")
    assert len(case) == 1
    assert case[0].tag == "failure"
    assert str(case[0].get("message")).startswith('expected a draft that says "<&\\x1b", found: "')
    assert len(root[2][0]) == 0


def test_what_differs_from_the_rules_in_force_is_shown(tested: Program) -> None:
    assert "No rules are in force yet" in tested("rules", "test", "--diff").err
    assert tested("run", "--once", "--quiet").code in {0, 1}
    tested.rules.write_text(TESTED.replace("approval: none, ", "").replace("sends: true", "sends: false"), encoding="utf-8")

    ran = tested("rules", "test", "--diff")

    assert ran.code == 0
    assert "+  - {name: the first one leaves," in ran.out
    assert "-  - {name: the first one leaves," in ran.out
    assert 'tests, "the first one leaves": it holds by this file and not by the rules in force' in ran.out


def test_a_file_whose_tests_fail_is_not_run(tested: Program) -> None:
    tested.rules.write_text(TESTED.replace("sends: true", "sends: false"), encoding="utf-8")
    ran = tested("run", "--once")
    assert ran.code == 78
    assert 'test "the first one leaves": expected nothing that leaves by itself' in ran.err
