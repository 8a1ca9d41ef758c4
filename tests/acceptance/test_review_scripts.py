"""`earnest review` where nobody sits at a terminal."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.stores import make_rules, make_store
from tests.terminal import EARNEST


@pytest.mark.parametrize("option", [(), ("--json",), ("--no-input",)])
def test_without_a_person_it_says_what_scripts_use(tmp_path: Path, option: tuple[str, ...]) -> None:
    make_store(tmp_path)
    make_rules(tmp_path)
    ended = subprocess.run(
        [EARNEST, "review", *option], cwd=tmp_path, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    for words in ("needs a terminal", "earnest inbox --json", "earnest approve"):
        assert words in ended.stderr
