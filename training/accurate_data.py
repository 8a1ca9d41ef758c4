"""The data of the accurate scorer: reading them, and what is counted on them."""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

MOODS = ("negative", "neutral", "positive")
SEED = 20_261_122
HELD_OUT = 10  # every tenth post of the training set is kept out of it, for calibration


def read(path: Path) -> list[dict[str, Any]]:
    """Return the rows of a gzipped JSONL file; end the program where it is missing."""
    if not path.exists():
        sys.exit(f"{path} is missing: --data must name the folder of the training data, see training/README.md")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def split(data: Path) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the posts to train on and the tenth that is held out for calibration."""
    rows = read(data / "sentiment_en_train.jsonl.gz")
    order = np.random.default_rng(SEED).permutation(len(rows))
    held = set(order[: len(rows) // HELD_OUT].tolist())
    return [row for at, row in enumerate(rows) if at not in held], [rows[at] for at in sorted(held)]


def recall(found: np.ndarray, truth: np.ndarray) -> float:
    """Return the mean recall of the three moods."""
    return float(np.mean([(found[truth == mood] == mood).mean() for mood in range(3)]))


def truth_of(rows: list[dict[str, Any]], column: str = "label") -> np.ndarray:
    """Return the moods of the rows as numbers."""
    return np.array([MOODS.index(row[column]) for row in rows])
