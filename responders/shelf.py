"""The folder `data/answers` beside a rules file: written answers from the disk. A file with a mistake gives no answer, only problems."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from listener.rules.answerfiles import LONGEST, AnswerFile, read_answer
from listener.rules.answers import Answer
from listener.rules.problems import Problem, Sheet

FOLDER = Path("data", "answers")
MOST = 1_000
"""Files that are read; more than a search by words can tell apart."""

_NO_ANSWERS = frozenset({"readme.md"})


@dataclass(frozen=True, slots=True)
class Shelf:
    """What stands in the folder. `there` is false where there is none."""

    folder: Path
    there: bool
    files: tuple[AnswerFile, ...] = ()

    @property
    def answers(self) -> tuple[Answer, ...]:
        """Return the answers that can be used, whatever the day."""
        return tuple(file.answer for file in self.files if file.answer)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Return what is wrong with the files by themselves."""
        return tuple(problem for file in self.files for problem in file.problems)


def answers_beside(rules: Path) -> Path:
    """Return where the answers of a rules file are."""
    return rules.parent / FOLDER


def read_shelf(folder: Path) -> Shelf:
    """Read every answer in a folder, by name. Never raises: what cannot be read is a problem of that file."""
    return Shelf(folder, folder.is_dir(), tuple(_read(path, number) for number, path in enumerate(_paths(folder))))


def read_bytes(path: Path, most: int) -> bytes:
    """Return the first bytes of an ordinary file, at most so many. A pipe or a device is never waited for.

    Raises:
        OSError: it is absent, may not be read, or is no ordinary file.
    """
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as opened:  # noqa: PTH123  # a number, not a path
        if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
            raise OSError(errno.EINVAL, "it is no ordinary file")
        return opened.read(most)


def stamp(folder: Path) -> tuple[tuple[str, Traces], ...]:
    """Return what changes whenever an answer is written, changed, added or removed."""
    return tuple(_stamps(folder))


def _stamps(folder: Path) -> Iterator[tuple[str, Traces]]:
    for path in _paths(folder):
        with suppress(OSError):
            yield path.name, traces(path)


Traces = tuple[int, int, int, int]


def traces(path: Path) -> Traces:
    """Return what an edit of a file leaves, also one that keeps its size and sets its time back.

    Raises:
        OSError: it is absent, or may not be looked at.
    """
    found = path.stat()
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino


def _paths(folder: Path) -> list[Path]:
    with suppress(OSError):
        return sorted(path for path in folder.glob("*.md") if not path.name.startswith(".") and path.name.casefold() not in _NO_ANSWERS)
    return []


def _read(path: Path, number: int) -> AnswerFile:
    if number >= MOST:
        return _unread(path, f"there are more than {MOST:,} answers, so this one is not read", "make one file of those that say the same")
    try:
        return read_answer(read_bytes(path, 4 * LONGEST + 1).decode("utf-8"), filename=str(path))
    except UnicodeDecodeError:
        return _unread(path, "the file is not UTF-8 text", "save it as UTF-8 in your editor")
    except OSError as problem:
        return _unread(
            path, f"the file cannot be read: {problem.strerror}", "let whoever runs Earnest read it, or take it out of the folder"
        )


def _unread(path: Path, message: str, hint: str) -> AnswerFile:
    return AnswerFile(Sheet.of("", str(path)), None, (Problem(str(path), 1, 1, "unreadable", message, hint),))
