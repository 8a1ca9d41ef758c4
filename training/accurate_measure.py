"""Measures the shipped accurate scorer: macro recall, calibration and speed, on the development set and on airline posts.

    python training/accurate_measure.py --data DATA [--scorer NAME]

Posts are judged as English, as the scorer is asked by the program. No weight, threshold or choice comes from the airline posts.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
from accurate_data import MOODS, read, recall, truth_of

from listener.rules.rulebook import SentimentSettings
from listener.scoring.mood import label_of
from listener.scoring.sentiment.base import Opinion, Words, make_scorer

BINS = 10


def calibration(opinions: list[Opinion | None], truth: np.ndarray) -> float:
    """Return the expected calibration error: how far, on average, the highest odds are from the share that is right."""
    known = [(max(one.odds), int(np.argmax(one.odds)) == mood) for one, mood in zip(opinions, truth, strict=True) if one and one.odds]
    sure, right = (np.array(column, dtype=float) for column in zip(*known, strict=True))
    places = np.minimum((sure * BINS).astype(int), BINS - 1)
    return float(sum(abs(sure[places == at].mean() - right[places == at].mean()) * (places == at).mean() for at in set(places.tolist())))


def main() -> None:
    """Read the command line."""
    wanted = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    wanted.add_argument("--data", type=Path, required=True, help="the folder of the data")
    wanted.add_argument("--scorer", default="accurate")
    given = wanted.parse_args()
    scorer = make_scorer(given.scorer)
    for name, column in (("sentiment_en_val", "label"), ("airline_dev", "sentiment")):
        rows = read(given.data / f"{name}.jsonl.gz")
        truth = truth_of(rows, column)
        began = time.process_time()
        opinions = list(scorer.judge([Words(row["text"], "en") for row in rows]))
        rate = len(rows) / (time.process_time() - began)
        labels = [label_of(one.score, SentimentSettings()) if one else "" for one in opinions]
        found = np.array([MOODS.index(label) if label else -1 for label in labels])
        has_odds = any(one and one.odds for one in opinions)
        error = f", calibration error {calibration(opinions, truth):.3f}" if has_odds else ""
        print(f"{name}: macro recall {recall(found, truth):.4f}{error}, {rate:.0f} posts a second of one core")


if __name__ == "__main__":
    main()
