"""What `earnest init` writes is about the own brand, also where it stands behind a comment sign until somebody wants it."""

from __future__ import annotations

import re
from pathlib import Path

from tests.program import Program


def test_the_watches_that_are_set_aside_are_right_once_their_sign_is_taken_away(tmp_path: Path) -> None:
    run = Program(f"sqlite:///{tmp_path}/earnest.db", tmp_path / "mine/rules.yaml", {})
    assert run("init", str(tmp_path / "mine"), "--name", "Blue Kettle", "--people", "jo", "--no-input").code == 0

    written = run.rules.read_text(encoding="utf-8")
    used = re.sub(r"(?m)^  # (- \{name: (?:storm|new-talk),)", r"  \1", written)
    run.rules.write_text(used, encoding="utf-8")

    assert used.count("brand: blue_kettle") == 2
    assert [one for one in run("rules", "check", "--json").objects if one["severity"] == "error"] == []
    assert "an Blue" not in written
