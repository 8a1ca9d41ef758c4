"""What a person sees on a narrow terminal: nothing cut in mid-word, nothing spilt into the next line."""

from __future__ import annotations

from pathlib import Path

import pytest

from listener.text import display_width
from tests.program import Program
from tests.stores import make_rules, make_store
from tests.terminal import Terminal

LISTENING = """
version: 1
brands: {acme: {names: [Acme]}}
sources: {reviews: {kind: feeds, urls: ["http://127.0.0.1:9/feed.xml"]}}
routes: [{name: rest, when: always, reply: none}]
"""


@pytest.fixture
def run(tmp_path: Path) -> Program:
    return Program(make_store(tmp_path), make_rules(tmp_path), {})


@pytest.mark.parametrize("columns", [100, 130])
@pytest.mark.parametrize("command", [("inbox",), ("mentions",), ("status",), ("show", "A-1"), ("show", "A-4"), ("log",)])
def test_every_line_fits(run: Program, columns: int, command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    lines = run("--color", "never", *command, terminal=True).out.splitlines()
    assert lines
    assert [line for line in lines if display_width(line) > columns and " " in line.strip()] == []


def test_the_report_of_the_routes_fits_eighty_columns_with_its_verdicts_whole(run: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    verdicts = [one["verdict"] for one in run("report", "rules", "--json").objects]
    monkeypatch.setenv("COLUMNS", "80")
    shown = run("--color", "never", "report", "rules", terminal=True).out
    assert [line for line in shown.splitlines() if display_width(line) > 80] == []
    assert all(verdict in " ".join(shown.split()) for verdict in verdicts)


def test_the_daemon_breaks_its_lines_between_words(tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text(LISTENING, encoding="utf-8")
    screen = Terminal("run", "--observe", cwd=tmp_path, columns=60)
    shown = screen.sees("earnest review")
    assert "Earnest listens to reviews. Stop with Ctrl-C. In another\n  terminal: earnest review" in shown
    rules.write_text(LISTENING.replace("name: rest", "nam: rest"), encoding="utf-8")
    refused = screen.sees("rules the old ones stay", "earnest rules test")
    told = refused[refused.index("rules the old ones stay") :].split("earnest on-call")[0].splitlines()
    assert all(line.startswith("  ") for line in told[1:3])
    screen.press("\x03")


def test_a_pipe_gets_long_lines_whole(run: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    piped = run("show", "A-1").out
    shown = run("show", "A-1", terminal=True).out
    assert len(piped.splitlines()) < len(shown.splitlines())


def test_a_yes_says_that_no_daemon_is_there_to_send(run: Program) -> None:
    done = run("approve", "A-1", "--as", "jo")
    assert done.code == 0, done.err
    assert "The daemon is not running, so nothing leaves before: earnest run" in done.err


def test_a_wrong_answer_to_init_is_asked_again_and_the_others_stay(tmp_path: Path) -> None:
    screen = Terminal("init", "mine", cwd=tmp_path, columns=110)
    for question, answer in (
        ("1. What", ""),
        ("a brand needs a name", "Blue Kettle"),
        ("2. Which", "#blue kettle"),
        ("is no hashtag", "#bluekettle"),
        ("3. Your", "no account"),
        ("is no account name", "blue@mas.to, blue.example"),
        ("4. Which", "blue.example/feed"),
        ("is no address of a feed", "https://blue.example/feed"),
        ("5. Who", "jo"),
    ):
        screen.sees(question)
        screen.press(answer + "\r")
    screen.sees("Wrote mine/rules.yaml", "earnest run --observe")
    written = (tmp_path / "mine/rules.yaml").read_text(encoding="utf-8")
    assert 'names: ["Blue Kettle"]' in written
    assert 'mastodon: "blue@mas.to"' in written
    assert 'bluesky: "blue.example"' in written
    assert 'instance: "mas.to"' in written
    assert '- "https://blue.example/feed"' in written
