"""`earnest eval`: how good the judgements are, on posts that people labelled."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from listener import settings
from listener.errors import EarnestError, UsageError
from listener.text import one_line
from responders.cli.base import App, common
from responders.cli.complaints import complain
from responders.cli.phrases import counted

if TYPE_CHECKING:
    from listener.measuring.judged import Wrong
    from listener.measuring.labelled import Labelled
    from listener.measuring.measures import Measured
    from listener.rules.rulebook import Scoring

_STDIN = "-"
_NAMED = 20  # broken lines that are named one by one
_WRONG = 10
_LANGUAGE = "language"


def _pairs(_context: click.Context, option: click.Parameter, given: Sequence[str]) -> dict[str, str]:
    """Read ONE=OTHER of the command line."""
    pairs = [one.partition("=") for one in given]
    if wrong := [one for one, between, other in pairs if not (one and between and other)]:
        message = f'"{wrong[0]}" is not written like {option.metavar}'
        raise click.BadParameter(message)
    return {one: other for one, _, other in pairs}


@click.command("eval", epilog="Example: earnest eval posts.csv --column text=comment --scorer default --scorer vader")
@click.argument("file")
@click.option(
    "--scorer", "scorers", multiple=True, metavar="NAME", help="Another sentiment scorer than the rules name; several: side by side."
)
@click.option("--by", metavar="COLUMN", help="Split the figures by this column; else by language, where there is one.")
@click.option("--column", "columns", multiple=True, metavar="OURS=THEIRS", callback=_pairs, help="What a column is called in the file.")
@click.option(
    "--label", "labels", multiple=True, metavar="THEIRS=OURS", callback=_pairs, help="What a label of the file means: 4=positive."
)
@click.option(
    "--wrong", is_flag=False, flag_value=_WRONG, type=click.IntRange(1), metavar="[N]", help="Show the posts judged wrongly: ten, or N."
)
@common
def eval_(
    app: App, *, file: str, scorers: tuple[str, ...], by: str | None, columns: dict[str, str], labels: dict[str, str], wrong: int | None
) -> int:
    """Say how well posts that people labelled are judged, by the rules in force.

    FILE is JSON lines, CSV with a line of names, or YAML like the project's own tests; each may be gzipped; "-" is standard input. Columns:
    text, and of these what is there: sentiment (or label), urgency, intent, needs_reply, moment_of_truth, sarcasm, language, complaint.
    Also network, author and thread, if the file has them. A line that cannot be read is named and left out, and the exit code is 1.
    """
    rows, broken = _read(file, columns, labels)
    chosen = by or (_LANGUAGE if len({row.fields.get(_LANGUAGE, "") for row in rows}) > 1 else "")
    if by and not any(by in row.fields for row in rows):
        message = f'{one_line(file, 200)} has no column "{one_line(by, 80)}" to split the figures by'
        raise UsageError(message, "it has: " + ", ".join(sorted({one_line(name, 40) for row in rows for name in row.fields if name})))
    several = [_measured(rows, scoring, chosen) for scoring in _scorings(app, scorers)]
    if app.options.json:
        _print(app, several, wrong or 0)
    else:
        _tell(app, file, several, wrong or 0, broken)
    return 1 if broken else 0


def _read(file: str, columns: dict[str, str], labels: dict[str, str]) -> tuple[list[Labelled], int]:
    """Return the labelled posts of a file, and how many of its lines could not be read; those are named."""
    from listener.measuring.files import rows  # noqa: PLC0415  # help needs none of it
    from listener.measuring.labelled import COLUMNS, Labels  # noqa: PLC0415

    if unknown := sorted(set(columns) - set(COLUMNS)):
        message = f'--column: "{one_line(unknown[0], 80)}" is none of our columns'
        raise UsageError(message, "write OURS=THEIRS; ours are: " + ", ".join(COLUMNS))
    name = "standard input" if file == _STDIN else one_line(file, 200)
    reader, found, broken, unlabelled = Labels(columns, labels), [], 0, 0
    for line, fields, problem in rows(_bytes(file, name), name):
        try:
            if problem:
                raise ValueError(problem)  # noqa: TRY301 - told like every other
            row = reader.read(f"{name}:{line}", fields)
        except ValueError as wrong:
            broken += 1
            if broken <= _NAMED:
                complain(EarnestError(f"{name}:{line} was left out: {one_line(str(wrong), 300)}"))
            continue
        found.append(row) if row.expected else None
        unlabelled += not row.expected
    if broken > _NAMED:
        complain(EarnestError(f"{name}: {counted(broken - _NAMED, 'more line')} left out"))
    if not found:
        message = f"{name}: there is nothing to measure: " + (
            f"{counted(unlabelled, 'post')}, none with a label" if unlabelled else "no post"
        )
        raise EarnestError(message, "a post needs a text and a label, such as sentiment; name other columns so: --column sentiment=mood")
    return found, broken


def _bytes(file: str, name: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if file == _STDIN else Path(file).read_bytes()
    except OSError as problem:
        message = f"{name} cannot be read: {problem.strerror}"
        raise EarnestError(message) from None


def _scorings(app: App, scorers: Sequence[str]) -> list[Scoring]:
    """Return how to judge: as the rules say, or as built in where there are none and none were named; once for each scorer."""
    from listener.rules.rulebook import Scoring  # noqa: PLC0415  # pydantic is slow to import

    bare = app.options.rules == settings.DEFAULT_RULES and not app.rules_path.exists()
    scoring = Scoring() if bare else app.book.scoring
    names = tuple(dict.fromkeys(scorers)) or (scoring.sentiment.scorer,)
    return [scoring.model_copy(update={"sentiment": scoring.sentiment.model_copy(update={"scorer": name})}) for name in names]


def _measured(rows: Sequence[Labelled], scoring: Scoring, by: str) -> Measured:
    from listener.measuring.measures import measure  # noqa: PLC0415  # loads the word lists

    return measure(rows, scoring, by)


def _print(app: App, several: Sequence[Measured], wrong: int) -> None:
    from responders.cli import evalfigures  # noqa: PLC0415  # loads the word lists

    for measured in several:
        for one in evalfigures.figures(measured):
            app.out.record(one)
        for one_wrong in _wrongly(measured, wrong):
            app.out.record({"scorer": measured.scorer, **evalfigures.wrong(one_wrong)})


def _tell(app: App, file: str, several: Sequence[Measured], wrong: int, broken: int) -> None:
    from responders.cli import evalshown  # noqa: PLC0415  # loads the word lists

    out, posts = app.out, several[0].posts
    left_out = f", {counted(broken, 'line')} left out" if broken else ""
    names = " and ".join(one_line(measured.scorer, 40) for measured in several)
    out.line(f"{one_line(file, 200)}: {counted(posts, 'labelled post')}{left_out}, judged by {names}", style="bold")
    if little := evalshown.few(posts):
        out.line(little)
    if len(several) == 1:
        evalshown.show(out, several[0])
    else:
        evalshown.show_beside(out, several)
    total = 0
    for measured in several:
        for number, one in enumerate(_wrongly(measured, wrong)):
            if number == 0 and len(several) > 1:
                out.line()
                out.line(f"Wrong by {one_line(measured.scorer, 40)}", style="bold")
            evalshown.show_wrong(out, one)
            total += 1
    out.line()
    out.next_step(_next_step(file, several, total, wrong))


def _wrongly(measured: Measured, most: int) -> list[Wrong]:
    from listener.measuring.judged import worst_first  # noqa: PLC0415  # loads the word lists

    return worst_first(measured.judged, measured.asked, most) if most else []


def _next_step(file: str, several: Sequence[Measured], shown: int, wrong: int) -> str:
    name = one_line(file, 200)
    if len(several) > 1:
        return f"All figures of one: earnest eval {name} --scorer {one_line(several[0].scorer, 40)}"
    if not wrong and not any(_wrongly(one, 1) for one in several):
        return "Nothing was judged wrongly."
    if not wrong:
        return f"Judged wrongly, the worst first: earnest eval {name} --wrong"
    if not shown:
        return "Nothing was judged wrongly."
    return "Words of your own belong into rules.yaml, under scoring.urgency.signals. Then: earnest rules check"
