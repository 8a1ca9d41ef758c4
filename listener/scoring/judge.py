"""Which judge made an assessment: a name that changes with the program's own way of judging and with the scoring of the rules."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from listener.rules.rulebook import Scoring

_HERE = Path(__file__).parent
_BESIDE = ("text.py", "model.py")  # what judging reads with
_STORMS: dict[str, Any] = {"urgency": {"signals": {"__all__": {"spike"}}}}
_LIBRARIES = ("vaderSentiment", "py3langid", "ahocorasick-rs", "google-re2", "regex", "onnxruntime")
_OURS = frozenset({"default", "accurate", "vader"})  # their files and their libraries are in the seal; a network's card holds its checksum


def judge_name(scoring: Scoring, learned: str = "") -> str:
    """Return a name of hex digits: two judges of one name give the same assessment of the same post in the same thread.

    `learned` is the seal of what was learned from corrections (`learned.Adjustments`), where that is put on top.

    Storms are no part of it: they are added to a mention when it is decided (`raising`).

    A scorer that is a plug-in has no name: nobody knows whether it is the same as before.
    """
    if scoring.sentiment.scorer not in _OURS:
        return ""
    name = hashlib.sha256(f"{_program()}{scoring.model_dump_json(exclude=_STORMS)}".encode()).hexdigest()[:12]
    return f"{name}+{learned}" if learned else name


@cache
def _program() -> str:
    """Return what names this program's own way of judging: its files, and the libraries it asks."""
    seal = hashlib.sha256()
    files = [path for path in sorted(_HERE.rglob("*")) if path.suffix in {".py", ".toml"}]
    for path in (*files, *(_HERE.parent / name for name in _BESIDE)):
        seal.update(path.read_bytes())
    for name in _LIBRARIES:
        try:
            seal.update(f"{name} {version(name)}".encode())
        except PackageNotFoundError:
            seal.update(name.encode())
    return seal.hexdigest()
