"""Fixing a judgement over the sheet: one key each, with what Earnest judged marked to begin with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from listener.model import Assessment, Intent, Labels, Level, Mood
from listener.text import one_line
from responders.cli.screen.asking import Words, painted
from responders.cli.screen.keys import FIX_KEYS, bar
from responders.cli.screen.lines import FAINT, STRONG, Line, Piece, flow

_MOODS = {"-": Mood.NEGATIVE, "0": Mood.NEUTRAL, "+": Mood.POSITIVE}
_LEVELS = {"c": Level.CRITICAL, "h": Level.HIGH, "n": Level.NORMAL, "l": Level.LOW}
_INTENTS = {str(number): intent for number, intent in enumerate(Intent, 1)}
_ALSO = {"=": "+", "_": "-"}  # the same keys with and without shift
_NOTE = 60


@dataclass(frozen=True, slots=True)
class Said:
    """What a person said of a judgement, and their note."""

    labels: Labels
    note: str


class Fix(ModalScreen[Said | None]):
    """What a post should have been judged as; Enter keeps what is marked, Escape leaves all as it was."""

    CSS = "Fix { align: center bottom; } Fix > Vertical { height: auto; border-top: solid $foreground; background: $background; }"
    BINDINGS: ClassVar[list[BindingType]] = [Binding(key.press, key.action, key.long) for key in FIX_KEYS]

    def __init__(self, case: str, seen: Assessment) -> None:
        """Begin with what was judged."""
        super().__init__()
        self._case = case
        self._mood: Mood | None = None if seen.sentiment.label is Mood.UNKNOWN else seen.sentiment.label
        self._level, self._intent, self._sarcasm = seen.urgency.level, seen.intent, seen.sarcasm
        self._note = ""

    def compose(self) -> ComposeResult:
        """Show the words and their keys."""
        with Vertical():
            yield Static(markup=False, id="fix")

    def on_mount(self) -> None:
        """Paint for the first time."""
        self._paint()

    def on_resize(self) -> None:
        """Wrap it again."""
        self._paint()

    def _paint(self) -> None:
        self.query_one("#fix", Static).update(painted(self._lines(self.app.size.width)))

    def _lines(self, width: int) -> list[Line]:
        sarcasm = {"s": "yes" if self._sarcasm else "no"}
        rows = (
            ("mood", _pieces(_MOODS, self._mood)),
            ("urgency", _pieces(_LEVELS, self._level)),
            ("intent", _pieces(_INTENTS, self._intent)),
            ("sarcasm", _pieces(sarcasm, sarcasm["s"])),
            ("note", [("[t] " + (one_line(self._note, _NOTE) or "none"), FAINT)]),
        )
        head = flow([(f"How should {self._case} have been judged?", STRONG), ("marked * is what stands", FAINT)], width)
        body = [line for name, pieces in rows for line in flow([(name, FAINT), *pieces], width)]
        return [*head, *body, *bar(FIX_KEYS, width)]

    def on_key(self, event: events.Key) -> None:
        """Take a word by its key."""
        pressed = _ALSO.get(event.character or "", event.character or "")
        if pressed in _MOODS:
            self._mood = _MOODS[pressed]
        elif pressed in _LEVELS:
            self._level = _LEVELS[pressed]
        elif pressed in _INTENTS:
            self._intent = _INTENTS[pressed]
        else:
            return
        event.stop()
        self._paint()

    def action_sarcasm(self) -> None:
        """Say that the words mean the opposite, or that they do not."""
        self._sarcasm = not self._sarcasm
        self._paint()

    def action_note(self) -> None:
        """Write a note."""
        self.app.push_screen(Words("A note for your colleagues:", self._note), self._noted)

    def _noted(self, words: str | None) -> None:
        self._note = self._note if words is None else words
        self._paint()

    def action_keep(self) -> None:
        """Give what is marked."""
        self.dismiss(Said(Labels(self._mood, self._level, self._intent, self._sarcasm), self._note))

    def action_give_up(self) -> None:
        """Leave all as it was."""
        self.dismiss(None)


def _pieces(words: Mapping[str, str], chosen: str | None) -> list[Piece]:
    return [(f"[{key}] {word}{'*' if word == chosen else ''}", STRONG if word == chosen else "") for key, word in words.items()]
