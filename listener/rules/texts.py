"""Templates as text: fields in single braces (`{case}`), `{{` and `}}` for braces themselves, and the variants of one template."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

FIELDS = ("author", "brand", "agent", "case", "link", "answer")
INFORMAL = "informal"

_PIECE = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]|[^{}]+")
_DOUBLED = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_LANGUAGE = re.compile(r"[a-z]{2,3}")
_BETWEEN_LABELS = re.compile(r"[\s+_-]+")


def stray_brace(text: str) -> str:
    """Return what is wrong with the braces of a template, or "" where nothing is."""
    doubled = next((found for found in _DOUBLED.finditer(text) if found[1] in FIELDS), None)
    if doubled:
        return f'"{doubled[0]}" is printed as it stands: a field has single braces, {{{doubled[1]}}}'
    for piece in _PIECE.finditer(text):
        if piece[0] in {"{", "}"}:
            return f'a "{piece[0]}" stands alone: write "{piece[0] * 2}" to print one'
    return ""


def fields_of(text: str) -> tuple[str, ...]:
    """Return the names in single braces, in order."""
    return tuple(piece[1] for piece in _PIECE.finditer(text) if piece[1] is not None)


def fill(text: str, values: Mapping[str, str]) -> str:
    """Put values into a template; a name without a value stays as it is, and a value is never looked into again."""

    def put(piece: re.Match[str]) -> str:
        if piece[1] is not None:
            return values.get(piece[1], piece[0])
        return piece[0][0] if piece[0] in {"{{", "}}"} else piece[0]

    return _PIECE.sub(put, text)


def strange_label(label: str) -> str:
    """Return the part of a variant's label ("de", "informal", "de informal") that is neither a language nor "informal", or ""."""
    parts = _BETWEEN_LABELS.split(label.strip())
    return next((part for part in parts if part != INFORMAL and not is_language(part)), "")


def is_language(code: str) -> bool:
    """Tell whether a word has the form of a language code such as "de"."""
    return bool(_LANGUAGE.fullmatch(code))


def variants(texts: str | tuple[str | Mapping[str, str], ...]) -> Iterator[tuple[str, str, tuple[str | int, ...]]]:
    """Yield each variant of a template: its label ("" for everyone), its text, and the keys that lead to it."""
    if isinstance(texts, str):
        yield "", texts, ()
        return
    for number, variant in enumerate(texts):
        if isinstance(variant, str):
            yield "", variant, (number,)
        else:
            for label, text in variant.items():
                yield label, text, (number, label)
