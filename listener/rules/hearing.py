"""What does not fit together in the sources of one kind, as that kind itself says; pure, like all checks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from listener.rules.look import Look
from listener.rules.problems import Problem, suggest


def hearing(look: Look) -> Iterator[Problem]:
    """Find every source whose settings do not fit together, or do not fit another's, and every name that leads nowhere."""
    kinds: dict[str, dict[str, dict[str, object]]] = {}
    for name, settings in look.book.sources.items():
        kinds.setdefault(settings.kind or name, {})[name] = dict(settings.options)
    for kind, sources in kinds.items():
        for slip in look.known.source_checks[kind](sources) if kind in look.known.source_checks else ():
            path = ("sources", slip.source, *slip.keys)
            at = look.node(path).at if slip.keys else look.key_at(path)
            yield look.sheet.problem(at, slip.code, slip.message, slip.hint)
    for name, settings in look.book.sources.items():
        yield from _names(look, name, settings.options)


def _names(look: Look, source: str, options: Mapping[str, object]) -> Iterator[Problem]:
    """Find a brand that there is not, and a network's name that would let a source speak for another."""
    brand, network = options.get("about"), options.get("network")
    brands = look.names("brands")
    if isinstance(brand, str) and brand not in brands:
        yield look.error(("sources", source, "about"), "unknown-brand", f'no brand is called "{brand}"', suggest(brand, brands))
    if isinstance(network, str) and network in (look.known.networks or ()):
        message = f'"{network}" is heard by a source of its own, and what is brought to us must not pass for it'
        yield look.error(("sources", source, "network"), "network", message, "give it another name, such as the review site's")
