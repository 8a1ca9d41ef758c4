"""A written answer, as data: what `answers` reads from its file, and what goes with a rulebook."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Wording:
    """One way to say an answer: for people who write `language` ("" for everybody), in which manner, and where it begins in the file."""

    text: str
    language: str = ""
    informal: bool = False
    line: int = 1


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that may be offered up to and with the day `review_by`. `file` is the name of its file, without the folder."""

    file: str
    title: str
    questions: tuple[str, ...]
    source: str
    review_by: date
    wordings: tuple[Wording, ...]
    brand: str = ""
    language: str = ""
    link: str = ""

    def said(self, wording: Wording) -> str:
        """Return the words as they are put into a text: with the link behind them, unless they hold it."""
        return wording.text if not self.link or self.link in wording.text else f"{wording.text} {self.link}"
