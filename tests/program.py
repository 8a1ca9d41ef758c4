"""Our own program, run inside the test's process through its outermost function: what it wrote, and its exit code."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from responders.cli import complaints
from responders.cli.main import earnest


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str

    @property
    def objects(self) -> list[Any]:
        """What was printed, a JSON object a line."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def object(self) -> Any:  # noqa: ANN401
        (only,) = self.objects
        return only


class _Stream(io.TextIOWrapper):
    def __init__(self, *, terminal: bool = False, content: bytes = b"") -> None:
        super().__init__(io.BytesIO(content), encoding="utf-8", newline="\n", write_through=True)
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal

    def written(self) -> str:
        return self.buffer.getvalue().decode("utf-8")  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Program:
    """The program, set on one store and one rules file."""

    store: str
    rules: Path
    environment: Mapping[str, str]

    def __call__(self, *arguments: str, terminal: bool = False, content: bytes = b"") -> Ran:
        """Run `earnest ARGUMENTS`; `terminal` says whether stdout passes for one, `content` is standard input."""
        out, err, into = _Stream(terminal=terminal), _Stream(), _Stream(content=content)
        settings = {"EARNEST_STORE": self.store, "EARNEST_RULES": str(self.rules), **self.environment}
        with (
            patch.dict(os.environ, settings),
            patch.object(sys, "argv", ["earnest", *arguments]),
            patch.object(sys, "stdin", into),
            redirect_stdout(out),
            redirect_stderr(err),
        ):
            try:
                code = complaints.guard(earnest)
            except SystemExit as left:  # Click leaves so after completing a word for a shell
                code = int(left.code or 0)
        return Ran(code, out.written(), err.written())

    def status(self) -> Any:  # noqa: ANN401
        return self("status", "--json").object

    def case(self, name: str) -> Any:  # noqa: ANN401
        return self("show", name, "--json").object
