"""`earnest score`: posts in, judgements out, a line each, in the same order."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import click

from listener import settings
from listener.errors import EarnestError, UsageError
from listener.measuring.written import Threads, json_object, written_post
from listener.model import Post
from responders.cli.base import App, common
from responders.cli.complaints import complain
from responders.cli.phrases import counted

if TYPE_CHECKING:
    from listener.rules.rulebook import Scoring
    from listener.scoring.assessor import Assessor
    from listener.scoring.learned import Adjustment


@click.command(epilog='Example: echo "@acme charged me twice" | earnest score')
@click.option("--brand", metavar="NAME", help="Judge as posts about this brand are: with what corrections taught.")
@click.option("--why", is_flag=True, help='Add "why" to each object: the steps to its numbers, and the reasons in words.')
@common
def score(app: App, *, brand: str | None, why: bool) -> int:
    """Judge posts from standard input; print a JSON object a line, in the same order.

    A line is a JSON object with "text" (and perhaps "id", "network", "author", "thread"), or the plain text of one post. A line that
    cannot be read is named on stderr, the others are judged, and the exit code is 1.
    """
    from listener.scoring.assessor import Assessor  # noqa: PLC0415  # loads the word lists
    from listener.scoring.learned import NOTHING  # noqa: PLC0415

    assessor = Assessor(_scoring(app))
    taught = _taught(app, brand, assessor) if brand else NOTHING
    reader = _Lines()
    broken = judged = 0
    for number, raw in enumerate(sys.stdin.buffer, 1):
        try:
            read = reader.read(number, raw)
        except EarnestError as problem:
            complain(problem)
            broken += 1
            continue
        if read:
            given, post, earlier = read
            app.out.record(_judged(assessor, post, earlier, taught, why=why) | {"id": given})
            judged += 1
    if broken:
        app.out.talk(f"{counted(judged, 'post')} judged, {counted(broken, 'line')} could not be read.")
    return 1 if broken else 0


def _judged(assessor: Assessor, post: Post, earlier: Sequence[Post], taught: Adjustment, *, why: bool) -> dict[str, object]:
    from listener.scoring.explained import explain  # noqa: PLC0415  # loads the word lists
    from listener.scoring.learned import put  # noqa: PLC0415
    from listener.scoring.printed import score_line  # noqa: PLC0415

    settings = assessor.scoring.sentiment
    if not why:
        return score_line(put(assessor.assess(post, earlier), post.text, taught, settings), post.id)
    found = explain(assessor, post, earlier)
    seen = put(found.assessment, post.text, taught, settings)
    lessons = taught.weights(post.text, found.assessment.sentiment, settings) if seen.learned else ()
    return score_line(seen, post.id) | {"why": found.over(seen, lessons).to_json()}


def _scoring(app: App) -> Scoring:
    """Return how to judge: by the rules file, or as built in where there is none and none was named."""
    from listener.rules.rulebook import Scoring  # noqa: PLC0415  # pydantic is slow to import

    if app.options.rules == settings.DEFAULT_RULES and not app.rules_path.exists():
        return Scoring()
    return app.book.scoring


def _taught(app: App, brand: str, assessor: Assessor) -> Adjustment:
    """Return what corrections taught about a brand."""
    from listener.lessons import adjustments  # noqa: PLC0415  # only here

    if brand not in app.book.brands:
        message = f'no brand is called "{brand}"'
        raise UsageError(message, f"rules.yaml knows: {', '.join(app.book.brands)}")
    return adjustments(app.store.read(), app.book, assessor).of((brand,))


@dataclass
class _Lines:
    """Reads lines into posts, and remembers the threads they belong to."""

    json_seen: bool = False
    threads: Threads = field(default_factory=Threads)

    def read(self, number: int, raw: bytes) -> tuple[object, Post, tuple[Post, ...]] | None:
        """Return the id as it was given, the post, and what was written before it in its thread; None for an empty line.

        Raises:
            EarnestError: the line cannot be read.
        """
        try:
            line = raw.decode("utf-8-sig" if number == 1 else "utf-8").strip()
        except UnicodeDecodeError:
            raise _broken(number, "it is not UTF-8 text") from None
        if not line:
            return None
        if not line.startswith("{") and not self.json_seen:
            return number, written_post(str(number), line), ()
        try:
            return self._object(number, json_object(line))
        except ValueError as problem:
            raise _broken(number, str(problem)) from None

    def _object(self, number: int, found: dict[str, object]) -> tuple[object, Post, tuple[Post, ...]]:
        self.json_seen = True
        text = found.get("text")
        if not isinstance(text, str):
            raise _broken(number, 'its "text" is no text in quotation marks' if "text" in found else 'it has no "text"')
        given = found.get("id", number)
        post = written_post(str(given), text, network=found.get("network"), author=found.get("author"))
        return given, post, self.threads.before(post, found.get("thread"))


def _broken(number: int, why: str) -> EarnestError:
    return EarnestError(f"line {number} was left out: {why}")
