"""`earnest rules test` names the routes that nothing in the file comes to."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from responders.cli.main import earnest as program

RULES = """\
version: 1
brands: {acme: {names: [Acme], handles: {mastodon: acme}}}
routes:
  - name: german
    when: {language: [de]}
  - name: shops
    when: {text: [shop]}
    examples: [{post: Acme has a shop here}, {not: Acme is here and it is raining outside today}]
  - name: long
    when: {text: [raining]}
  - name: waiting
    when: {thread: {waiting: 2}}
  - {name: rest, when: always}
"""
SEEN = """
tests:
  - name: whoever waits is seen
    post: "@acme hello, anybody?"
    author: tom
    history: [{post: "@acme hello?", by: tom, thread: same}]
    route: waiting
"""


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    return tmp_path / "rules.yaml"


def come_of(path: Path, text: str, *words: str) -> Result:
    path.write_text(text, encoding="utf-8")
    return CliRunner().invoke(program, ["rules", "test", str(path), *words], standalone_mode=False)


def test_routes_that_nothing_comes_to_are_named_with_their_lines(rules: Path) -> None:
    told = come_of(rules, RULES + SEEN)

    assert (told.return_value, told.stdout) == (0, "")
    assert f'{rules}:4:11: no example and no test comes to "german"' in told.stderr
    assert f'{rules}:13:12: no example and no test comes to "rest"' in told.stderr
    # An example of another route comes to this one, and a test to that one.
    assert not [name for name in ("shops", "long", "waiting") if f'"{name}"' in told.stderr]
    assert 'comes to "waiting"' in come_of(rules, RULES).stderr


def test_a_script_gets_them_as_records(rules: Path) -> None:
    rows = [json.loads(line) for line in come_of(rules, RULES + SEEN, "--json").stdout.splitlines()]

    assert [(row["route"], row["line"], row["unreached"]) for row in rows] == [("german", 4, True), ("rest", 13, True)]


@pytest.mark.parametrize("words", [("--route", "shops"), ("--run", "shop")])
def test_who_asks_for_a_part_is_told_of_that_part(rules: Path, words: tuple[str, str]) -> None:
    assert "comes to" not in come_of(rules, RULES + SEEN, *words).stderr


def test_while_examples_fail_only_that_is_said(rules: Path) -> None:
    told = come_of(rules, RULES.replace("Acme has a shop here", "Acme is here"))

    assert told.return_value == 1
    assert "comes to" not in told.stderr
