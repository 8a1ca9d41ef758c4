"""`earnest correct`, `earnest corrections` and `earnest report judgement`: what they print, keep and write."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from listener.scoring.assessor import Assessor
from responders.rehearsal import rehearse
from responders.rulefile import load
from tests.program import Program
from tests.stores import make_rules, make_store
from tests.terminal import Terminal

WORDS = "@acme that new deck is sick"


@pytest.fixture
def run(tmp_path: Path) -> Program:
    return Program(make_store(tmp_path), make_rules(tmp_path), {"EARNEST_NAME": "anna"})


def test_a_case_is_corrected_shown_and_set_back(run: Program) -> None:
    before = run.case("A-1")["assessment"]
    done = run("correct", "A-1", "--sentiment", "positive", "--urgency", "low", "--note", "she jokes")
    assert done.out.startswith("A-1: positive (was negative), low (was critical). What was drafted for it is void. ")
    assert done.out.endswith("It is decided again as soon as the daemon runs: earnest run.\n")
    assert "earnest correct A-1 --undo" in done.err
    shown = run.case("A-1")
    assert shown["assessment"]["corrected"]["changes"] == {
        "mood": {"was": "negative", "is": "positive"},
        "urgency": {"was": "critical", "is": "low"},
    }
    assert shown["draft"]["state"] == "dropped"
    assert "anna says: positive (was negative), low (was critical)" in run("show", "A-1").out
    assert "anna says: positive" in run("explain", "A-1").out
    assert run("explain", "A-1", "--json").object["sentiment"]["label"] == "positive"
    assert run("correct", "A-1", "--undo", "--as", "jo").code == 0
    assert run.case("A-1")["assessment"] == before


def test_what_was_said_is_listed_exported_and_taken_back(run: Program, tmp_path: Path) -> None:
    assert "Nobody corrected anything yet" in run("corrections").err
    run("correct", "A-1", "--sentiment", "positive", "--no-sarcasm")
    run("correct", "A-2", "--urgency", "critical", "--intent", "question", "--as", "jo")
    listed = run("corrections").out
    assert "mood positive (was negative), sarcasm no" in listed
    assert "urgency critical (was high)" in listed
    assert [one["who"] for one in run("corrections", "--json").objects] == ["anna", "jo"]
    file = tmp_path / "said.jsonl"
    assert run("corrections", "--export", str(file)).code == 0
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert [sorted(set(line) - {"id", "text", "language"}) for line in lines] == [["sarcasm", "sentiment"], ["intent", "urgency"]]
    assert (lines[0]["sentiment"], lines[0]["sarcasm"]) == ("positive", False)
    assert run("corrections", "--export", "-").out == file.read_text(encoding="utf-8")
    assert run("corrections", "--export", str(tmp_path / "no" / "where")).code == 1
    assert run("corrections", "--undo", "1").code == 0
    assert [one["stands"] for one in run("corrections", "--json").objects] == [False, True]
    assert "taken back by anna" in run("corrections").out


def test_a_text_teaches_explain_and_score_alike(run: Program) -> None:
    assert run("explain", "--post", WORDS, "--json").object["sentiment"]["label"] == "negative"
    assert run("correct", "--text", WORDS, "--sentiment", "positive").out.strip() == "Kept as correction 1, for acme."
    found = run("explain", "--post", WORDS, "--json").object
    assert found["sentiment"]["label"] == "positive"
    assert [one["words"] for one in found["learned"]] == ["learned from a person's word on the same text"]
    assert run("score", "--brand", "acme", content=WORDS.encode()).object["sentiment"]["label"] == "positive"
    assert run("score", content=WORDS.encode()).object["sentiment"]["label"] == "negative"
    assert run("score", "--brand", "nobody", content=b"x").code == 2
    book = load(run.rules)
    assert rehearse(book, judge=Assessor(book.scoring)) == rehearse(book), "examples are judged by the file alone"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ((), "name a CASE"),
        (("A-1", "--text", "x"), "name a CASE"),
        (("A-1",), "say what it should have been"),
        (("--text", "x"), "teaches by its mood"),
        (("--text", "x", "--brand", "nobody", "--sentiment", "positive"), 'no brand is called "nobody"'),
        (("A-99", "--sentiment", "positive"), "A-99"),
        (("A-1", "--sentiment", "lovely"), "lovely"),
    ],
)
def test_what_cannot_be_done_is_said(run: Program, given: tuple[str, ...], told: str) -> None:
    ran = run("correct", *given)
    assert ran.code in {1, 2}
    assert told in ran.err
    assert run("corrections", "--json").objects == []


def test_the_report_tells_agreement_confusion_and_what_was_learned(run: Program) -> None:
    nothing = run("report", "judgement")
    assert "0 posts" not in nothing.out
    assert "Nobody said yet how a post should have been judged" in nothing.out
    assert "press f in earnest review" in nothing.err
    run("approve", "A-5")
    run("correct", "A-1", "--sentiment", "negative", "--urgency", "high")
    for thing in ("deck", "board", "grip", "wheels"):
        run("correct", "--text", f"so sick, your {thing}", "--sentiment", "positive")
    found = run("report", "judgement", "--json").object
    assert found["said"] == 5
    assert {"what": "mood", "judged": "negative", "said": "positive", "times": 4} in found["confused"]
    assert (found["urgency_lowered"], found["urgency_raised"]) == (1, 0)
    assert set(found["rang_falsely"]) == {"money", "waiting"}
    assert found["approved_without_a_word"] == 2, "A-3 of before, and A-5"
    assert [week["mood"] for week in found["weeks"]] == [{"of": 5, "agreed": 1}]
    learned = found["learned"]["acme"]
    assert learned["used"]
    assert (learned["agreement"]["of"], learned["agreement"]["without"]) == (5, 1)
    assert learned["agreement"]["with"] == 5
    assert "sick" in {one["words"] for one in learned["lessons"]}
    told = run("report", "judgement").out
    for words in ("mood 1 of 5", "judged negative, people say positive: 4", '"sick" +', "mood right in 1 of 5 without it, 5 with it"):
        assert words in told
    assert "2 drafts were approved without a word" in told
    assert run("report", "judgement", "--since", "1d", "--json").object["said"] == 5


def test_on_a_terminal_it_asks_and_enter_keeps(run: Program, tmp_path: Path) -> None:
    screen = Terminal(
        "correct", "A-1", cwd=tmp_path, EARNEST_STORE=run.store, EARNEST_RULES=str(run.rules), EARNEST_NAME="anna", columns=120
    )
    screen.sees("Mood (negative, neutral, positive) [negative]:")
    screen.press("positive\r")
    for asked in ("Urgency", "Intent", "Sarcasm", "A note"):
        screen.sees(asked)
        screen.press("\r")
    assert screen.ends() == 0
    (one,) = run("corrections", "--json").objects
    assert one["said"]["mood"] == "positive"
    assert one["said"]["urgency"] == one["judged"]["urgency"]


def test_hostile_words_and_names_stay_words(run: Program) -> None:
    assert run("correct", "A-5", "--sentiment", "positive", "--as", "ev\x1b[31mil", "--note", "\x1b]0;x").code == 0
    for command in (("show", "A-5"), ("corrections",), ("corrections", "--export", "-"), ("log", "A-5"), ("explain", "A-5")):
        assert "\x1b" not in run(*command).out, command
