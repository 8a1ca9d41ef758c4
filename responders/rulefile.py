"""rules.yaml from the disk: read, checked, and (where asked) rehearsed with its own examples."""

from __future__ import annotations

from pathlib import Path

from listener.errors import RulesWrong
from listener.rules.reading import read_rulebook
from listener.rules.rulebook import Rulebook
from listener.sources.base import options_of

_LARGEST = 300_000  # more than the reader takes, so that it says what is wrong


def read_text(path: Path) -> str:
    """Return the text of a rules file.

    Raises:
        RulesWrong: it is absent, unreadable, too large, or not UTF-8.
    """
    try:
        raw = path.read_bytes()[: _LARGEST + 1]
        return raw.decode("utf-8-sig")
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
    return read_rulebook(read_text(path), filename=str(path), source_options=options_of)


def load_rehearsed(path: Path) -> Rulebook:
    """Read a rules file, check it whole, and run its examples; only a file that passes all may be worked by.

    Raises:
        RulesWrong: it cannot be used, or one of its examples fails.
    """
    return read_rehearsed(read_text(path), filename=str(path))


def read_rehearsed(words: str, *, filename: str) -> Rulebook:
    """Do the same with the text of a rules file; `filename` is the name shown in problems.

    Raises:
        RulesWrong: it cannot be used, or one of its examples fails.
    """
    from listener.rules.checking import read_checked  # noqa: PLC0415  # judging is slow to import, and most commands only read
    from responders.rehearsal import rehearse  # noqa: PLC0415
    from responders.surroundings import known  # noqa: PLC0415

    book = read_checked(words, filename=filename, known=known())
    failures = rehearse(book)
    if failures:
        told = "\n".join(f"{filename}: {failure}" for failure in failures)
        message = f"{len(failures)} of the examples in {filename} fail, so these rules are not used\n{told}"
        raise RulesWrong(message, "see them with: earnest rules test")
    return book
