"""The folder `data/answers` beside a rules file: written answers from the disk. A file with a mistake gives no answer, only problems."""

from __future__ import annotations

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


def stamp(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """Return what changes whenever an answer is written, changed, added or removed."""
    return tuple(_stamps(folder))


def _stamps(folder: Path) -> Iterator[tuple[str, int, int]]:
    for path in _paths(folder):
        with suppress(OSError):
            found = path.stat()
            yield path.name, found.st_mtime_ns, found.st_size


def _paths(folder: Path) -> list[Path]:
    with suppress(OSError):
        return sorted(path for path in folder.glob("*.md") if not path.name.startswith(".") and path.name.casefold() not in _NO_ANSWERS)
    return []


def _read(path: Path, number: int) -> AnswerFile:
    if number >= MOST:
        return _unread(path, f"there are more than {MOST:,} answers, so this one is not read", "make one file of those that say the same")
    try:
        with path.open("rb") as opened:
            raw = opened.read(4 * LONGEST + 1)
        return read_answer(raw.decode("utf-8"), filename=str(path))
    except UnicodeDecodeError:
        return _unread(path, "the file is not UTF-8 text", "save it as UTF-8 in your editor")
    except OSError as problem:
        return _unread(
            path, f"the file cannot be read: {problem.strerror}", "let whoever runs Earnest read it, or take it out of the folder"
        )


def _unread(path: Path, message: str, hint: str) -> AnswerFile:
    return AnswerFile(Sheet.of("", str(path)), None, (Problem(str(path), 1, 1, "unreadable", message, hint),))
