"""What the commands that decide promise: who is told what, what is kept, and which of them work while rules.yaml is broken."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from listener.clock import now
from listener.errors import EarnestError
from responders.cli.writing import page, read_page
from tests.program import Program
from tests.stores import CASES, HOSTILE, make_rules, make_store, post_of
from tests.terminal import Terminal


@pytest.fixture
def run(tmp_path: Path) -> Program:
    return Program(make_store(tmp_path), make_rules(tmp_path), {"EARNEST_NAME": "jo"})


def test_an_approval_is_ready_to_leave_and_can_be_taken_back(run: Program) -> None:
    assert run("approve", "A-1", "--json").object == {
        "case": "A-1", "says": "A-1: approved. It leaves in 10 s.", "complete": True, "by_hand": False, "schema": 1,
        "public": "@marta_k A wrong bill is ours to put right, A-1 is open. ^Jo",
        "private": "@marta_k This is Jo at Acme. Which order was it?",
    }  # fmt: skip
    assert run.status()["deliveries"]["ready"] == 2
    assert "earnest undo A-1" in run("show", "A-1").err
    assert run("undo", "A-1").code == 0
    assert run.status()["deliveries"]["ready"] == 0
    assert run.case("A-1")["draft"]["state"] == "waiting"


def test_nobody_approves_words_unseen(run: Program) -> None:
    public, private = "@marta_k A wrong bill is ours to put right, A-1 is open. ^Jo", "@marta_k This is Jo at Acme. Which order was it?"
    assert run("approve", "A-1").out.splitlines() == [
        "A-1: approved. It leaves in 10 s.", "   public", f"      {public}", "   private", f"      {private}",
    ]  # fmt: skip
    run("undo", "A-1")
    alone = run("private", "A-1")
    assert private in alone.out
    assert public not in alone.out
    assert "the lamp" not in run("approve", "A-2", "--as", "ana").out
    assert "A-2 is open. ^Jo" in run("approve", "A-2", "--as", "kim").out


def test_who_acts_is_the_one_named_else_the_one_at_the_terminal(run: Program) -> None:
    run("snooze", "A-1", "--for", "2h")
    run("assign", "A-1", "--as", "kim")
    assert [(line["who"], line["action"]) for line in run("log", "A-1", "--json").objects[1:]] == [("jo", "snoozed"), ("kim", "assigned")]
    assert run.case("A-1")["assignee"] == "kim"


def test_two_people_must_agree_and_one_person_is_not_two(run: Program) -> None:
    assert run("approve", "A-2", "--json", "--as", "ana").object["complete"] is False
    again = run("approve", "A-2", "--as", "ana")
    assert again.code == 1
    assert "second person" in again.err
    assert run.status()["deliveries"]["ready"] == 0
    assert run("approve", "A-2", "--json", "--as", "kim").object["complete"] is True
    assert run.status()["deliveries"]["ready"] == 1


def test_the_second_to_decide_is_told_who_was_faster(run: Program) -> None:
    assert run("reject", "A-1", "--reason", "tone", "--as", "ana").code == 0
    late = run("approve", "A-1")
    assert late.code == 1
    assert "rejected already, by ana" in late.err
    assert run("log", "A-1", "--json").objects[-1]["detail"] == {"reason": "tone"}


def test_private_says_nothing_in_public(run: Program) -> None:
    assert run("private", "A-1").code == 0
    assert [one["kind"] for one in run.case("A-1")["deliveries"]] == ["private"]
    assert run("private", "A-2").code == 1


def test_edited_words_wait_for_a_yes_and_words_that_cannot_leave_are_kept(run: Program) -> None:
    assert run("edit", "A-1", "--text", "Found the mistake. You hear from me by 5 pm. Jo").code == 0
    assert "You hear from me by 5 pm" in run.case("A-1")["draft"]["public"]
    too_long = run("edit", "A-1", "--text", "very long words " * 100, "--reason", "trying")
    assert too_long.code == 1
    assert "cannot leave as it is" in too_long.out
    refused = run("approve", "A-1")
    assert refused.code == 1
    assert "cannot leave" in refused.err
    assert run("log", "A-1", "--json").objects[-1]["detail"] == {"reason": "trying"}


def test_edit_wants_words_where_nobody_can_be_asked(run: Program) -> None:
    assert run("edit", "A-1").code == 2
    assert run("edit", "A-1", "--text", " ").code == 2
    assert run.case("A-1")["draft"]["public"].endswith("A-1 is open. ^Jo")


def test_a_snoozed_case_leaves_the_inbox_and_is_said_to_be_away(run: Program) -> None:
    run("snooze", "A-1", "--for", "15m")
    assert [one["case"] for one in run("inbox", "--json").objects] == ["A-2", "A-5", "A-4"]
    run("snooze", "A-4")
    assert [one["case"] for one in run("inbox", "--json").objects] == ["A-2", "A-5"]
    assert "snoozed: back in" in run("show", "A-1").out
    assert run("snooze", "A-1", "--for", "soon").code == 2


def test_escalate_tells_the_team_that_the_rules_name_and_knows_no_other(run: Program) -> None:
    assert "on-call is being told" in run("escalate", "A-2", "--reason", "asks for a lawyer").out
    assert run.case("A-2")["alerts"][0]["team"] == "on-call"
    unknown = run("escalate", "A-2", "--team", "nobody")
    assert unknown.code == 2
    assert "billing, on-call" in unknown.err


def test_pause_stops_and_resume_lets_go_on(run: Program) -> None:
    paused = run("pause", "--reason", "checking", "--json").object
    assert (paused["paused"], paused["reason"], paused["by"], paused["until"]) == (True, "checking", "jo", None)
    assert run.status()["sending"] == {"on": False, "reason": "checking"}
    assert "once sending is resumed (checking)" in run("approve", "A-1").out
    assert run("resume", "--json").object == {"paused": False, "was_paused": True, "problem": None, "schema": 1}
    assert run.status()["sending"]["on"] is True
    assert run("resume", "--json").object["was_paused"] is False
    assert run("pause", "--for", "2h", "--json").object["until"] is not None


def test_while_the_rules_are_broken_everything_that_needs_none_goes_on(run: Program) -> None:
    run.rules.write_text("version: 1\nroutes: [\n", encoding="utf-8")
    for command in (
        ("inbox",), ("show", "A-1"), ("mentions",), ("log",), ("status",), ("sources",), ("suppress", "list"), ("pause", "--reason", "x"),
        ("resume",), ("reject", "A-1"), ("snooze", "A-2"), ("assign", "A-2", "kim"), ("suppress", "add", "tom"),
    ):  # fmt: skip
        assert run(*command).code == 0, command
    for command in (("approve", "A-5"), ("edit", "A-5", "--text", "hi"), ("private", "A-5"), ("escalate", "A-5"), ("explain", "A-5")):
        assert run(*command).code == 78, command


def test_nobody_on_the_suppression_list_is_written_to_until_taken_off(run: Program) -> None:
    added = run("suppress", "add", "@Marta_K", "--reason", "said so on the phone", "--json").object
    assert (added["handle"], added["new"]) == ("marta_k", True)
    assert run("approve", "A-1").code == 1
    assert "said so on the phone" in run("show", "A-1").out
    listed = run("suppress", "list", "--json").objects
    assert [(one["handle"], one["words"]) for one in listed] == [
        ("quiet_one", "never write to me again"),
        ("marta_k", "said so on the phone"),
    ]
    assert run("suppress", "add", "marta_k", "--json").object["new"] is False
    assert run("suppress", "remove", "marta_k").code == 0
    assert run("suppress", "remove", "marta_k").code == 1
    assert run.case("A-1")["boundaries"] == []


def test_somebody_never_heard_can_be_suppressed_by_id_only(run: Program) -> None:
    unknown = run("suppress", "add", "stranger")
    assert unknown.code == 1
    assert "--id" in unknown.err
    assert run("suppress", "add", "stranger", "--id", "77").code == 2
    assert run("suppress", "add", "stranger", "--id", "77", "--network", "mastodon").code == 0
    assert len(run("suppress", "list").out.splitlines()) == 2


def test_an_editor_page_quotes_the_post_and_gives_back_only_what_was_changed() -> None:
    lines = "\n--- public (everyone reads this) ---\nmine\n--- private (only they read this) ---\nmine"
    told = replace(CASES[0], text=HOSTILE + lines)
    opened = page("A-1", post_of(told, now()), None)
    assert "\x1b" not in opened
    assert "\u202e" not in opened
    assert read_page(opened.replace("reads this) ---\n\n--- private", "reads this) ---\n#1 we are on it\n--- private"), None) == (
        "#1 we are on it",
        None,
    )
    with pytest.raises(EarnestError, match="nothing was changed"):
        read_page(opened, None)
    with pytest.raises(EarnestError, match="no longer there"):
        read_page("only some words", None)


def test_edit_opens_the_editor_with_the_post_and_both_parts(run: Program, tmp_path: Path) -> None:
    editor = tmp_path / "editor"
    editor.write_text(
        '#!/bin/sh\ncp "$1" "$0.seen"\nsed -i "s/A wrong bill.*/We found it, you hear from me by 5 pm. Jo/" "$1"\n', encoding="utf-8"
    )
    editor.chmod(0o755)
    screen = Terminal("edit", "A-1", EDITOR=str(editor), EARNEST_STORE=run.store, EARNEST_RULES=str(run.rules), columns=120)
    try:
        screen.sees("A-1: changed. It waits for a yes", "earnest approve A-1")
        assert screen.ends() == 0
    finally:
        screen.close()
    opened = Path(f"{editor}.seen").read_text(encoding="utf-8")
    assert "# > @acme charged me twice" in opened
    assert "This is Jo at Acme" in opened
    draft = run.case("A-1")["draft"]
    assert draft["public"].endswith("We found it, you hear from me by 5 pm. Jo")
    assert draft["private"].endswith("This is Jo at Acme. Which order was it?")
