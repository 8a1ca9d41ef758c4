"""One file for each mistake in tests/rules/bad, with what must be said about it; the files in tests/rules/good are without any."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from listener.rules.checking import check, read_checked
from listener.rules.problems import Problem, RulesProblems, render
from responders.surroundings import known
from tests.ruling import BAD, FOLDER, GOOD, KNOWN

EXPECT = re.compile(r"# expect: (?P<line>\d+):(?P<column>\d+): (?P<warning>warning: )?(?P<message>.*?)(?: \| (?P<hint>.*))?")
JARGON = re.compile(r"pydantic|Input should|function-|literal\[|tuple|dict|NoneType|<block|validat|Traceback|expected <")


def expected(text: str) -> list[tuple[int, int, str, str, str]]:
    found = [EXPECT.fullmatch(line) for line in text.splitlines() if line.startswith("# expect:")]
    return [
        (int(one["line"]), int(one["column"]), "warning" if one["warning"] else "error", one["message"], one["hint"] or "")
        for one in found
        if one
    ]


def as_expected(problem: Problem) -> tuple[int, int, str, str, str]:
    return problem.line, problem.column, problem.severity, problem.message, problem.hint


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_each_mistake_is_said_where_it_is_and_nothing_else(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    problems = check(text, known=KNOWN)

    assert [as_expected(problem) for problem in problems] == expected(text)
    assert expected(text)
    shown = render(problems)
    assert not JARGON.search(shown)
    assert "CANARY" not in shown + "".join(map(repr, problems))


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_only_mistakes_stop_a_file_warnings_do_not(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    mistakes = [one for one in expected(text) if one[2] == "error"]

    if not mistakes:
        assert read_checked(text, known=KNOWN).routes
        return
    with pytest.raises(RulesProblems) as caught:
        read_checked(text, known=KNOWN)
    assert [as_expected(problem) for problem in caught.value.problems] == mistakes
    assert caught.value.exit_code == 78
    assert all(message in caught.value.message for *_, message, _ in mistakes)
    assert "CANARY" not in caught.value.message


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_a_good_file_is_left_in_peace(path: Path) -> None:
    assert check(path.read_text(encoding="utf-8"), known=known() if path.stem == "plan" else KNOWN) == ()


def test_everything_wrong_is_said_at_once_in_the_order_of_lines() -> None:
    text = (FOLDER / "bad" / "several-at-once.yaml").read_text(encoding="utf-8")

    shown = render(check(text, filename="rules.yaml", known=KNOWN))

    assert shown == (
        'rules.yaml:10:5: "aproval" is not a setting here\n'
        "        aproval: two-people\n"
        '        ^ did you mean "approval"?\n'
        'rules.yaml:11:15: no team is called "oncall"\n'
        "        escalate: oncall\n"
        '                  ^ did you mean "on-call"?\n'
        'rules.yaml:17:7: "mode" wants one of observe, draft, send, not "drft"\n'
        "    mode: drft\n"
        '          ^ did you mean "draft"?'
    )


def test_a_secret_in_the_file_is_never_shown_even_beside_another_mistake() -> None:
    text = (FOLDER / "bad" / "secret-beside-a-mistake.yaml").read_text(encoding="utf-8")

    shown = render(check(text, known=KNOWN))

    assert "membrs" in shown
    assert "***" in shown
    assert "CANARY" not in shown
    assert "hooks.example" not in shown
