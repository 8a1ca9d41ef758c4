"""The network of the accurate scorer: its shipped files, checked against their stored checksums, and one post at a time through it.

A post goes through alone. The arithmetic is in whole numbers whose step is measured from what goes through together, so a post among
others would be judged a little otherwise than the same post alone; and alone costs hardly more.
"""

from __future__ import annotations

import hashlib
import tomllib
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from listener.errors import EarnestError
from listener.scoring.sentiment._tweets import tidy
from listener.scoring.sentiment._wordpiece import Pieces
from listener.scoring.sentiment.base import Odds
from listener.text import one_line

FOLDER = Path(__file__).parent.parent / "models" / "accurate"
_CARD, _NET, _PIECES = "accurate.toml", "net.onnx", "vocabulary.txt"
_LONGEST = 128  # pieces of a post
_NEEDS = "onnxruntime"


class Card(NamedTuple):
    """What is stored beside the weights: how odds are made of the network's answers, and how common each mood was."""

    scale: tuple[float, ...]
    shift: tuple[float, ...]
    common: tuple[float, ...]
    sums: dict[str, str]


def lacks() -> EarnestError | None:
    """Return what is to be said where something is not installed that the network needs."""
    try:
        if find_spec(_NEEDS):
            return None
    except ImportError:
        pass  # as good as not there
    message = f'the scorer "accurate" needs {_NEEDS}, which is not installed'
    return EarnestError(message, "pip install 'earnest[accurate]', or name another scorer under scoring.sentiment.scorer")


class Net:
    """Tells the odds of the three moods of a post in English."""

    def __init__(self, folder: Path) -> None:
        """Load the files of that folder.

        Raises:
            EarnestError: onnxruntime is not installed, or a file is missing or is not the one that was shipped.
        """
        if missing := lacks():
            raise missing
        card = _card(folder)
        self.common = card.common
        self._scale, self._shift = np.array(card.scale), np.array(card.shift)
        self._pieces = Pieces(_checked(folder / _PIECES, card).decode().removesuffix("\n").split("\n"))
        self._session = _session(folder / _NET, card)

    def odds(self, text: str) -> Odds:
        """Return how probable each mood is, calibrated where moods are as common as in the posts it learnt from."""
        settled = self._scale * self.answer(text) + self._shift
        parts = np.exp(settled - settled.max())
        return Odds(*(parts / parts.sum()).tolist())

    def answer(self, text: str) -> NDArray[np.float64]:
        """Return what the network answers: three numbers that no calibration has touched."""
        ids = np.array([self._pieces.read(tidy(text), _LONGEST)], dtype=np.int64)
        (answers,) = self._session.run(None, {"input_ids": ids, "attention_mask": np.ones_like(ids)})
        return np.asarray(answers[0], dtype=np.float64)


@cache
def shipped() -> Net:
    """Return the network that ships, loaded once in a process.

    Raises:
        EarnestError: as `Net` does.
    """
    return Net(FOLDER)


def _session(path: Path, card: Card) -> Any:  # noqa: ANN401 - onnxruntime has no types
    try:
        import onnxruntime  # noqa: PLC0415 - an extra; only who asks for it needs it
    except ImportError as problem:
        message = f'{_NEEDS}, which the scorer "accurate" needs, is installed but does not start: {one_line(str(problem), 200)}'
        raise EarnestError(message, f"pip install --force-reinstall {_NEEDS}") from problem
    onnxruntime.disable_telemetry_events()  # its Windows builds would send them
    wanted = onnxruntime.SessionOptions()
    wanted.intra_op_num_threads = wanted.inter_op_num_threads = 1
    wanted.log_severity_level = 3
    data = _checked(path, card)
    try:
        return onnxruntime.InferenceSession(data, wanted, providers=["CPUExecutionProvider"])
    except Exception as problem:
        message = f"this machine's {_NEEDS} cannot run the accurate scorer: {type(problem).__name__}"
        raise EarnestError(message, f"pip install --upgrade {_NEEDS}") from problem


def _card(folder: Path) -> Card:
    try:
        kept = tomllib.loads((folder / _CARD).read_text(encoding="utf-8"))
        settle = kept["settle"]
        return Card(tuple(settle["scale"]), tuple(settle["shift"]), tuple(kept["common"]), dict(kept["sha256"]))
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise _broken(folder / _CARD, "is missing or cannot be read") from problem


def _checked(path: Path, card: Card) -> bytes:
    try:
        data = path.read_bytes()
    except OSError as problem:
        raise _broken(path, "is missing or cannot be read") from problem
    if hashlib.sha256(data).hexdigest() != card.sums.get(path.name):
        raise _broken(path, "is not the file that was shipped: its checksum differs")
    return data


def _broken(path: Path, what: str) -> EarnestError:
    return EarnestError(
        f"the accurate scorer's file {path} {what}", "install Earnest again: pip install --force-reinstall 'earnest[accurate]'"
    )
