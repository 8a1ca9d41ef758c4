"""What a person sees of the reasons: bars that fit and stand in line, on any terminal, and the same for scripts."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from listener.model import Author, Post
from listener.rules.rulebook import Scoring
from listener.scoring.assessor import Assessor
from listener.scoring.explained import Explanation, explain
from listener.scoring.steps import Step, Waterfall
from listener.text import display_width
from responders.cli.waterfall import bars, blocks_fit, told
from tests.program import Program
from tests.stores import make_rules, make_store
from tests.unit.test_explained import NOW, Tones

ROOT = Path(__file__).parents[2]
WIDE = '@acme "助けてください、請求が二重です" 😡👨\u200d👩\u200d👧 é e\u0301 it is broken again'
HOSTILE = "\x1b[2J\u202e love \x9b31m broken\tagain\nA-1"
PLUGIN = """
from listener.scoring.sentiment.base import Opinion, Weight

class KIND:
    def judge(self, many):
        return [Opinion(-0.5 if "broken" in words.text else 0.0) for words in many]

    def weights(self, words):
        return [Weight("", 0.25), Weight("broken", -0.75)] if "broken" in words.text else 1 / 0
"""


@pytest.fixture
def run(tmp_path: Path) -> Program:
    return Program(make_store(tmp_path), make_rules(tmp_path), {"EARNEST_NAME": "jo"})


def of(text: str) -> Explanation:
    return explain(Assessor(Scoring(), Tones()), Post("x", "9", text, Author("x", "7", "marta_k"), NOW, "9"))


def zero(line: str) -> int:
    """Return the column of the line at zero."""
    return display_width(line[: max(line.rfind("│"), line.rfind("|"))])


@pytest.mark.parametrize("blocks", [True, False])
@pytest.mark.parametrize("text", [WIDE, HOSTILE, "it is broken again", "日本" * 200])
@pytest.mark.parametrize("width", [60, 80, 140])
def test_bars_stand_in_line_and_fit(text: str, width: int, *, blocks: bool) -> None:
    lines = told(of(text), width, blocks=blocks)
    assert [line for line in lines if display_width(line) > width] == []
    drawn = [line for line in lines if ("│" in line or "|" in line) and line.rstrip()[-1].isdigit()]
    assert len({zero(line) for line in drawn}) <= 1
    assert not any(letter in line for line in lines for letter in "\x1b\x9b\u202e\t\n")


def test_a_plain_terminal_gets_plain_bars() -> None:
    lines = told(of("it is broken again"), 80, blocks=False)
    assert all(line.isascii() for line in lines)
    assert any("##|" in line for line in lines)


def test_bars_show_their_numbers_left_and_right_of_zero() -> None:
    steps = (Step("a", (), 0.5, 0.5), Step("", ("b",), -1.0, -0.5), Step("c", (), 0.001, -0.499), Step("d", (), -0.001, -0.5))
    shown = bars(Waterfall(steps, -0.5, ""), "negative", 40, places=2, blocks=True)
    assert shown == [
        "   a                       │██▌    +0.50",
        '   "b"                █████│       -1.00',
        "   c                       │       +0.00",
        "   d                       │       +0.00",
        "   = negative           ▐██│       -0.50",
    ]


def test_the_numbers_that_are_shown_add_up_as_they_are_shown() -> None:
    steps = tuple(Step("", (f"w{number}",), 0.004, 0.004 * (number + 1)) for number in range(7))
    *shown, total = [round(float(line.split()[-1]) * 100) for line in bars(Waterfall(steps, 0.028, ""), "x", 80, places=2, blocks=False)]
    assert sum(shown) == total == 3


@pytest.mark.parametrize(
    ("encoding", "environment", "fits"),
    [
        ("utf-8", {}, True),
        ("UTF8", {}, True),
        ("ascii", {}, False),
        ("latin-1", {}, False),
        ("utf-8", {"NO_COLOR": "1"}, False),
        ("utf-8", {"TERM": "dumb"}, False),
    ],
)
def test_blocks_are_for_terminals_that_show_them(
    encoding: str, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, *, fits: bool
) -> None:
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert blocks_fit(io.TextIOWrapper(io.BytesIO(), encoding=encoding)) is fits
    assert blocks_fit(None) is False


def test_explain_shows_the_steps_to_people_and_scripts(run: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    text = f"{HOSTILE} @acme you charged me twice"
    shown = run("--color", "never", "explain", "--post", text, terminal=True).out
    drawn = shown[shown.index("Mood: ") :].splitlines()
    assert any('money: "charged me twice"' in line and line.endswith("+40") for line in drawn)
    assert [line for line in drawn if display_width(line) > 80] == []
    found = run("explain", "--post", text, "--json").object["why"]
    assert sum(round(step["points"] * 10_000) for step in found["mood"]["steps"]) == round(found["mood"]["total"] * 10_000)
    assert sum(step["points"] for step in found["urgency"]["steps"]) == found["urgency"]["total"]
    assert {one["about"] for one in found["reasons"]} >= {"language", "intent", "needs_reply", "moment_of_truth", "sarcasm"}
    assert "\x1b" not in json.dumps(found, ensure_ascii=False)


def test_scores_tell_why_where_they_are_asked(run: Program) -> None:
    bare = run("score", content=b"@acme you charged me twice").object
    (told_why,) = run("score", "--why", content=b"@acme you charged me twice").objects
    assert "why" not in bare
    assert {key: value for key, value in told_why.items() if key != "why"} == bare
    assert told_why["why"]["urgency"]["steps"][0] == {"rule": "money", "because": ["charged me twice"], "points": 40, "total": 40}


def test_a_scorer_that_is_a_plug_in_is_explained_in_a_real_process(tmp_path: Path) -> None:
    (tmp_path / "mytone.py").write_text(PLUGIN, encoding="utf-8")
    about = tmp_path / "mytone-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: mytone\nVersion: 1.0\n", encoding="utf-8")
    (about / "entry_points.txt").write_text("[earnest.scorers]\nmytone = mytone:KIND\n", encoding="utf-8")
    rules = "version: 1\nbrands: {acme: {names: [Acme]}}\nscoring: {sentiment: {scorer: mytone}}\nroutes: [{name: rest, when: always}]\n"
    (tmp_path / "rules.yaml").write_text(rules, encoding="utf-8")
    where = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{tmp_path}", "COLUMNS": "80", "PYTHONIOENCODING": "ascii", "NO_COLOR": ""}

    def ran(*arguments: str, content: str = "") -> str:
        call = [sys.executable, "-m", "responders", *arguments]
        return subprocess.run(call, cwd=tmp_path, env=where, input=content, stdout=subprocess.PIPE, encoding="utf-8", check=True).stdout

    shown = ran("explain", "--post", "Acme is broken, 助けて", "--store", f"sqlite:///{tmp_path}/none.db")
    assert any(line.split()[0] == '"broken"' and "#|" in line and line.endswith("-0.75") for line in shown.splitlines() if line.strip())
    assert "█" not in shown
    broken, calm = map(json.loads, ran("score", "--why", content="Acme is broken\nAcme is blue\n").splitlines())
    assert broken["why"]["mood"]["steps"][1]["because"] == ["broken"]
    assert "ZeroDivisionError" in calm["why"]["mood"]["problem"]
    assert calm["intent"] == "other"


def test_what_a_scorer_names_cannot_command_the_terminal() -> None:
    lines = bars(Waterfall((Step(HOSTILE, (HOSTILE,), -0.5, -0.5),), -0.5, "", HOSTILE), "negative", 80, places=2, blocks=True)
    assert not any(letter in line for line in lines for letter in "\x1b\x9b\u202e\t\n")


def test_what_hardly_weighs_is_a_short_bar() -> None:
    fall = Waterfall((Step("where it starts from", (), -0.01, -0.01), Step("", ("hello",), 0.01, 0.0)), 0.0, "")
    assert all(line.count("#") == 2 for line in bars(fall, "neutral", 100, places=2, blocks=False)[:2])
