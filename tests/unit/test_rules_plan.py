"""A whole file as a team might write it (tests/rules/good/plan.yaml): right, free of warnings, and its examples and tests hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from responders.rulefile import load_rehearsed
from tests.program import Program

PLAN = Path(__file__).parents[1] / "rules" / "good" / "plan.yaml"


@pytest.mark.parametrize("command", [("rules", "check"), ("rules", "test"), ("answers", "check")])
def test_it_passes_what_ops_run_before_they_trust_a_file(tmp_path: Path, command: tuple[str, ...]) -> None:
    ran = Program(f"sqlite:///{tmp_path}/none.db", PLAN, {})(*command)
    assert (ran.code, ran.out) == (0, "")


def test_a_daemon_would_work_by_it_with_its_answers() -> None:
    book = load_rehearsed(PLAN)
    assert [answer.file for answer in book.answers] == ["laces.md"]
    assert book.brands["acme"].competitors == ("Zenith Shoes",)
