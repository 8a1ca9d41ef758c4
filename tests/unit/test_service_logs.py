"""What libraries log becomes a line of ours: who and where, never their words."""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Callable, Iterator

import pytest
import structlog

from listener import logs

CANARY = "kanarienvogel"


Said = Callable[[], str]


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Iterator[Said]:
    root = logging.getLogger()
    before = list(root.handlers)
    logs.configure(0, json=True)
    yield lambda: capsys.readouterr().err
    logging.captureWarnings(False)
    root.handlers[:] = before
    structlog.reset_defaults()


def test_a_library_s_words_and_its_traceback_stay_out(said: Said) -> None:
    try:
        int(CANARY)
    except ValueError:
        logging.getLogger("aiohttp.server").exception("Error handling request from %s", CANARY)
    logging.getLogger("asyncio").warning("Executing %s took 1 second", CANARY)
    logging.getLogger("asyncio").info("nothing of note")
    lines = said()
    first, second = [json.loads(line) for line in lines.splitlines()]
    assert (first["event"], first["library"], first["level"], first["problem"]) == (
        "a library logs",
        "aiohttp.server",
        "error",
        "ValueError",
    )
    assert (second["library"], second["level"]) == ("asyncio", "warning")
    assert CANARY not in lines


def test_it_is_said_once_however_often_logging_is_begun(said: Said) -> None:
    logs.configure(0, json=True)
    logging.getLogger("praw").error("oh")
    assert len(said().splitlines()) == 1


def test_a_warning_of_python_is_an_object_too(said: Said) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(False)
        logs.configure(0, json=True)
        warnings.warn(CANARY, RuntimeWarning, stacklevel=1)
    (line,) = said().splitlines()
    assert json.loads(line)["library"] == "py.warnings"
    assert CANARY not in line
