"""Every code that the checker can say of a file stands in the source, and each has a bad file that brings it forth."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from listener.rules.checking import check
from listener.rules.problems import Problem
from tests.ruling import BAD, KNOWN

ROOT = Path(__file__).parents[2]
# Which argument holds the code, by the name of what makes a problem of it.
ARGUMENT = {
    **dict.fromkeys(("problem", "error", "warning", "warning_at_key", "secret_problem", "say", "stop"), 1),
    "Problem": 3,
    "Slip": 2,
}
# They need a file that is no text of a few lines: more than 512 KiB, or bytes that are no UTF-8; test_rules_reading has them.
# Or it is about the folder beside the file.
ELSEWHERE = {"encoding", "too-large", "more", "no-answers"}
OF_ANSWERS = {"answerfiles.py", "answerchecks.py"}  # what is said of data/answers, not of rules.yaml


def words_in(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from words_in(node.body)
        yield from words_in(node.orelse)


def codes_of(path: Path) -> Iterator[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id if isinstance(node.func, ast.Name) else ""
            if name == "_missing" and len(node.args) > 2 and isinstance(node.args[2], ast.Constant):
                yield f"unknown-{node.args[2].value}"
            elif name == "doubles" and isinstance(node.args[1], ast.Constant):
                yield f"double-{node.args[1].value}"
            elif name in ARGUMENT and len(node.args) > ARGUMENT[name]:
                yield from words_in(node.args[ARGUMENT[name]])
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == "_ROWS":
            assert isinstance(node.value, ast.Tuple)
            for row in node.value.elts:
                assert isinstance(row, ast.Tuple)
                yield from words_in(row.elts[2])


def said() -> set[str]:
    files = [*(ROOT / "listener" / "rules").glob("*.py"), *(ROOT / "listener" / "sources").glob("*.py")]
    return {code for path in files if path.name not in OF_ANSWERS for code in codes_of(path)}


def test_every_code_has_a_bad_file() -> None:
    shown = {problem.code for path in BAD for problem in check(path.read_text(encoding="utf-8"), known=KNOWN)}

    assert len(said()) > 60
    assert said() - ELSEWHERE - shown == set(), "each of these needs a file in tests/rules/bad"
    assert shown - said() == set(), "each of these is made in a way that this test does not see"


def test_codes_are_words_for_scripts() -> None:
    assert all(code == code.lower() and code.replace("-", "").isalpha() for code in said())
    assert "code" in Problem.__dataclass_fields__


def test_a_warning_has_a_file_that_holds_nothing_but_warnings() -> None:
    by_code: dict[str, list[set[str]]] = {}
    for path in BAD:
        problems = check(path.read_text(encoding="utf-8"), known=KNOWN)
        for problem in problems:
            if problem.severity == "warning":
                by_code.setdefault(problem.code, []).append({one.severity for one in problems})
    assert [code for code, severities in by_code.items() if {"warning"} not in severities] == []
