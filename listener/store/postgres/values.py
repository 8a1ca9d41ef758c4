"""What values are to PostgreSQL, on their way there and back, so that they come back as they do from a file.

A value that is not there is of the kind that it would be: the server must know which one before it can plan a statement.
"""

from __future__ import annotations

from psycopg.adapt import AdaptersMap, Buffer, Dumper, Loader
from psycopg.types.numeric import FloatDumper, Int8Dumper
from psycopg.types.string import StrDumper

_MOST = 2**63 - 1


class _Words(StrDumper):
    """Text as PostgreSQL can hold it: in UTF-8, without NUL."""

    def dump(self, obj: str) -> Buffer:
        data = obj.encode("utf-8", "replace")
        return data.replace(b"\0", "\ufffd".encode()) if b"\0" in data else data


class _Whole(Int8Dumper):
    """Whole numbers of 64 bits; the nearest one for what is further away. Yes is 1 and no is 0."""

    def dump(self, obj: int) -> Buffer:
        return b"%d" % max(-_MOST, min(_MOST, obj))


class NoText:
    """No value, where text is meant."""


class NoWhole:
    """No value, where a whole number is meant."""


class NoReal:
    """No value, where any number is meant."""


class _NoWords(StrDumper):
    def dump(self, obj: object) -> None:
        """Return what stands for NULL."""


class _NoWhole(Int8Dumper):
    def dump(self, obj: object) -> None:
        """Return what stands for NULL."""


class _NoReal(FloatDumper):
    def dump(self, obj: object) -> None:
        """Return what stands for NULL."""


_DUMPERS: tuple[tuple[type, type[Dumper]], ...] = (
    (str, _Words),
    (int, _Whole),
    (bool, _Whole),
    (float, FloatDumper),
    (NoText, _NoWords),
    (NoWhole, _NoWhole),
    (NoReal, _NoReal),
)


class _Sum(Loader):
    """What a sum of whole numbers comes as."""

    def load(self, data: Buffer) -> int | float:
        words = bytes(data).decode()
        return float(words) if "." in words or not words.lstrip("-").isdigit() else int(words)


def adapt(adapters: AdaptersMap) -> None:
    """Have a connection write and read values so."""
    for kind, dumper in _DUMPERS:
        adapters.register_dumper(kind, dumper)
    adapters.register_loader("numeric", _Sum)
