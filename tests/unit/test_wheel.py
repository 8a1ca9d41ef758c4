"""What is installed is what is here: the wheel holds every module and file it needs, and nothing of whoever built it."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_wheel_holds_what_the_program_needs_and_nothing_else(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        names = {name for name in wheel.namelist() if ".dist-info/" not in name}
    wanted = {
        path.relative_to(ROOT).as_posix()
        for package in ("listener", "responders")
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    shipped = {f"responders/shipped/{name}" for name in ("rules.yaml", "data/demo.yaml", "data/rules.schema.json")}
    shipped |= {f"responders/shipped/data/answers/{path.name}" for path in (ROOT / "data" / "answers").iterdir()}
    assert names == wanted | shipped
    assert {"listener/py.typed", "responders/py.typed", "listener/scoring/words/en.toml"} <= names
