"""The small screens over the sheet: a question answered by one key, one line of words, and a page to read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from listener.text import visible
from responders.cli.screen.lines import FAINT, STRONG, Line, flow


def painted(lines: Sequence[Line]) -> Content:
    """Return lines as Textual paints them; markup in them stays what it is: letters."""
    return Content("\n").join(Content.assemble(*line) for line in lines)


class Ask(ModalScreen[str | None]):
    """A question at the bottom, answered by one key; any other key leaves things as they are."""

    CSS = "Ask { align: center bottom; } Ask > Vertical { height: auto; border-top: solid $foreground; background: $background; }"

    def __init__(self, question: str, answers: Mapping[str, str]) -> None:
        """`answers` maps a key to what it means."""
        super().__init__()
        self._question = question
        self._answers = answers

    def compose(self) -> ComposeResult:
        """Show the question and its keys."""
        pieces = [(f"[{key}] {meaning}", STRONG) for key, meaning in self._answers.items()]
        lines = [*flow([(self._question, STRONG)], self.app.size.width), *flow([*pieces, ("[esc] leave it", "")], self.app.size.width)]
        with Vertical():
            yield Static(painted(lines), markup=False)

    def on_key(self, event: events.Key) -> None:
        """Take the answer, once: what is typed before the next screen is there counts for nothing, since nobody saw what it would do."""
        event.stop()
        if not self.is_current:
            return
        if event.character in self._answers:
            self.dismiss(event.character)
        elif event.key in {"escape", "ctrl+c", "q"}:
            self.dismiss(None)


class OneLine(Input):
    """A line to write in; what is pasted is made visible first, since it may come from a hostile page."""

    def on_paste(self, event: events.Paste) -> None:
        """Let nothing in that could command the terminal."""
        event.text = visible(event.text, newlines=False)


class Words(ModalScreen[str | None]):
    """One line of words at the bottom; Enter gives them, Escape leaves things as they are."""

    CSS = "Words { align: center bottom; } Words > Vertical { height: auto; border-top: solid $foreground; background: $background; }"
    BINDINGS: ClassVar[list[BindingType]] = [("escape,ctrl+c", "dismiss(None)", "leave")]

    def __init__(self, question: str, words: str = "") -> None:
        """`words` stand there to begin with."""
        super().__init__()
        self._question = question
        self._words = words

    def compose(self) -> ComposeResult:
        """Show the question and the line."""
        with Vertical():
            yield Static(painted([((self._question, STRONG), ("   [Enter] take it   [esc] leave it", FAINT))]), markup=False)
            yield OneLine(self._words, compact=True, select_on_focus=False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Give the words."""
        event.stop()
        self.dismiss(visible(event.value, newlines=False).strip())


class Page(ModalScreen[None]):
    """Something longer to read."""

    CSS = "Page { background: $background; } Page > Static { height: 1; } Page > VerticalScroll { height: 1fr; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        ("escape,q,enter,ctrl+c", "dismiss(None)", "back"),
        ("j", "scroll(1)", "down"),
        ("k", "scroll(-1)", "up"),
        ("space", "page_down", "read on"),
    ]

    def __init__(self, title: str, made: Callable[[int], Sequence[Line]]) -> None:
        """`made` gives the lines for a width."""
        super().__init__()
        self._title = title
        self._made = made

    def compose(self) -> ComposeResult:
        """Show the title, the lines, and how to get back."""
        yield Static(painted([((self._title, STRONG),)]), markup=False)
        with VerticalScroll():
            yield Static(markup=False, id="page")
        yield Static(painted([(("[q] back", STRONG), ("  arrow keys and space scroll", FAINT))]), markup=False)

    def on_resize(self, event: events.Resize) -> None:
        """Wrap the lines again."""
        self.query_one("#page", Static).update(painted(self._made(event.size.width - 2)))

    def action_scroll(self, step: int) -> None:
        """Move by a line."""
        self.query_one(VerticalScroll).scroll_relative(y=step, animate=False)

    def action_page_down(self) -> None:
        """Move by a page."""
        self.query_one(VerticalScroll).scroll_page_down(animate=False)
