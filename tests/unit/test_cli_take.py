"""`earnest rules take`, and how `earnest run` asks before it works by rules that want a person's word."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from responders.house import open_store
from tests.editing import QUIET, Edited, routes
from tests.program import Program
from tests.street import RULES
from tests.terminal import Terminal

SPEAKS = routes(rest={"reply": "hello"})


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """A brand with a day of forty questions behind it, which nobody answers by the rules in force."""
    edited = Edited(tmp_path)

    async def live() -> None:
        await edited.day(hellos=40)
        await edited.begin()

    asyncio.run(live())
    edited.house.store.close()
    return Program(edited.house_url, edited.path, {"EARNEST_NAME": "jo"})


def _save(program: Program, **changes: Any) -> None:  # noqa: ANN401
    program.rules.write_text(json.dumps({**RULES, **changes}, indent=1), encoding="utf-8")


def _log(program: Program) -> list[tuple[str, str]]:
    return [(line["who"], line["action"]) for line in program("log", "--json").objects]


def _in_force(program: Program) -> tuple[str, str]:
    told = program.status()
    return told["rules"]["version"], told["daemon"]["mode"]


def test_what_would_change_is_said_and_an_edit_that_changes_too_much_is_not_taken(program: Program) -> None:
    _save(program, **SPEAKS)
    ran = program("rules", "take")
    assert ran.code == 1
    said, objection = ran.out.splitlines()
    assert said.startswith("40 mentions. 0 would change. 0 would be sent by themselves (before: 0). 40 more people would be answered")
    assert objection.startswith(f'{program.rules}:26:3: route "rest" would have spoken to 40 of the 40 mentions of the last day')
    assert "Not taken; the rules in force stay." in ran.err
    assert "  @customer7 on mastodon (A-8, rest, a draft)" in program("rules", "take", "--verbose").out
    assert "earnest rules take --force" in ran.err
    assert _log(program) == []


def test_taken_by_force_the_next_start_works_by_it(program: Program) -> None:
    _save(program, **SPEAKS)
    before = _in_force(program)
    held = program("run", "--once", "--quiet")
    assert (held.code, "to whom the rules in force say something else or nothing" in held.err) == (78, True)
    assert _in_force(program) == before

    ran = program("rules", "take", "--force", "--as", "kim", "--reason", "we answer questions now")
    assert (ran.code, "The next start takes it: earnest run" in ran.err) == (0, True)
    (line,) = program("log", "--json").objects
    assert (line["who"], line["action"]) == ("kim", "took rules")
    assert "we answer questions now" in json.dumps(line)
    assert program("run", "--once", "--quiet").code in {0, 1}
    assert _in_force(program) != before


def test_scripts_get_one_object(program: Program) -> None:
    _save(program, **SPEAKS)
    refused = program("rules", "take", "--json").object
    taken = program("rules", "take", "--json", "--force").object
    assert (refused["taken"], taken["taken"]) == (False, True)
    assert (taken["mentions"], taken["changed"], taken["would_send"], taken["would_send_before"]) == (40, [], 0, 0)
    assert [(one["code"], one["line"]) for one in taken["objections"]] == [("wide", 26)]
    assert taken["mode"] == {"allowed": "draft", "wanted": "draft"}


def test_a_file_with_a_mistake_is_told_and_not_taken(program: Program) -> None:
    program.rules.write_text("version: 1\nmod: send\n", encoding="utf-8")
    ran = program("rules", "take", "--force")
    assert ran.code == 1
    assert f'{program.rules}:2:1: "mod" is not a setting here' in ran.out
    assert program("rules", "take", "--json").object["taken"] is False


def test_rules_that_are_in_force_need_no_word(program: Program) -> None:
    ran = program("rules", "take")
    assert (ran.code, "are in force already" in ran.err) == (0, True)
    assert _log(program) == []


def test_the_mode_is_raised_by_its_own_word_only(program: Program) -> None:
    _save(program, mode="send", **QUIET)
    for words in ((), ("--force",), ("--confirm-mode", "draft")):
        ran = program("rules", "take", *words)
        assert ran.code == 1
        assert ":3:10: it raises `mode` from draft to send, which a person must confirm" in ran.out
        assert "earnest rules take --confirm-mode send" in ran.err
    assert program("rules", "take", "--confirm-mode", "send").code == 0
    assert _log(program) == [("jo", "took rules"), ("jo", "raised mode")]
    assert program("run", "--once", "--quiet").code in {0, 1}
    assert _in_force(program)[1] == "send"


def test_on_a_terminal_the_new_mode_is_typed(program: Program) -> None:
    _save(program, mode="send", **QUIET)
    for words, code in (("yes", 1), ("send", 0)):
        terminal = Terminal("rules", "take", columns=120, EARNEST_STORE=program.store, EARNEST_RULES=str(program.rules), EARNEST_NAME="jo")
        try:
            terminal.sees("Type send to confirm, or nothing to leave it at draft")
            terminal.press(words, "\r")
            assert terminal.ends() == code
        finally:
            terminal.close()
    assert _log(program) == [("jo", "took rules"), ("jo", "raised mode")]


def test_a_first_start_in_mode_send_works_in_mode_draft_until_it_is_confirmed(tmp_path: Path) -> None:
    program = Program(f"sqlite:///{tmp_path}/earnest.db", tmp_path / "rules.yaml", {"EARNEST_NAME": "jo"})
    _save(program, mode="send")
    ran = program("run", "--once")
    assert "it raises `mode` from draft to send" in ran.err
    assert "Earnest works by it in mode draft until then." in ran.err
    told = program.status()
    assert told["daemon"]["mode"] == "draft"
    assert "it raises `mode`" in told["rules"]["last_error"]
    assert "The rules file is not taken before a person says so" in program("status").out

    assert "raises" not in program("run", "--once", "--observe").err
    assert _in_force(program)[1] == "observe"
    assert "raises" in program("run", "--once").err, "what only observed confirmed nothing"

    assert "raises" not in program("run", "--once", "--confirm-mode", "send").err
    assert _in_force(program)[1] == "send"
    assert _log(program) == [("jo", "raised mode")]
    assert "raises" not in program("run", "--once").err
    assert program.status()["rules"]["last_error"] is None


def test_a_store_of_before_that_worked_in_mode_send_is_not_asked(tmp_path: Path) -> None:
    program = Program(f"sqlite:///{tmp_path}/earnest.db", tmp_path / "rules.yaml", {})
    _save(program, mode="send")
    program("run", "--once", "--confirm-mode", "send")
    store = open_store(program.store)
    store.write(lambda tx: tx.run("DELETE FROM facts WHERE name = 'mode_ceiling'"))
    store.close()
    assert "raises" not in program("run", "--once").err


def test_before_the_first_start_a_word_is_kept_for_it(tmp_path: Path) -> None:
    program = Program(f"sqlite:///{tmp_path}/earnest.db", tmp_path / "rules.yaml", {"EARNEST_NAME": "jo"})
    _save(program, mode="send")
    ran = program("rules", "take", "--confirm-mode", "send")
    assert (ran.code, "There are no earlier rules to compare with." in ran.out) == (0, True)
    assert "raises" not in program("run", "--once").err
    assert _in_force(program)[1] == "send"
