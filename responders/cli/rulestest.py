"""`earnest rules test`: the examples and tests of a rules file, played."""

from __future__ import annotations

import difflib
import shlex
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from listener.errors import EarnestError
from responders.cli.base import App, common
from responders.cli.phrases import counted
from responders.cli.problems import tell
from responders.cli.rulesshow import read_rules

if TYPE_CHECKING:
    from listener.rules.reading import Reading
    from listener.rules.rulebook import Rulebook
    from responders.cli.junit import Case


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which examples and tests to play."""

    route: str | None
    named: str | None

    def example(self, route: str, text: str) -> bool:
        """Return whether an example is wanted; its name is its route's name and its text."""
        return self.route in {None, route} and (self.named is None or self._in(f"{route}: {text}"))

    def trial(self, name: str) -> bool:
        """Return whether a test is wanted."""
        return self.route is None and (self.named is None or self._in(name))

    def _in(self, name: str) -> bool:
        return (self.named or "").casefold() in name.casefold()


@click.command(epilog="Example: earnest rules test --run refund. Exit codes: 0 all hold, 1 some do not, or the file has mistakes.")
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--route", help="Only the examples of this route.")
@click.option("--run", "named", metavar="NAME", help="Only tests and examples whose name holds this; an example is called ROUTE: TEXT.")
@click.option("--diff", is_flag=True, help="Also show what differs from the rules in force, in the file and in what holds.")
@click.option("--junit", "report", type=click.Path(path_type=Path), metavar="FILE", help="Write the results as JUnit XML, for CI systems.")
@common
def test(app: App, file: Path | None, route: str | None, named: str | None, *, diff: bool, report: Path | None) -> int:
    """Play the examples of every route and the tests of the file, and say which do not come out as they should."""
    from listener.rules.checking import read_checked  # noqa: PLC0415  # reading YAML is slow to import
    from listener.rules.problems import RulesProblems  # noqa: PLC0415
    from responders.shelf import answers_beside, read_shelf  # noqa: PLC0415
    from responders.surroundings import known  # noqa: PLC0415

    path = file or app.rules_path
    data = read_rules(path)
    try:
        book = read_checked(data, filename=str(path), known=known()).with_answers(read_shelf(answers_beside(path)).answers)
    except RulesProblems as wrong:
        tell(app, wrong.problems)
        again = f"earnest rules check {shlex.quote(str(file))}" if file else "earnest rules check"
        app.out.next_step(f"The examples and tests were not played. Put this right first: {again}")
        return 1
    wanted, began = Wanted(route, named), time.monotonic()
    cases = [*_played(app, book, data, path, wanted)]
    if report:
        _write(report, path, cases, time.monotonic() - began)
    if diff:
        _tell_difference(app, book, path, wanted, cases)
    if route is None and named is None and not any(case.problems for case in cases):
        _tell_unreached(app, book, data, path)
    return _conclude(app, cases, wanted)


def _played(app: App, book: Rulebook, data: bytes, path: Path, wanted: Wanted) -> Iterator[Case]:
    """Play what is wanted, say what does not hold, and yield how each came out."""
    from listener.rules.reading import read  # noqa: PLC0415  # reading YAML is slow to import
    from responders.rehearsal import rehearse  # noqa: PLC0415
    from responders.trials import run_tests  # noqa: PLC0415

    reading = read(data)
    failures = [one for one in rehearse(book, only=wanted.route) if wanted.example(one.route, one.example)]
    for number, route in enumerate(book.routes):
        for position, example in enumerate(route.examples):
            text = example.post or example.not_ or ""
            if wanted.example(route.name, text):
                at = _at(reading, ("routes", number, "examples", position))
                own = [one for one in failures if one.route == route.name and one.example == text]
                for one in own:
                    _tell(app, path, at, str(one), route=one.route, example=one.example, expected=one.expected, got=one.got)
                yield _case(f"examples of {route.name}", text, at, [f"expected {one.expected}, found: {one.got}" for one in own])
    tests = [test for test in book.tests if wanted.trial(test.name)]
    fallen = run_tests(book, tests)
    for number, trial in enumerate(book.tests):
        if trial in tests:
            at = _at(reading, ("tests", number))
            missed = [fell for fell in fallen if fell.name == trial.name]
            for fell in missed:
                _tell(app, path, at, str(fell), test=fell.name, expected=fell.expected, got=fell.got)
            yield _case("tests", trial.name, at, [f"expected {fell.expected}, found: {fell.got}" for fell in missed])


def _at(reading: Reading, way: tuple[str | int, ...]) -> tuple[int, int]:
    from listener.rules.look import place  # noqa: PLC0415  # reading YAML is slow to import

    return place(reading, way)


def _case(suite: str, name: str, at: tuple[int, int], problems: Sequence[str]) -> Case:
    from responders.cli.junit import Case  # noqa: PLC0415  # XML is slow to import

    return Case(suite, name, at[0], tuple(problems))


def _tell(app: App, path: Path, at: tuple[int, int], words: str, **facts: object) -> None:
    line, column = at
    if app.options.json:
        app.out.record({"file": str(path), "line": line, "column": column, **facts})
    else:
        app.out.line(f"{path}:{line}:{column}: {words}")


def _write(report: Path, path: Path, cases: Sequence[Case], seconds: float) -> None:
    from responders.cli.junit import junit  # noqa: PLC0415  # XML is slow to import

    try:
        report.write_bytes(junit(str(path), cases, seconds))
    except OSError as problem:
        message = f"cannot write {report}: {problem.strerror}"
        raise EarnestError(message, "name a file in a folder that exists and can be written") from None


def _tell_difference(app: App, book: Rulebook, path: Path, wanted: Wanted, cases: Sequence[Case]) -> None:
    """Show the lines that differ from the rules in force, and which examples and tests hold by one of the two only."""
    from listener.rules.problems import mask  # noqa: PLC0415  # reading YAML is slow to import

    last = _in_force(app)
    if last is None:
        app.out.talk("No rules are in force yet: there is nothing to compare with.")
        return
    version, words = last
    lines = difflib.unified_diff(words.splitlines(), book.words.splitlines(), f"in force ({version})", str(path), lineterm="", n=1)
    for line in map(mask, lines):
        if app.options.json:
            app.out.record({"diff": line})
        else:
            app.out.line(line, style={"+": "green", "-": "red"}.get(line[:1], ""), whole=True)
    for words_of_one in _otherwise(words, book, wanted, cases):
        if app.options.json:
            app.out.record({"otherwise": words_of_one})
        else:
            app.out.line(words_of_one)


def _in_force(app: App) -> tuple[str, str] | None:
    from listener.errors import Unreachable  # noqa: PLC0415  # not needed for help
    from listener.store.looking import looking  # noqa: PLC0415
    from responders.ledger import rulebooks  # noqa: PLC0415
    from responders.replaying import TABLES  # noqa: PLC0415

    try:
        with looking(app.options.store, TABLES) as reader:
            return rulebooks.last(reader)
    except Unreachable:
        return None


def _otherwise(words: str, book: Rulebook, wanted: Wanted, cases: Sequence[Case]) -> Iterator[str]:
    """Yield which examples and tests of the file come out otherwise by the rules in force."""
    from responders.rehearsal import rehearse  # noqa: PLC0415  # judging is slow to import
    from responders.rulefile import load_text  # noqa: PLC0415
    from responders.trials import run_tests  # noqa: PLC0415

    old = load_text(words, "the rules in force").with_answers(book.answers)
    failing = {(f"examples of {one.route}", one.example) for one in rehearse(book, only=wanted.route, by=old)}
    failing |= {("tests", fell.name) for fell in run_tests(old, [test for test in book.tests if wanted.trial(test.name)])}
    for case in cases:
        held, holds = (case.suite, case.name) not in failing, not case.problems
        if held != holds:
            now = "it holds by this file and not by the rules in force" if holds else "it holds by the rules in force and not by this file"
            yield f'{case.suite}, "{case.name}": {now}'


def _tell_unreached(app: App, book: Rulebook, data: bytes, path: Path) -> None:
    """Name the routes that no example and no test has come to: nobody has seen yet what they do."""
    from listener.rules.reading import read  # noqa: PLC0415  # reading YAML is slow to import
    from responders.rehearsal import reached  # noqa: PLC0415

    come_to = reached(book) | {trial.route for trial in book.tests}
    reading = read(data)
    for number, route in enumerate(book.routes):
        if route.name not in come_to and not route.shadow:
            line, column = _at(reading, ("routes", number, "name"))
            if app.options.json:
                app.out.record({"file": str(path), "line": line, "column": column, "route": route.name, "unreached": True})
            else:
                app.out.talk(f'{path}:{line}:{column}: no example and no test comes to "{route.name}"')


def _conclude(app: App, cases: Sequence[Case], wanted: Wanted) -> int:
    failed = sum(bool(case.problems) for case in cases)
    tests = sum(case.suite == "tests" for case in cases)
    if failed:
        app.out.next_step(f"{failed} of these {len(cases)} do not hold. See why: earnest explain --post TEXT")
        return 1
    if not cases and wanted.named is not None:
        message = f'no test and no example has "{wanted.named}" in its name'
        raise EarnestError(message, "an example is called by its route and its text")
    more = f" and {counted(tests, 'test')}" if tests else ""
    app.out.next_step(f"{counted(len(cases) - tests, 'example')}{more} hold. See what a post would meet: earnest explain --post TEXT")
    return 0
