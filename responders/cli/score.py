"""`earnest score`: posts in, judgements out, a line each, in the same order."""

from __future__ import annotations

import json
import sys
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from listener import settings
from listener.errors import EarnestError, UsageError
from listener.model import Author, Post
from responders.cli.base import App, common
from responders.cli.complaints import complain
from responders.cli.phrases import counted

if TYPE_CHECKING:
    from listener.rules.rulebook import Scoring
    from listener.scoring.assessor import Assessor
    from listener.scoring.learned import Adjustment

_ANY_TIME = datetime(2026, 1, 1, tzinfo=UTC)  # judging a post does not look at the time
_THREADS_KEPT = 10_000
_EARLIER_KEPT = 20


@click.command(epilog='Example: echo "@acme charged me twice" | earnest score')
@click.option("--brand", metavar="NAME", help="Judge as posts about this brand are: with what corrections taught.")
@common
def score(app: App, *, brand: str | None) -> int:
    """Judge posts from standard input; print a JSON object a line, in the same order.

    A line is a JSON object with "text" (and perhaps "id", "network", "author", "thread"), or the plain text of one post. A line that
    cannot be read is named on stderr, the others are judged, and the exit code is 1.
    """
    from listener.scoring.assessor import Assessor  # noqa: PLC0415  # loads the word lists
    from listener.scoring.learned import NOTHING, put  # noqa: PLC0415
    from listener.scoring.printed import score_line  # noqa: PLC0415

    scoring = _scoring(app)
    assessor = Assessor(scoring)
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
            app.out.record({**score_line(put(assessor.assess(post, earlier), post.text, taught, scoring.sentiment), post.id), "id": given})
            judged += 1
    if broken:
        app.out.talk(f"{counted(judged, 'post')} judged, {counted(broken, 'line')} could not be read.")
    return 1 if broken else 0


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
    threads: OrderedDict[str, list[Post]] = field(default_factory=OrderedDict)

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
            return number, _post(str(number), line), ()
        return self._object(number, _parse(number, line))

    def _object(self, number: int, found: dict[str, object]) -> tuple[object, Post, tuple[Post, ...]]:
        self.json_seen = True
        text = found.get("text")
        if not isinstance(text, str):
            raise _broken(number, 'it has no "text"')
        given = found.get("id", number)
        network, author, thread = found.get("network"), found.get("author"), found.get("thread")
        post = _post(str(given), text, network=_name(network, "text"), author=_name(author, ""))
        if isinstance(thread, list):
            return given, post, tuple(_earlier(thread))
        if not isinstance(thread, (str, int)):
            return given, post, ()
        known = self.threads.setdefault(str(thread), [])
        self.threads.move_to_end(str(thread))
        before = tuple(known)
        known[:] = [*known, post][-_EARLIER_KEPT:]
        if len(self.threads) > _THREADS_KEPT:
            self.threads.popitem(last=False)
        return given, post, before


def _parse(number: int, line: str) -> dict[str, object]:
    try:
        found = json.loads(line)
    except json.JSONDecodeError as problem:
        raise _broken(number, f"it is no JSON: {problem.msg} at column {problem.colno}") from None
    except (ValueError, RecursionError):
        raise _broken(number, "its JSON holds what nobody writes: a number too long, or too many brackets") from None
    if not isinstance(found, dict):
        raise _broken(number, "it is no JSON object")
    return found


def _name(value: object, otherwise: str) -> str:
    return value if isinstance(value, str) and value else otherwise


def _earlier(thread: Iterable[object]) -> Iterator[Post]:
    """Yield the posts of a thread that is written out: texts, or objects with "text" and perhaps "author"."""
    for index, one in enumerate(thread):
        fields = one if isinstance(one, dict) else {"text": one}
        text = fields.get("text")
        if isinstance(text, str):
            yield _post(f"earlier-{index}", text, author=_name(fields.get("author"), ""))


def _post(post_id: str, text: str, *, network: str = "text", author: str = "") -> Post:
    who = author or "somebody"
    return Post(network, post_id, text, Author(network, who, who), _ANY_TIME, post_id)


def _broken(number: int, why: str) -> EarnestError:
    return EarnestError(f"line {number} was left out: {why}")
