"""Logs for ops: one line an event, JSON where no person is watching. Never a post's text, a name or a secret."""

from __future__ import annotations

import logging
import sys

import structlog


def configure(verbosity: int, *, json: bool) -> None:
    """Send logs to stderr. `verbosity` is -1 (only trouble), 0 (what happens) or 1 and up (details)."""
    level = {-1: logging.WARNING, 0: logging.INFO}.get(verbosity, logging.DEBUG)
    renderer: structlog.typing.Processor = structlog.processors.JSONRenderer(ensure_ascii=False)
    if not json:
        renderer = structlog.dev.ConsoleRenderer(colors=False, pad_event_to=0)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


def get(name: str) -> structlog.typing.FilteringBoundLogger:
    """Return the log of one part of the house."""
    log: structlog.typing.FilteringBoundLogger = structlog.get_logger(part=name)
    return log
