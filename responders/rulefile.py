"""rules.yaml from the disk: read, checked, and (where asked) rehearsed with its own examples and tests; and put back with a change."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace as replaced
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from listener.errors import EarnestError, RulesWrong
from listener.rules.look import Known
from listener.rules.problems import Problem, RulesProblems
from listener.rules.reading import read_rulebook
from listener.rules.rulebook import Rulebook
from listener.sources.base import options_of
from responders.shelf import Shelf, answers_beside, read_shelf

if TYPE_CHECKING:
    from responders.rehearsal import Failure
    from responders.trials import Fell

LARGEST = 600_000  # more than the reader takes, so that it says what is wrong


def read_text(path: Path) -> str:
    """Return the text of a rules file, without a byte-order mark.

    Raises:
        RulesWrong: it is absent, unreadable, too large, or not UTF-8.
    """
    return read_raw(path).removeprefix("\ufeff")


def read_raw(path: Path) -> str:
    """Return the text of a rules file with every character in it.

    Raises:
        RulesWrong: it is absent, unreadable, too large, or not UTF-8.
    """
    try:
        with path.open("rb") as opened:
            raw = opened.read(LARGEST + 1)
        return raw.decode("utf-8", "strict" if len(raw) <= LARGEST else "ignore")  # a cut may go through a character
    except UnicodeDecodeError as problem:
        line = raw[: problem.start].count(b"\n") + 1
        message = f"{path}:{line}:1: this is not UTF-8 text"
        raise RulesWrong(message, "save the file as UTF-8") from None
    except OSError as problem:
        message = f"cannot read {path}: {problem.strerror}"
        raise RulesWrong(message, "write one with: earnest init, or name another with --rules FILE") from None


def load(path: Path) -> Rulebook:
    """Read a rules file and return it as a rulebook.

    Raises:
        RulesWrong: it cannot be used; the message holds every problem.
    """
    return load_text(read_text(path), str(path), answers_beside(path))


def load_to_look(path: Path) -> Rulebook:
    """Do the same for whoever only looks at what is stored: what its sources are told is not asked of each network's own file.

    Raises:
        RulesWrong: it cannot be used, whatever its sources are.
    """
    book = read_rulebook(read_text(path), filename=str(path))
    return book.with_answers(read_shelf(answers_beside(path)).answers)


def load_text(words: str, filename: str, answers: Path | None = None) -> Rulebook:
    """Do the same with the text of a rules file; `filename` is the name shown in problems.

    The written answers in the folder `answers` go with it, where one is named; those with a mistake are left out.

    Raises:
        RulesWrong: it cannot be used.
    """
    book = read_rulebook(words, filename=filename, source_options=options_of)
    return book.with_answers(read_shelf(answers).answers) if answers else book


def known_beside(rules: Path) -> Known:
    """Return all that a rules file is checked against, with what stands beside it."""
    from responders.surroundings import known  # noqa: PLC0415  # judging is slow to import

    return replaced(known(), answers=answers_beside(rules).is_dir())


def answer_problems(book: Rulebook, shelf: Shelf, *, today: date) -> tuple[Problem, ...]:
    """Return what is wrong or odd with written answers, on a day, under these rules."""
    from listener.rules.answerchecks import check_answers  # noqa: PLC0415  # most commands only read
    from responders.drafting.answers import terms  # noqa: PLC0415
    from responders.surroundings import known  # noqa: PLC0415

    return check_answers(shelf.files, book, known=known(), today=today, terms=terms)


def load_rehearsed(path: Path) -> Rulebook:
    """Read a rules file, check it whole, and run its examples and tests; only a file that passes all may be worked by.

    Raises:
        RulesWrong: it cannot be used, or one of its examples or tests fails.
    """
    return read_rehearsed(read_text(path), filename=str(path))


def read_rehearsed(words: str, *, filename: str, answers: Path | None = None) -> Rulebook:
    """Do the same with the text of a rules file; `filename` is the name shown in problems.

    The answers beside the file must be right too, where a route looks for one. Those in the folder `answers`, where one is named, are
    taken as far as they are.

    Raises:
        RulesWrong: it cannot be used, or one of its examples or tests fails.
    """
    from listener.rules.checking import read_checked  # noqa: PLC0415  # judging is slow to import, and most commands only read
    from responders.rehearsal import rehearse  # noqa: PLC0415
    from responders.trials import run_tests  # noqa: PLC0415

    book = read_checked(words, filename=filename, known=known_beside(Path(filename)))
    shelf = read_shelf(answers or answers_beside(Path(filename)))
    book = book.with_answers(shelf.answers)
    asked = answers is None and any(route.answers for route in book.routes)
    found = answer_problems(book, shelf, today=date.min) if asked else ()
    if mistakes := tuple(problem for problem in found if problem.severity == "error"):
        raise RulesProblems(mistakes)
    failures: tuple[Failure | Fell, ...] = (*rehearse(book), *run_tests(book))
    if failures:
        told = "\n".join(f"{filename}:{line}:{column}: {failure}" for (line, column), failure in _placed(book, failures))
        fail = "fails" if len(failures) == 1 else "fail"
        message = f"{len(failures)} of the examples and tests in {filename} {fail}, so these rules are not used\n{told}"
        raise RulesWrong(message, "see them with: earnest rules test")
    return book


def _placed(book: Rulebook, failures: Sequence[Failure | Fell]) -> Iterator[tuple[tuple[int, int], Failure | Fell]]:
    """Yield failures, each with the line and the column of its example or test."""
    from listener.rules.look import place  # noqa: PLC0415  # only needed where something fails
    from listener.rules.reading import read  # noqa: PLC0415
    from responders.rehearsal import Failure  # noqa: PLC0415

    ways: dict[tuple[str, str], tuple[str | int, ...]] = {("", test.name): ("tests", number) for number, test in enumerate(book.tests)}
    for number, route in enumerate(book.routes):
        for position, example in enumerate(route.examples):
            ways[route.name, example.post or example.not_ or ""] = ("routes", number, "examples", position)
    reading = read(book.words)
    for failure in failures:
        key = (failure.route, failure.example) if isinstance(failure, Failure) else ("", failure.name)
        yield place(reading, ways.get(key, ())), failure


def replace(path: Path, before: str, after: str) -> None:
    """Put another text into a rules file that still holds `before`: whole or not at all, with the same rights. A link stays one.

    Raises:
        EarnestError: somebody changed the file meanwhile, or it cannot be written; then it is as it was.
    """
    target = Path(os.path.realpath(path))
    made = ""
    try:
        if not os.access(target, os.W_OK):
            _refuse(path, "you may not write to it")
        mode = stat.S_IMODE(target.stat().st_mode)
        number, made = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        with os.fdopen(number, "wb") as file:
            file.write(after.encode("utf-8"))
            file.flush()
            os.fchmod(number, mode)
            os.fsync(number)
        if target.read_bytes() != before.encode("utf-8"):
            message = f"{path} was changed meanwhile, so nothing was put in"
            raise EarnestError(message, "look at it, and do it again")
        Path(made).replace(target)
    except OSError as problem:
        _refuse(path, problem.strerror or type(problem).__name__)
    finally:
        with suppress(OSError):
            if made:
                Path(made).unlink()


def _refuse(path: Path, why: str) -> None:
    message = f"cannot write {path}: {why}"
    raise EarnestError(message, "it is as it was; put the lines in yourself, or see to who may write there")
