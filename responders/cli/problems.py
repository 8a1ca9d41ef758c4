"""Problems of files that people write, as they are told: rules and written answers, on a terminal and for scripts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from responders.cli.base import App

if TYPE_CHECKING:
    from listener.rules.problems import Problem

_WARNINGS_ONLY = 3


def tell(app: App, problems: Sequence[Problem]) -> None:
    """Write problems to stdout: they are what was asked for."""
    for problem in problems:
        if app.options.json:
            app.out.record({**problem.as_json()})
        else:
            _tell_person(app, problem)


def _tell_person(app: App, problem: Problem) -> None:
    """Write one problem; on a terminal its line is cut to fit, so that the caret stays under its place."""
    head, *below = problem.shown(app.out.columns) if app.out.terminal else problem.shown()
    app.out.line(head, style="yellow" if problem.severity == "warning" else "red")
    for number, line in enumerate(below):
        app.out.line(line, style="cyan" if number else "", whole=line.strip().startswith("^") or not number)


def exit_code(problems: Sequence[Problem]) -> int:
    """Return 0 where all is well, 1 where there are mistakes, 3 where there are only warnings."""
    if any(problem.severity == "error" for problem in problems):
        return 1
    return _WARNINGS_ONLY if problems else 0
