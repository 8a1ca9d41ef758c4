"""The targets of the Makefile leave no test out."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_test_that_needs_a_server_runs_where_one_is() -> None:
    marked = {path for path in ROOT.glob("tests/*/test_*.py") if re.search(r"mark\.on_a_server\b", path.read_text(encoding="utf-8"))}
    (named,) = re.findall(r"^ON_A_SERVER = (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    patterns = re.findall(r"[\w/*.]+\.py", named)
    run = {path for pattern in patterns for path in ROOT.glob(pattern)}
    assert len(marked) > 1
    assert marked - {Path(__file__)} <= run


def test_what_is_left_out_of_one_target_is_in_another_of_every_run() -> None:
    makefile, every_run = ((ROOT / name).read_text(encoding="utf-8") for name in ("Makefile", ".ci/run"))
    assert '-m "not on_a_server"' in makefile
    assert "-m on_a_server $(ON_A_SERVER)" in makefile
    assert "--ignore=tests/acceptance" in makefile
    assert "pytest -n auto tests/acceptance" in makefile
    assert "--ignore=tests/contracts" in makefile
    assert 'pytest -n auto -m "not on_a_server" tests/contracts' in makefile
    assert {"make check", "make test-contracts", "make test-postgres", "make test-acceptance"} <= set(every_run.splitlines())
