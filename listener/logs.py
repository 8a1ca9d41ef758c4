"""Logs for ops: one line an event, JSON where no person is watching. Never a post's text, a name or a secret."""

from __future__ import annotations

import logging
import sys
from contextlib import suppress

import structlog

from listener.text import visible


class _Stderr:
    """Standard error as it is at that moment. Where nobody reads it any more, a line is lost; the work that spoke must go on."""

    def write(self, words: str) -> None:
        """Write, if it can be written."""
        with suppress(OSError, ValueError):
            sys.stderr.write(words)

    def flush(self) -> None:
        """Pass on what was written."""
        with suppress(OSError, ValueError):
            sys.stderr.flush()


def configure(verbosity: int, *, json: bool) -> None:
    """Send logs to stderr. `verbosity` is -2 (silent), -1 (only trouble), 0 (what happens) or 1 and up (details)."""
    level = {-2: logging.CRITICAL, -1: logging.WARNING, 0: logging.INFO}.get(verbosity, logging.DEBUG)
    renderer: structlog.typing.Processor = structlog.processors.JSONRenderer(ensure_ascii=False)
    if not json:
        renderer = structlog.dev.ConsoleRenderer(colors=False, pad_event_to=0)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _make_visible,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(_Stderr()),  # type: ignore[arg-type]  # this is all it asks of a file
        cache_logger_on_first_use=False,
    )
    logging.captureWarnings(json)
    root = logging.getLogger()
    if _libraries not in root.handlers:
        root.addHandler(_libraries)


class _Libraries(logging.Handler):
    """What libraries log: who, how bad, and which error. Never their words or a traceback, which may hold anything."""

    def emit(self, record: logging.LogRecord) -> None:
        """Say it in one line of ours."""
        problem = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else None
        where = f"{record.module}:{record.lineno}"
        get("library").log(record.levelno, "a library logs", library=record.name, where=where, problem=problem)


_libraries = _Libraries(logging.WARNING)


def _make_visible(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Keep one event on one line, and every foreign character in it harmless."""
    return {name: visible(value, newlines=False) if isinstance(value, str) else value for name, value in event.items()}


def get(name: str) -> structlog.typing.FilteringBoundLogger:
    """Return the log of one part of the house."""
    log: structlog.typing.FilteringBoundLogger = structlog.get_logger(part=name)
    return log
