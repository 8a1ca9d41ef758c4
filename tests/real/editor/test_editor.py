"""rules.yaml in an editor: what the YAML language server of editors completes, shows and marks by our schema."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from listener.rules.rulebook import Route, Rulebook
from listener.rules.wording import keys_of
from responders.cli.main import earnest as program

sys.path.insert(0, str(Path(__file__).parent))
from server import ROOT, Editor

SHIPPED = (ROOT / "rules.yaml").read_text(encoding="utf-8")
# An editor takes 0x1F and .inf for numbers, where names are wanted; we read the text that stands there.
GOOD = [path for path in sorted((ROOT / "tests" / "rules" / "good").glob("*.yaml")) if path.stem != "yaml-words"]
FIRST = "# yaml-language-server: $schema=data/rules.schema.json\n"
FILE = (
    FIRST
    + """version: 1
mode: draft
brands:
  acme: {names: [Acme]}
sources:
  news:
    kind: feeds
    urls: ["https://news.example/feed.xml"]
    ^
routes:
  - name: thanks
    when: {sentiment: positive}
    approval: none
    ^
  - {name: rest, when: always}
^
"""
)


@pytest.fixture(scope="module")
def editor() -> Iterator[Editor]:
    one = Editor()
    yield one
    one.close()


def places(text: str) -> tuple[str, list[tuple[int, int]]]:
    """Take the "^" out of a text, and say where they stood (line and column from 0)."""
    found = [(number, line.index("^")) for number, line in enumerate(text.split("\n")) if "^" in line]
    return text.replace("^", ""), found


def labels(editor: Editor, text: str, place: int = 0) -> set[str]:
    plain, found = places(text)
    path, _ = editor.open(ROOT, plain)
    return {str(item["label"]) for item in editor.complete(path, *found[place])}


def marked(editor: Editor, text: str, folder: Path = ROOT) -> list[tuple[int, str]]:
    _, found = editor.open(folder, text)
    return [(int(one["range"]["start"]["line"]) + 1, str(one["message"])) for one in found]


def test_the_shipped_rules_have_nothing_marked(editor: Editor) -> None:
    assert marked(editor, SHIPPED) == []


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_rules_that_the_checker_takes_have_nothing_marked(editor: Editor, path: Path) -> None:
    assert marked(editor, FIRST + path.read_text(encoding="utf-8")) == []


def test_keys_of_the_file_are_offered_but_those_it_has(editor: Editor) -> None:
    offered = labels(editor, FILE, 2)

    assert set(keys_of(Rulebook)) - {"version", "mode", "brands", "sources", "routes"} <= offered
    assert not {"version", "mode", "brands"} & offered


def test_keys_of_a_route_are_offered(editor: Editor) -> None:
    assert set(keys_of(Route)) - {"name", "when", "approval"} <= labels(editor, FILE, 1)


def test_keys_of_a_source_are_offered_by_its_kind(editor: Editor) -> None:
    offered = labels(editor, FILE, 0)

    assert "every" in offered
    assert not {"instance", "subreddits", "urls"} & offered


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("mode: ^", {"observe", "draft", "send"}),
        ("boundaries: {keep_private: [^]}", {"email", "phone", "card", "iban", "order_number"}),
        ("boundaries:\n  quiet_hours:\n    between: ^", {'"22:00-07:00"'}),
        ("timezone: ^", {"Europe/Berlin"}),
    ],
)
def test_words_that_a_value_can_be_are_offered(editor: Editor, line: str, words: set[str]) -> None:
    offered = labels(editor, f"{FIRST}version: 1\n{line}\n")

    assert words <= offered | {f'"{one}"' for one in offered}


def test_what_a_condition_can_ask_is_offered(editor: Editor) -> None:
    asked = FIRST + "version: 1\nroutes:\n  - name: a\n    when:\n      urgency: [^]\n      intent: ^\n      ^\n"

    assert {"low", "normal", "high", "critical"} <= labels(editor, asked, 0)
    assert {"complaint", "question", "praise"} <= labels(editor, asked, 1)
    assert {"signals", "any", "not", "thread", "spike"} <= labels(editor, asked, 2)


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("approval: two-people", ["who must say yes", "one-person", "two-people"]),
        ("names: [Acme", ["what people call it", "Acme Shoes"]),
        ("sentiment: [negative]", ["any of these moods"]),
        ("quiet_hours: {", ["When nothing leaves by itself"]),
        ("first_response: 15m", ["until our first answer"]),
        ("instance: mastodon.social", ["mastodon.social"]),
    ],
)
def test_a_key_under_the_pointer_is_explained(editor: Editor, words: str, shown: list[str]) -> None:
    path, _ = editor.open(ROOT, SHIPPED)
    before = SHIPPED[: SHIPPED.index(words)]

    told = editor.hover(path, before.count("\n"), len(before) - before.rfind("\n"))

    assert all(one in told for one in shown), told


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("    approval: two-people", "    aproval: two-people", "aproval"),
        ("\nmode: draft", "\nmode: drft", "draft"),
        ("    tags: [acme, acmefail]", "    tgas: [acme, acmefail]", "tgas"),
        ("    stream: public", "    streem: public", "streem"),
        ("  answer_within: 24h ", "  answer_within: soon ", "soon"),
        ("    when: {intent: [spam], signals: none}", "    when: {intent: [spma], signals: none}", "spam"),
    ],
)
def test_a_mistake_is_marked_in_its_line_while_it_is_typed(editor: Editor, right: str, wrong: str, said: str) -> None:
    before = SHIPPED[: SHIPPED.index(right)]
    line = before.count("\n") + 1 + right.count("\n")
    text = before + wrong + SHIPPED[len(before) + len(right) :]

    found = marked(editor, text)

    assert {line for line, _ in found} == {line}
    assert any(said in message for _, message in found) or said == "soon"


def test_the_rules_of_a_new_folder_find_their_schema_there(editor: Editor, tmp_path: Path) -> None:
    CliRunner().invoke(program, ["init", str(tmp_path), "--name", "Zenith", "--people", "jo"], standalone_mode=False)
    text = (tmp_path / "rules.yaml").read_text(encoding="utf-8")

    assert marked(editor, text, tmp_path) == []
    assert marked(editor, text.replace("\nmode: draft", "\nmood: draft"), tmp_path) != []
