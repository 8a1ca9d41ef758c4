"""What `make` says when the environment cannot be made names the cause."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

MAKEFILE = Path(__file__).parents[2] / "Makefile"


def test_a_folder_in_which_no_environment_can_be_made_is_not_taken_for_a_missing_module(tmp_path: Path) -> None:
    shutil.copy(MAKEFILE, tmp_path)
    for name in ("requirements.lock", "pyproject.toml", ".venv"):
        (tmp_path / name).touch()  # .venv is a file: no environment fits there
    ran = subprocess.run(["make", "setup"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode != 0
    assert "No environment could be made in .venv" in ran.stdout
    assert "apt install" not in ran.stdout + ran.stderr
