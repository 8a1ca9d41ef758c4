"""`earnest answers`: the answers that are written already, in `data/answers`, and what of them would be offered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from listener import clock
from listener.errors import EarnestError, UsageError
from listener.text import one_line
from responders.cli.base import App, common
from responders.cli.problems import exit_code, tell

if TYPE_CHECKING:
    from listener.rules.answers import Answer
    from listener.rules.problems import Problem
    from listener.rules.rulebook import Rulebook
    from responders.drafting.answers import Found
    from responders.shelf import Shelf

_WIDTH = 200  # columns of a foreign line


@click.group(epilog='Example: earnest answers search "how do i send them back"')
@common
def answers(app: App) -> None:  # the options may stand here too
    """List, search and check the answers that are written already, one file each in data/answers beside the rules."""


def shelved(rules: Path, data: str | bytes) -> tuple[Problem, ...]:
    """Return what is wrong or odd with the answers that the routes of a file look for."""
    from listener.rules.reading import read_rulebook  # noqa: PLC0415  # reading YAML is slow to import
    from responders.rulefile import answer_problems  # noqa: PLC0415
    from responders.shelf import answers_beside, read_shelf  # noqa: PLC0415

    shelf = read_shelf(answers_beside(rules))
    if not shelf.files:
        return ()
    try:
        book = read_rulebook(data, filename=str(rules))
    except EarnestError:
        return shelf.problems
    if not any(route.answers for route in book.routes):
        return ()
    return answer_problems(book, shelf, today=_today(book))


def _today(book: Rulebook) -> date:
    from responders.guard import today_of  # noqa: PLC0415  # not needed for help

    return today_of(book, clock.now())


def _shelf(app: App) -> Shelf:
    from responders.shelf import answers_beside, read_shelf  # noqa: PLC0415  # not needed for help

    shelf = read_shelf(answers_beside(app.rules_path))
    if not shelf.there:
        message = f"there is no folder {shelf.folder}"
        raise EarnestError(message, "make it, with a file for each answer; docs/howto/answers.md has the form")
    return shelf


@answers.command("list", epilog="Example: earnest answers list")
@common
def list_(app: App) -> None:
    """List the answers, those first that must be looked at."""
    from listener.rules.answerchecks import state_of  # noqa: PLC0415  # not needed for help

    today, shelf = _today(app.book), _shelf(app)
    found = sorted(shelf.answers, key=lambda one: (one.review_by, one.file))
    if app.options.json:
        for one in found:
            app.out.record(_answer_json(one, today))
        return
    states = {"fine": "offered", "due": "offered, look at it soon", "past": "NOT OFFERED: its day is over"}
    rows = (
        (one.file, one_line(one.title, 40), one.brand or "all", _tongues(one), one.review_by.isoformat(), states[state_of(one, today)])
        for one in found
    )
    app.out.table(("file", "about", "brand", "in", "review by", "state"), rows)
    broken = sum(file.answer is None for file in shelf.files)
    wrong = f"{broken} more cannot be used. " if broken else ""
    app.out.next_step(f'{len(found)} answers. {wrong}See what is odd: earnest answers check. Try one: earnest answers search "WORDS"')


def _tongues(one: Answer) -> str:
    return ", ".join(dict.fromkeys(wording.language or "any" for wording in one.wordings))


def _answer_json(one: Answer, today: date) -> dict[str, object]:
    from listener.rules.answerchecks import state_of  # noqa: PLC0415  # not needed for help

    return {
        "file": one.file,
        "title": one.title,
        "brand": one.brand or None,
        "languages": list(dict.fromkeys(wording.language for wording in one.wordings)),
        "source": one.source,
        "review_by": one.review_by.isoformat(),
        "state": state_of(one, today),
    }


@answers.command(epilog='Example: earnest answers search "how do i send them back"')
@click.argument("text")
@click.option("--brand", help="The brand that is asked; else the first one.")
@click.option("--language", help="The language of the words, such as de; else it is judged.")
@common
def search(app: App, text: str, *, brand: str | None, language: str | None) -> None:
    """Show which answers fit the words of a post, how well, and which one would be offered today."""
    from listener.scoring.language import detect  # noqa: PLC0415  # judging is slow to import
    from responders.drafting.answers import ENOUGH, Index, best  # noqa: PLC0415

    if brand is not None and brand not in app.book.brands:
        message = f'no brand is called "{brand}"'
        raise UsageError(message, "the brands are: " + ", ".join(app.book.brands))
    tongue = language or detect(text)
    asked = brand or next(iter(app.book.brands))
    found = Index(_shelf(app).answers).search(text, brand=asked, language=tongue, informal=False, today=_today(app.book))
    offered = best(found)
    if app.options.json:
        for one in found:
            app.out.record(_found_json(one, offered=one is offered))
        return
    rows = ((f"{one.score:.2f}", one.answer.file, one_line(one.question, 50), one_line(one.text, 70)) for one in found)
    app.out.table(("fits", "file", "by the question", "it says"), rows)
    app.out.next_step(_verdict(found, offered, tongue, ENOUGH))


def _verdict(found: Sequence[Found], offered: Found | None, tongue: str, enough: float) -> str:
    where = f"(language {one_line(tongue, _WIDTH)})"
    if offered:
        return f"{offered.answer.file} would be offered {where}. What becomes of a post: earnest explain --post TEXT"
    if found and found[0].score >= enough:
        return f"Two fit equally well {where}, so neither would be offered. Part them: other words in their questions"
    why = f"the best fits {found[0].score:.2f}, and {enough:.2f} is asked for" if found else "none shares two words with it"
    return f"Nothing would be offered {where}: {why}. Put the way people ask it into the questions of a file"


def _found_json(one: Found, *, offered: bool) -> dict[str, object]:
    return {
        "file": one.answer.file,
        "title": one.answer.title,
        "score": one.score,
        "question": one.question,
        "text": one.text,
        "source": one.answer.source,
        "review_by": one.answer.review_by.isoformat(),
        "offered": offered,
    }


@answers.command(epilog="Example: earnest answers check. Exit codes: 0 all is well, 1 mistakes, 3 warnings only.")
@common
def check(app: App) -> int:
    """Say what is wrong with the answers: their form, dates, links, lengths, and questions that find nothing."""
    from listener.rules.problems import count_in_words  # noqa: PLC0415  # not needed for help
    from responders.rulefile import answer_problems  # noqa: PLC0415

    shelf = _shelf(app)
    problems = answer_problems(app.book, shelf, today=_today(app.book))
    tell(app, problems)
    app.out.next_step(f"{len(shelf.files)} files: {count_in_words(problems)}. List them: earnest answers list")
    return exit_code(problems)
