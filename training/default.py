"""Trains the default scorer: weights for words, characters and valence, by logistic regression. See training/README.md.

python training/default.py --data DATA

Writes listener/scoring/models/default/ and prints how well it judges the posts it chose on. The accurate scorer is its teacher: the
truth of an English post is in part what people said, and in part what the teacher holds probable.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import minimize

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from accurate_data import SEED, read, recall, truth_of

from listener.scoring import ngrams
from listener.scoring.sentiment import _net
from listener.scoring.sentiment._scale import NEGATIVE, POSITIVE, balanced, score_of
from listener.scoring.sentiment._table import FOLDER, Calibration, evidence, odds_of, shares
from listener.scoring.sentiment.base import Odds, Words

TRAIN, CHOOSE = ("sentiment_en_train", "sentiment_multi_train"), ("sentiment_en_val", "sentiment_multi_val")
ASIDE = ("irony_train", "offensive_train")  # posts without a mood: the teacher says what it takes them for
CHUNK = 2_000
PENALTY = 2.0  # of the squared weights, for a loss that is summed over posts
ROUNDS = 250  # of L-BFGS; with 50 instead of 200 macro recall is 3.8 points lower
LOUDER = 3.0  # how much a post in another language than English counts, of which there are fewer
TAUGHT, GUESSED = 0.6, 0.5  # the teacher's share in the truth of an English post, and what a post counts that only the teacher judged
NAMELESS = 0.15  # the share of posts that are learnt without their language
COMMON = 25  # posts in which a word must stand to be known

_BARE = re.compile(r"@\w+|https?://\S+|\W+")
_SHINGLE = 6  # so many words in a row make two posts alike
Floats = NDArray[np.float32]


class Lesson(NamedTuple):
    """Posts to learn from: what stands in them, how probable each mood is, and what each post counts."""

    matrix: sparse.csr_matrix
    truth: Floats
    worth: Floats


class Weights(NamedTuple):
    """What was learnt: for each column, and to begin with, what speaks for negative and for positive against neutral."""

    columns: Floats
    base: Floats


def unlike(rows: Sequence[dict[str, str]], kept: Iterable[dict[str, str]]) -> list[dict[str, str]]:
    """Return the rows that are none of `kept`, and of no kept one the better half: some posts stand in several collections."""
    bare = {_bare(row["text"]) for row in kept}
    known = set().union(*map(_shingles, bare))
    fresh = []
    for row in rows:
        text = _bare(row["text"])
        pieces = _shingles(text)
        if text not in bare and not (pieces and 2 * len(pieces & known) >= len(pieces)):
            fresh.append(row)
    return fresh


def _bare(text: str) -> str:
    return " ".join(_BARE.sub(" ", text.lower()).split())


def _shingles(text: str) -> set[str]:
    words = text.split()
    return {" ".join(words[start : start + _SHINGLE]) for start in range(len(words) - _SHINGLE + 1)}


def words_of(rows: Sequence[dict[str, str]], *, nameless: bool = False) -> list[Words]:
    """Return the rows as a scorer is given them; where `nameless`, some without their language, as if it could not be told."""
    lost = np.random.default_rng(SEED).random(len(rows)) < NAMELESS if nameless else np.zeros(len(rows), dtype=bool)
    return [Words(row["text"], "und" if gone else language_of(row)) for row, gone in zip(rows, lost, strict=True)]


def language_of(row: dict[str, str]) -> str:
    """Return the language of a row, ISO 639-1; files without a column are English."""
    return row.get("language", "en").split("-")[0]


def matrix_of(many: Sequence[Words]) -> sparse.csr_matrix:
    """Return what stands in the texts as a matrix: words, characters, and the numbers of valence and language."""
    parts = []
    for start in range(0, len(many), CHUNK):
        some = many[start : start + CHUNK]
        seen = evidence(some, emoji=True)
        blocks = []
        for found in seen.found:
            share = shares(found, len(some))[found.rows]
            blocks.append(sparse.csr_matrix((share, (found.rows, found.columns)), shape=(len(some), 1 << ngrams.BITS)))
        parts.append(sparse.hstack([*blocks, sparse.csr_matrix(seen.numbers)], format="csr"))
    return sparse.vstack(parts, format="csr").astype(np.float32)


def taught(rows: Iterable[dict[str, str]]) -> dict[str, Odds]:
    """Return what the teacher holds probable of each text in English."""
    teacher = _net.shipped()
    return {row["text"]: teacher.odds(row["text"]) for row in rows if language_of(row) == "en"}


def lesson(rows: Sequence[dict[str, str]], aside: Sequence[dict[str, str]], odds: Mapping[str, Odds]) -> Lesson:
    """Make a lesson of labelled posts, and of posts that only the teacher judged."""
    said = np.eye(3, dtype=np.float32)[truth_of(list(rows))]
    english = np.array([language_of(row) == "en" for row in rows])
    teacher = np.array([odds[row["text"]] for row, own in zip(rows, english, strict=True) if own], dtype=np.float32)
    said[english] = (1 - TAUGHT) * said[english] + TAUGHT * teacher
    guessed = np.array([odds[row["text"]] for row in aside], dtype=np.float32).reshape(-1, 3)
    worth = np.concatenate([np.where(english, 1.0, LOUDER), np.full(len(aside), GUESSED)]).astype(np.float32)
    evened = [_evened(said[english]) if own else _evened(said[~english]) for own in (True, False)]
    truth = np.concatenate([said * np.where(english[:, None], *evened), guessed * evened[0]])
    return Lesson(matrix_of([*words_of(rows, nameless=True), *words_of(aside)]), truth.astype(np.float32), worth)


def _evened(truth: Floats) -> Floats:
    """Return what each mood counts, so that all three count the same in the whole."""
    return np.asarray(truth.sum() / (3 * truth.sum(axis=0)), dtype=np.float32)


def learn(what: Lesson, rounds: int) -> Weights:
    """Find the weights by L-BFGS."""
    size = what.matrix.shape[1]
    turned = what.matrix.T.tocsr()
    counts = what.worth[:, None] * what.truth
    whole = counts.sum(axis=1, keepdims=True)

    def loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        columns, base = flat[:-2].reshape(size, 2).astype(np.float32), flat[-2:].astype(np.float32)
        answers = np.zeros((what.matrix.shape[0], 3), dtype=np.float32)
        answers[:, ::2] = what.matrix @ columns + base
        answers -= answers.max(axis=1, keepdims=True)
        parts = np.exp(answers)
        total = parts.sum(axis=1, keepdims=True)
        value = -float((counts * (answers - np.log(total))).sum())
        slope = (whole * parts / total - counts)[:, ::2]
        # The penalty of three weights whose sum is 0, told by their differences to the middle one.
        value += PENALTY / 3 * float((columns**2).sum() - (columns[:, 0] * columns[:, 1]).sum())
        pull = PENALTY / 3 * (2 * columns - columns[:, ::-1])
        return value, np.concatenate([(turned @ slope + pull).ravel(), slope.sum(axis=0)]).astype(np.float64)

    start = np.zeros(2 * size + 2)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": rounds, "maxcor": 8, "ftol": 1e-9, "gtol": 1e-4}).x
    return Weights(found[:-2].reshape(size, 2).astype(np.float32), found[-2:].astype(np.float32))


def calibrate(answers: Floats, truth: NDArray[np.int64]) -> Calibration:
    """Find what makes odds of answers, so that they are as probable as they say on posts that nothing was learnt from."""
    common = np.bincount(truth, minlength=3) / len(truth)

    def loss(flat: NDArray[np.float64]) -> float:
        how = Calibration(float(flat[0]), (float(flat[1]), float(flat[2])), ())
        return -float(sum(np.log(odds_of(answer, how)[mood]) for answer, mood in zip(answers, truth, strict=True)))

    scale, *shift = minimize(loss, [1.0, 0.0, 0.0], method="Nelder-Mead", options={"maxiter": 120}).x.tolist()
    return Calibration(scale, tuple(shift), tuple(common.tolist()))


def quantised(found: Weights) -> tuple[NDArray[np.int8], Floats]:
    """Return the weights as whole numbers of one byte, and the step of each block."""
    cells = 1 << ngrams.BITS
    blocks = found.columns[: 2 * cells].reshape(2, cells, 2).transpose(2, 0, 1)
    steps = np.quantile(np.abs(blocks), 0.99995, axis=2) / 127
    return np.clip(np.rint(blocks / steps[:, :, None]), -127, 127).astype(np.int8), steps.astype(np.float32)


def write(found: Weights, how: dict[str, Calibration], words: Iterable[str], folder: Path) -> None:
    """Write the table, its card, and the words it knows."""
    weights, steps = quantised(found)
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / "weights.npy", weights)
    (folder / "words.txt").write_text("\n".join(sorted(words)) + "\n", encoding="utf-8")
    sums = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in ("weights.npy", "words.txt")}
    numbers = {"steps": steps, "base": found.base, "dense": found.columns[2 << ngrams.BITS :]}
    lines = [
        "# Written by training/default.py: what goes with the weights beside it.",
        *(f"{name} = {json.dumps(np.round(value.astype(float), 8).tolist())}" for name, value in numbers.items()),
        *(f"{name} = {{scale = {one.scale:.6f}, shift = {_list(one.shift)}, common = {_list(one.common)}}}" for name, one in how.items()),
        "[sums]",
        *(f'"{name}" = "{value}"' for name, value in sums.items()),
    ]
    (folder / "default.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _list(values: Iterable[float]) -> str:
    return json.dumps([round(value, 6) for value in values])


def measure(answers: Floats, rows: Sequence[dict[str, str]], how: dict[str, Calibration]) -> None:
    """Print the macro recall and the macro F1 of each language."""
    moods = []
    for answer, row in zip(answers, rows, strict=True):
        one = how["english" if language_of(row) == "en" else "others"]
        score = score_of(balanced(odds_of(answer, one), one.common))
        moods.append(0 if score <= NEGATIVE else 2 if score >= POSITIVE else 1)
    truth, languages = truth_of(list(rows)), np.array([language_of(row) for row in rows])
    means = []
    for language in sorted(set(languages)):
        own = languages == language
        found = np.array(moods)[own]
        means.append(100 * f1(found, truth[own]))
        print(f"{language}: macro recall {100 * recall(found, truth[own]):.2f}, macro F1 {means[-1]:.2f}, {own.sum()} posts", flush=True)
    print(f"mean macro F1 {np.mean(means):.2f}", flush=True)


def f1(found: NDArray[np.int64], truth: NDArray[np.int64]) -> float:
    """Return the mean F1 of the three moods."""
    both = [(2 * ((found == mood) & (truth == mood)).sum(), (found == mood).sum() + (truth == mood).sum()) for mood in range(3)]
    return float(np.mean([hits / max(1, all_of_it) for hits, all_of_it in both]))


def answered(found: Weights, rows: Sequence[dict[str, str]]) -> Floats:
    """Return what the weights answer for these rows."""
    return np.asarray(matrix_of(words_of(rows)) @ found.columns + found.base, dtype=np.float32)


def calibrations(found: Weights, held: Sequence[dict[str, str]]) -> dict[str, Calibration]:
    """Calibrate English, whose posts are as people write them, and the others, whose moods were made equally common."""
    english = [row for row in held if "language" not in row]
    others = [row for row in held if language_of(row) != "en"]
    return {name: calibrate(answered(found, some), truth_of(some)) for name, some in (("english", english), ("others", others))}


def known(rows: Iterable[dict[str, str]]) -> list[str]:
    """Return the words that stand in many of the posts."""
    counts = Counter(word for row in rows for word in set(ngrams.plain(row["text"]).split()))
    return [word for word, count in counts.items() if count >= COMMON and len(word) > 1 and word.isalpha()]


def main() -> None:
    """Train, calibrate, train on, write and measure."""
    reader = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    reader.add_argument("--data", type=Path, required=True, help="the folder of the training data")
    reader.add_argument("--into", type=Path, default=FOLDER, help="where the weights are written")
    given = reader.parse_args()
    chosen = [read(given.data / f"{name}.jsonl.gz") for name in CHOOSE]
    kept = [row for some in chosen for row in some]
    every = [row for name in TRAIN for row in read(given.data / f"{name}.jsonl.gz")]
    rows = unlike(every, kept)
    aside = unlike([row for name in ASIDE for row in read(given.data / f"{name}.jsonl.gz")], kept)
    print(f"{len(rows)} posts of {len(every)}, the others stand in what is chosen on; {len(aside)} more for the teacher", flush=True)
    odds = taught([*rows, *aside])
    order = np.random.default_rng(SEED).permutation(len(rows))
    held, rest = ([rows[place] for place in some] for some in np.split(order, [len(rows) // 10]))
    found = learn(lesson(rest, aside, odds), ROUNDS)
    how = calibrations(found, held)
    for some in chosen:
        measure(answered(found, some), some, how)
    found = learn(lesson(rows, aside, odds), ROUNDS)
    write(found, how, known(rows), given.into)
    for some in chosen:
        measure(answered(found, some), some, how)


if __name__ == "__main__":
    main()
