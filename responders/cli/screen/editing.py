"""Changing the words: the post above, a field for what is said in public, and one for what is said in private where there is one."""

from __future__ import annotations

import os
import shlex
import subprocess  # the editor is the person's own, named in their environment
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import ClassVar

from textual import events
from textual.app import ComposeResult, SuspendNotSupported
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static, TextArea

from listener.errors import EarnestError
from listener.text import visible
from responders.channels.base import ChannelKind
from responders.cli.screen.asking import painted
from responders.cli.screen.keys import EDIT_KEYS, bar
from responders.cli.screen.lines import ALARM, FAINT, STRONG, Line, block, flow
from responders.cli.screen.sheet import count
from responders.model import Kind
from responders.views import Waiting

_MOST_OF_POST = 6
_CUT = "======== nothing below this line is kept: it is the post you answer ========"


class Field(TextArea):
    """A text to change; what is pasted is made visible first, since it may come from a hostile page."""

    def on_paste(self, event: events.Paste) -> None:
        """Let nothing in that could command the terminal."""
        event.text = visible(event.text)


class Edit(ModalScreen[bool]):
    """Changing the words of one draft; dismissed with whether they were kept."""

    CSS = """
    Edit { background: $background; }
    Edit > Static { height: auto; }
    Edit > Field { height: 1fr; border: none; border-left: solid $foreground; padding: 0 1; }
    Edit > Field:focus { border-left: heavy $foreground; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding(key.press, key.action, key.long, priority=True) for key in EDIT_KEYS]

    def __init__(self, one: Waiting, channel: ChannelKind | None, keep: Callable[[str | None, str | None], None]) -> None:
        """`keep` stores the public and the private words (None: unchanged) and raises where that is impossible."""
        super().__init__()
        self._one = one
        self._channel = channel
        self._keep = keep
        self._shown = _fields(one)

    def compose(self) -> ComposeResult:
        """Show the post, the fields, and the keys."""
        yield Static(id="quoted", markup=False)
        for kind, words in self._shown.items():
            yield Static(id=f"count-{kind.value}", markup=False)
            yield Field(words, id=kind.value, highlight_cursor_line=False)
        yield Static(id="told", markup=False)
        yield Static(id="edit-keys", markup=False)

    def on_mount(self) -> None:
        """Put the cursor at the end of the first field."""
        for kind in self._shown:
            field = self._field(kind)
            field.move_cursor(field.document.end)
            self._recount(kind)
        self._field(next(iter(self._shown))).focus()

    def on_resize(self, event: events.Resize) -> None:
        """Wrap the post again."""
        self.query_one("#quoted", Static).update(painted(quoted(self._one, event.size.width)))
        useless = {"ctrl+e": not _editor(), "tab": len(self._shown) == 1}
        without = {key for key, so in useless.items() if so}
        self.query_one("#edit-keys", Static).update(painted(bar(EDIT_KEYS, event.size.width, without=without)))

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        """Count again."""
        self._recount(Kind(event.text_area.id or Kind.PUBLIC))

    def action_save(self) -> None:
        """Keep the words, or say why that is impossible and keep them on the screen."""
        new = {kind: self._changed(kind) for kind in Kind}
        if all(words is None for words in new.values()):
            self.dismiss(False)
            return
        if "" in new.values():
            self._tell("the words are empty; to say nothing, leave with esc and reject (n), or send in private only (p)")
            return
        try:
            self._keep(new[Kind.PUBLIC], new[Kind.PRIVATE])
        except EarnestError as problem:
            self._tell(f"{problem.message} ({problem.hint})" if problem.hint else problem.message)
            return
        self.dismiss(True)

    def action_give_up(self) -> None:
        """Leave the words as they were."""
        self.dismiss(False)

    def action_outside(self) -> None:
        """Change the words of the field in hand in the person's own editor."""
        field = self.focused if isinstance(self.focused, Field) else self._field(next(iter(self._shown)))
        editor = _editor()
        if not editor:
            self._tell("no editor is set: export EDITOR=nano, or write here")
            return
        try:
            with self.app.suspend():
                words = write_outside(editor, field.text, self._one.post.text)
        except (OSError, ValueError, SuspendNotSupported) as problem:
            self._tell(f"the editor did not work: {problem}; write here instead")
            return
        self.app.refresh()
        field.text = visible(words)
        field.move_cursor(field.document.end)

    def _field(self, kind: Kind) -> Field:
        return self.query_one(f"#{kind.value}", Field)

    def _changed(self, kind: Kind) -> str | None:
        if kind not in self._shown:
            return None
        words = self._field(kind).text.strip()
        return None if words == self._shown[kind].strip() else words

    def _recount(self, kind: Kind) -> None:
        line = ((f"{kind.value}  ", STRONG), count(kind, self._field(kind).text, self._channel))
        self.query_one(f"#count-{kind.value}", Static).update(painted([line]))

    def _tell(self, words: str) -> None:
        told = flow([(words, ALARM)], self.app.size.width)
        self.query_one("#told", Static).update(painted(told) if told else Content())


def _fields(one: Waiting) -> Mapping[Kind, str]:
    """Return the words of each field; a draft without any words starts with an empty public one."""
    words = {Kind.PUBLIC: one.draft.public, Kind.PRIVATE: one.draft.private}
    given = {kind: visible(text) for kind, text in words.items() if text is not None}
    return given or {Kind.PUBLIC: ""}


def quoted(one: Waiting, width: int) -> list[Line]:
    """Return the beginning of the post, as it stands above the fields."""
    title: Line = ((f"{one.case.name}   change the words for @{visible(one.post.author.handle, newlines=False)}", STRONG),)
    text = block(one.post.text, width - 1, FAINT)
    cut = [*text[: _MOST_OF_POST - 1], *block("…", width, FAINT)] if len(text) > _MOST_OF_POST else text
    return [title, *cut, ()]


def _editor() -> str:
    return os.environ.get("VISUAL") or os.environ.get("EDITOR") or ""


def write_outside(editor: str, words: str, post: str) -> str:
    """Run an editor on a file of `words`, with the post quoted below a line; return what stands above that line.

    Raises:
        OSError: the editor cannot be run or the file not be read.
        ValueError: the editor's name makes no sense, its end was a failure, or what it wrote is no text.
    """
    with tempfile.TemporaryDirectory(prefix="earnest-") as folder:
        file = Path(folder) / "answer.txt"
        file.write_text(f"{words}\n\n{_CUT}\n{visible(post)}\n", encoding="utf-8")
        ended = subprocess.run([*shlex.split(editor), str(file)], check=False).returncode  # noqa: S603  # their own program
        if ended:
            message = f"it ended with {ended}"
            raise ValueError(message)
        return file.read_text(encoding="utf-8").partition(_CUT)[0].strip()
