"""Our own program on a real pseudo-terminal, and what a person would see on its screen."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pexpect
import pyte

EARNEST = str(Path(sys.executable).with_name("earnest"))
_OURS = {"NO_COLOR", "DISPLAY", "VISUAL", "EDITOR", "COLUMNS", "LINES"}  # of whoever runs the tests, or set by what runs them
PATIENCE = 60.0  # seconds; on an idle machine every wait here ends within two


class Terminal:
    """A program under a terminal of 80 columns and 24 lines; `raw` keeps every character it wrote."""

    def __init__(self, *arguments: str, columns: int = 80, lines: int = 24, cwd: Path | None = None, **environment: str) -> None:
        self._screen = pyte.Screen(columns, lines)
        self._stream = pyte.Stream(self._screen)
        self.raw = ""
        plain = {name: value for name, value in os.environ.items() if name not in _OURS}
        self._child = pexpect.spawn(
            EARNEST,
            list(arguments),
            env={**plain, "TERM": "xterm-256color", **environment},
            dimensions=(lines, columns),
            cwd=cwd,
            encoding="utf-8",
            timeout=PATIENCE,
        )

    @property
    def text(self) -> str:
        """What stands on the screen now."""
        return "\n".join(line.rstrip() for line in self._screen.display)

    def press(self, *keys: str) -> None:
        """Press keys, one after the other."""
        for key in keys:
            self._child.send(key)

    def sees(self, *wanted: str) -> str:
        """Wait until all of `wanted` stand on the screen together; return the screen."""
        return self._until(lambda text: all(words in text for words in wanted), f"never saw {wanted}")

    def loses(self, unwanted: str) -> str:
        """Wait until `unwanted` no longer stands on the screen; return the screen."""
        return self._until(lambda text: unwanted not in text, f"still sees {unwanted}")

    def _until(self, holds: Callable[[str], bool], complaint: str) -> str:
        end = time.monotonic() + PATIENCE
        while not holds(self.text):
            try:
                self._take(self._child.read_nonblocking(65_536, timeout=max(end - time.monotonic(), 0.01)))
            except (pexpect.TIMEOUT, pexpect.EOF) as ended:
                message = f"{complaint} ({type(ended).__name__}):\n{self.text}"
                raise AssertionError(message) from None
        return self.text

    def _take(self, written: str) -> None:
        self.raw += written
        self._stream.feed(written)

    def ends(self) -> int:
        """Wait for the program to end; return its exit code."""
        self._child.expect(pexpect.EOF)
        self._take(self._child.before or "")
        self._child.close()
        return self._child.exitstatus if self._child.exitstatus is not None else -1

    def close(self) -> None:
        """End the program whatever it does."""
        self._child.close(force=True)
