"""Recorded traffic of real networks: fetched when a test runs, into a folder outside git.

It holds real people's words, so none is committed.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def source_archive(requirement: str, name: str, sha256: str) -> Path:
    """Return the source archive of a Python package by its file name, fetched from the package index if it is not here yet."""
    folder = Path(os.environ.get("EARNEST_DEVNET_DIR", ROOT / ".devnet")) / "recorded"
    path = folder / name
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        fetch = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary=:all:", "--dest", str(folder)]
        subprocess.run([*fetch, requirement], check=True)
    if hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
        message = f"{path} is not the archive these tests were written for"
        raise AssertionError(message)
    return path
