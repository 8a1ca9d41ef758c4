"""Where X's own description of its API lies, and what was once recorded of it: a folder outside the repository, named by `X_TRAFFIC`.

It holds `openapi-*.json.gz`, and `recorded/` with cassettes of vcrpy. Both are somebody else's, and the recordings hold real people's
words: they are read when a test runs, and none is committed.
"""

from __future__ import annotations

import os
from pathlib import Path

VARIABLE = "X_TRAFFIC"
NOT_GIVEN = (
    f"{VARIABLE} is not set, so X's own description and the recorded traffic are checked by nobody. Name the folder that holds "
    f"openapi-*.json.gz and recorded/: make test-networks {VARIABLE}=/path/to/folder"
)


def is_given() -> bool:
    """Return whether anybody said where the traffic lies."""
    return bool(os.environ.get(VARIABLE))


def description_file() -> Path:
    """Return X's description of its API, the newest where there are several."""
    return _newest("openapi-*.json.gz")


def recordings() -> tuple[Path, ...]:
    """Return the cassettes."""
    _newest("recorded/*.yaml")
    return tuple(sorted(_folder().glob("recorded/*.yaml")))


def _folder() -> Path:
    return Path(os.environ[VARIABLE])


def _newest(pattern: str) -> Path:
    found = sorted(_folder().glob(pattern))
    if not found:
        message = f"{VARIABLE} names {_folder()}, and there is no {pattern} in it"
        raise AssertionError(message)
    return found[-1]
