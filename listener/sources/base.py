"""What a source is: one network heard, reading only.

A source is one file in this folder. The file's name is its name in rules.yaml. It offers a module-level `KIND`, a `SourceKind`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from pydantic import BaseModel

from listener.model import Account, Page
from listener.rules.rulebook import Rulebook


class Source(Protocol):
    """A network being heard. `fetch` reads; nothing here can write."""

    name: str
    network: str

    async def identify(self) -> Account | None:
        """Return our own account, or None where the source needs none.

        Raises:
            SignInNeeded: the network refuses our token.
            NetworkError: the network could not be asked.
        """

    async def fetch(self, cursor: str | None) -> Page:
        """Return what came after `cursor` (None on the first poll) and the cursor to store with it.

        A cursor is opaque text; it moves only when its page is stored. Posts may overlap with earlier pages.

        Raises:
            SignInNeeded, RateLimited, Malformed, NotConnected, NetworkError
        """

    async def close(self) -> None:
        """Let go of connections."""


@dataclass(frozen=True, slots=True)
class SourceKind:
    """How to make a source of one kind: `options` is the model of its keys in rules.yaml (beside `every` and `kind`).

    `public` says whether it can hear anything without an account. `secrets` are the names of the secrets it may read.
    """

    network: str
    options: type[BaseModel]
    make: Callable[[str, Mapping[str, object], Rulebook], Source]
    public: bool
    secrets: tuple[str, ...]
