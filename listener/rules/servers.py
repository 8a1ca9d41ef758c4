"""Several sources of one network: posts and people are known by their ids, so ids that are one server's own must all be of one server."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from listener.rules.rulebook import SourceSettings


@dataclass(frozen=True, slots=True)
class Server:
    """Whose ids a source gives: on which network, by which option, and the server that the option names."""

    network: str
    option: str
    name: str

    @property
    def plain(self) -> str:
        """The server's name in one way of writing it: `https://Town.example/` is `town.example`."""
        return self.name.strip().casefold().removeprefix("https://").rstrip("/").removesuffix(":443")


ServerOf = Callable[[str, Mapping[str, object]], Server | None]
"""From a kind of source and its options to its server; None where its ids are the same everywhere, or nobody knows."""


def anywhere(kind: str, options: Mapping[str, object]) -> Server | None:  # noqa: ARG001 - stands in where nobody knows
    """Know no server: for a reader that only wants the rest."""
    return None


@dataclass(frozen=True, slots=True)
class Clash:
    """A source whose ids cannot be told from those of another source above it."""

    name: str
    server: Server
    first: str
    first_server: Server

    @property
    def message(self) -> str:
        """What is wrong, for a person."""
        here, there = self.server.plain, self.first_server.plain
        return (
            f'"{self.name}" hears {here}, and "{self.first}" hears {there}: two servers of {self.server.network} give one id to two posts'
        )

    @property
    def hint(self) -> str:
        """What to do about it."""
        return f"hear both on one server, which knows posts of others too; or {self.server.plain} by another Earnest with its own store"


def clashes(sources: Mapping[str, SourceSettings], server_of: ServerOf) -> Iterator[Clash]:
    """Yield every source that is on another server than the first of its network."""
    firsts: dict[str, tuple[str, Server]] = {}
    for name, settings in sources.items():
        server = server_of(settings.kind or name, settings.options)
        if server is None:
            continue
        first, there = firsts.setdefault(server.network, (name, server))
        if server.plain != there.plain:
            yield Clash(name, server, first, there)
