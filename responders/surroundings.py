"""What stands around a rules file: the names it may use and the judges of its patterns and texts, gathered for the checker."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from zoneinfo import available_timezones

from pydantic import BaseModel

from listener import plugins
from listener.errors import EarnestError
from listener.model import Author, Post
from listener.rules.look import Known
from listener.rules.rulebook import Rulebook
from listener.scoring.patterns import pattern_problem
from listener.scoring.sentiment.base import scorer_names, scorer_problem
from listener.scoring.signals import builtin_signal_names
from listener.sources.base import SourceKind, kind, kinds, server_of
from responders import guard
from responders.boundaries import GATES
from responders.channels.base import ChannelKind
from responders.drafting.template import promises_private, template_problem
from responders.model import Kind
from responders.prying import asks_for

_ANY_TIME = datetime(2026, 1, 1, tzinfo=UTC)
_LONG_NAME = "a" * 30
_CHANNELS = ("responders.channels", "earnest.channels")


@cache
def source_kinds() -> dict[str, SourceKind]:
    """Return every kind of source by its name in rules.yaml; a plug-in that offers none is left out."""
    found: dict[str, SourceKind] = {}
    for name in kinds():
        with suppress(EarnestError):
            found[name] = kind(name)
    return found


def source_models() -> dict[str, type[BaseModel]]:
    """Return the keys of every kind of source."""
    return {name: kind.options for name, kind in source_kinds().items()}


@cache
def channel_kinds() -> tuple[ChannelKind, ...]:
    """Return every network that can be spoken on."""
    found = (plugins.load(*_CHANNELS, name) for name in plugins.names(*_CHANNELS))
    return tuple(kind for kind in found if isinstance(kind, ChannelKind))


def _too_long(said: Kind) -> dict[str, Callable[[str], str]]:
    return {kind.network: _fit(kind, said) for kind in channel_kinds() if said is Kind.PUBLIC or kind.private}


def _fit(kind: ChannelKind, said: Kind) -> Callable[[str], str]:
    """Return what says why a text does not fit, once it is addressed as the network asks, to somebody with a long name."""
    author = Author(kind.network, "id", _LONG_NAME)
    post = Post(kind.network, "id", "", author, _ANY_TIME, "id")
    limits = kind.limits(said)
    return lambda text: limits.problem(kind.address(text, post, said))


def _voice(text: str, book: Rulebook, *, public: bool) -> tuple[str, ...]:
    """Say why a text could never leave. What `never_say` forbids is said by the checker itself, with its place."""
    boundaries = book.boundaries.model_copy(update={"never_say": ()})
    lenient = book.model_copy(update={"boundaries": boundaries})
    return guard.check(text, kind=Kind.PUBLIC if public else Kind.PRIVATE, book=lenient, post=None)


@cache
def known() -> Known:
    """Return all that a rules file is checked against."""
    models = source_models()
    return Known(
        source_options=models.get,
        kinds=tuple(sorted(models)),
        server_of=server_of,
        networks={kind.network for kind in source_kinds().values()} | {kind.network for kind in channel_kinds()},
        signals=frozenset(builtin_signal_names()),
        gates=GATES,
        scorers=scorer_names(),
        scorer_problem=scorer_problem,
        timezones=frozenset(available_timezones()),
        pattern_problem=pattern_problem,
        template_problem=template_problem,
        voice=_voice,
        asks_for=asks_for,
        promises_private=promises_private,
        too_long=_too_long(Kind.PUBLIC),
        too_long_private=_too_long(Kind.PRIVATE),
        source_checks={name: kind.check for name, kind in source_kinds().items() if kind.check},
    )
