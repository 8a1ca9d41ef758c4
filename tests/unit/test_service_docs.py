"""The page on running as a service says what the program offers."""

from __future__ import annotations

import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "howto" / "run-as-a-service.md"


def test_the_table_of_metrics_is_what_a_scrape_offers() -> None:
    made: dict[str, Any] = runpy.run_path(str(ROOT / "docs" / "metrics.py"))
    written = PAGE.read_text(encoding="utf-8")
    assert "`earnest_mentions_heard_total`" in written
    assert made["renewed"](written) == written, "make it anew: python docs/metrics.py"


def test_the_alerts_on_the_page_ask_for_metrics_that_exist() -> None:
    said = PAGE.read_text(encoding="utf-8")
    known = {line.split("`")[1] for line in said.splitlines() if line.startswith("| `earnest_")}
    asked = {word for line in said.splitlines() if "alert:" in line for word in _names(line)}
    assert asked
    assert asked <= known


def _names(line: str) -> set[str]:
    words = "".join(letter if letter.isalnum() or letter == "_" else " " for letter in line).split()
    return {word for word in words if word.startswith("earnest_")}


def test_help_needs_no_metrics() -> None:
    """A command that only reads the store must not wait for what a daemon needs."""
    code = "import sys, responders.cli.daemon, responders.cli.service; assert 'prometheus_client' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, env={"PYTHONPATH": "."}, check=True)
