"""Personal data in texts: e-mail addresses, phone numbers, cards, IBANs and order numbers, however their letters are written.

Found values are only ever named masked, so that a problem report does not repeat what it warns of.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from listener.scoring.patterns import Pattern, pattern_problem
from listener.text import clean

_DASHES = re.compile("[\u2010-\u2015\u2212]")
_LINK = re.compile(r"https?://\S+")
_DATE = re.compile(r"(?<![\d./-])(?:\d{1,2}[./-]\d{1,2}[./-](?:\d{4}|\d{2})|\d{4}-\d{2}-\d{2})(?![./-]?\d)")
_EMAIL = re.compile(
    r"(?<![\w@.+%-])[\w.+%-]{1,64}@(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24}"
    r"|(?<![\w.+%-])[\w.+%-]{1,64} ?[(\[]at[)\]] ?(?:[\w-]{1,63} ?(?:\.|[(\[]dot[)\]]) ?){1,8}[^\W\d_]{2,24}"
)
_GROUPED_DIGITS = re.compile(r"(?<!\d)\d+(?:[ \-._/]\d+)*")
_SEPARATOR = re.compile(r"[ \-._/]")
_CARD_SHAPES = ((4, 4, 4, 4), (4, 6, 5), (4, 6, 4))
_IBAN = re.compile(r"(?<![^\W_])(?=([a-z]{2}\d{2}(?:[ -]?[a-z0-9]){11,30}))")  # looks ahead, so that no run hides the next
_FAR = r"[ ().\-/]{0,3}"  # what may stand between two digits of one phone number
_PHONES = (
    re.compile(rf"(?<![\w+])\+\d(?:{_FAR}\d){{6,14}}(?!\d)"),
    re.compile(rf"(?<![\w.,/-])00[1-9](?:{_FAR}\d){{8,12}}(?!\w)"),
    re.compile(rf"(?<![\w.,/-])\(?0[1-9](?:{_FAR}\d){{7,10}}(?!\w)"),
    re.compile(r"(?<![\w.,/-])(?:1[ .\-])?\(?[2-9]\d{2}\)?[ .\-]{1,2}[2-9]\d{2}[ .\-]\d{4}(?!\w|[-.]\d)"),
    re.compile(r"(?:phone|tel|mobile|mobil|whatsapp|handy|telefon|call|ring|fax)\b[^\d\n]{0,12}\d(?:[ ().\-/]{0,2}\d){6,11}(?!\w)"),
)
_NAMED_ORDER = re.compile(
    r"\b(?:orders?|bestell\w*|auftrag\w*|commande|pedido|ordine|invoice|rechnung\w*|booking|buchung\w*|ref|reference)\b"
    r"[^\w\n]{0,3}(?:(?:number|no|nr|num|id|nummer|num\u00e9ro|n\u00famero|numero)\b[^\w\n]{0,3})?(?:is |ist |: ?)?"
    r"(?=[a-z-]{0,8}\d[\w-]{3})[a-z0-9-]{4,32}"
)
_BARE_ORDERS = (
    re.compile(r"(?<![\w.,:/+-])[a-z]{0,4}[-#]?\d{7,24}(?!\w)"),
    re.compile(r"(?<![\w-])\d{3}-\d{7}-\d{7}(?![\w-])"),
)

_DIGIT, _DIGITS = re.compile(r"\d"), re.compile(r"[0-9]+")
_NUMBERED = re.compile(r"\d[\w-]{3}")
_LOCAL = re.compile(r"[\w.+%-]+")
# Every order number holds so many digits in a row, or stands behind one of these.
_ORDER_DIGITS = 7
_ORDER_WORDS = re.compile("order|bestell|auftrag|commande|pedido|ordine|invoice|rechnung|booking|buchung|ref")
_CARD_DIGITS, _PHONE_DIGITS = 13, 7  # the fewest
_BETWEEN_DIGITS = 3

_IBAN_LENGTHS = {
    country: int(length)
    for length, countries in (
        *((15, "no"), (16, "be"), (18, "dk fo fi gl nl fk sd"), (19, "mk si"), (20, "at ba ee kz lt lu xk mn")),
        *((21, "ch hr lv li"), (22, "bg bh cr de gb ge ie me rs va"), (23, "ae gi il iq tl om so")),
        *((24, "ad cz es md pk ro sa se sk tn vg"), (25, "ly pt st"), (26, "is tr"), (27, "bi dj fr gr it mc mr sm")),
        *(
            (28, "al az by cy do gt hu lb ni pl sv"),
            (29, "br eg ps qa ua"),
            (30, "jo kw mu ye"),
            (31, "mt sc"),
            (32, "lc"),
            (33, "ru"),
        ),
    )
    for country in countries.split()
}
"""How long an IBAN is, by country. Source: the IBAN registry (ISO 13616) kept by SWIFT."""


@dataclass(frozen=True, slots=True)
class Found:
    """A piece of personal data: its kind (`email`, `phone`, `card`, `iban`, `order_number`) and its masked form."""

    kind: str
    masked: str


def _mask(value: str) -> str:
    value = value.strip()
    return f"{value[:2]}…{value[-2:]}" if len(value) > 6 else "…"  # noqa: PLR2004 - two letters at each end must hide something


def _luhn(digits: str) -> bool:
    """Return whether the check digit fits (ISO/IEC 7812-1, annex B)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) << (place & 1)
        total += value - 9 if value > 9 else value  # noqa: PLR2004 - the sum of the digits of a number up to 18
    return total % 10 == 0


def _card_candidates(run: str) -> Iterator[str]:
    """Yield the runs of digits that could be a card: the whole, each group, and card-shaped groups inside a longer run."""
    groups = _SEPARATOR.split(run)
    yield "".join(groups)
    yield from groups
    for shape in _CARD_SHAPES:
        for first in range(len(groups) - len(shape) + 1):
            window = groups[first : first + len(shape)]
            if tuple(map(len, window)) == shape and window[0][0] in "23456":
                yield "".join(window)


def _cards(text: str) -> Iterator[str]:
    for run in _GROUPED_DIGITS.finditer(text):
        for digits in _card_candidates(run[0]):
            if 13 <= len(digits) <= 19 and digits.strip("0") and _luhn(digits):  # noqa: PLR2004 - ISO/IEC 7812-1
                yield digits
                break


def _ibans(text: str) -> Iterator[str]:
    for run in _IBAN.finditer(text):
        letters = re.sub(r"[ -]", "", run[1])
        length = _IBAN_LENGTHS.get(letters[:2], 0)
        value = letters[:length]
        if length and len(value) == length and int("".join(str(int(one, 36)) for one in value[4:] + value[:4])) % 97 == 1:
            yield value


def _matches(patterns: Collection[re.Pattern[str]], text: str) -> Iterator[str]:
    for pattern in patterns:
        yield from (found[0] for found in pattern.finditer(text))


def _plain(text: str) -> str:
    """Fold `text`, and write the digits of every script as 0 to 9 and every dash as "-"."""
    folded = clean(text)
    return folded if folded.isascii() else _DIGIT.sub(lambda digit: str(int(digit[0])), _DASHES.sub("-", folded))


def _may_hold_email(plain: str) -> bool:
    """Return whether an address may stand in a text: a handle such as @marta@town.example is none."""
    *before, _ = plain.split("@")
    for place, name in enumerate(before):
        if name and _LOCAL.match(name[-1]) and not (place and _LOCAL.fullmatch(name)):
            return True
    return "at)" in plain or "at]" in plain


def _may_begin_iban(plain: str, at: int) -> bool:
    """Return whether the digits at a place may be the check digits of an IBAN: a country stands in front of them."""
    return plain[max(at - 2, 0) : at] in _IBAN_LENGTHS and not plain[max(at - 3, 0) : at - 2].isalnum()


def _most_together(numbers: Iterable[tuple[int, int]]) -> int:
    """Return how many digits stand together at most: with no more between them than stands between two digits of one phone number."""
    most = together = last = 0
    for start, end in numbers:
        together = end - start + (together if start - last <= _BETWEEN_DIGITS else 0)
        most, last = max(most, together), end
    return most


def _looks(plain: str) -> Iterator[tuple[str, Callable[[], Iterator[str]]]]:
    """Yield the kinds of which `plain` may hold something, and how to look for it: most texts hold nothing, and that is soon seen."""
    if _may_hold_email(plain):
        yield "email", lambda: _matches((_EMAIL,), plain)
    numbers = [found.span() for found in _DIGITS.finditer(plain)]
    if not numbers:
        return
    together = _most_together(numbers)
    if together >= _CARD_DIGITS:
        yield "card", lambda: _cards(plain)
    if any(_may_begin_iban(plain, start) for start, _ in numbers):
        yield "iban", lambda: _ibans(plain)
    if together >= _PHONE_DIGITS:
        yield "phone", lambda: _matches(_PHONES, _spoken(plain))
    if orders := (*_named_orders(plain), *(_BARE_ORDERS if together >= _ORDER_DIGITS else ())):
        yield "order_number", lambda: _matches(orders, _spoken(plain))


def _named_orders(plain: str) -> tuple[re.Pattern[str], ...]:
    """Return how order numbers are looked for behind their name, where there are both a name and a number to go with it."""
    return (_NAMED_ORDER,) if _NUMBERED.search(plain) and _ORDER_WORDS.search(plain) else ()


def _spoken(plain: str) -> str:
    """Return a text without its links and dates: their digits are no phone number."""
    return _DATE.sub(" … ", _LINK.sub(" … ", plain))


def find(text: str, kinds: Collection[str]) -> tuple[Found, ...]:
    """Return the personal data of the given kinds in `text`, each value once. Phone and order numbers inside links do not count."""
    found = (Found(kind, _mask(value)) for kind, look in _looks(_plain(text)) if kind in kinds for value in look())
    return tuple(dict.fromkeys(found))


@lru_cache(maxsize=256)
def _pattern(pattern: str) -> Pattern | None:
    return None if pattern_problem(pattern) else Pattern.of(pattern)


def find_patterns(text: str, patterns: Mapping[str, str]) -> tuple[Found, ...]:
    """Return what the named RE2 patterns find in `text`, each value once, its kind the pattern's name; an empty match is none.

    A pattern that cannot be used finds every text, with nothing to show: what it should keep private cannot be told.
    """
    if not patterns:
        return ()
    plain, found = _plain(text), list[Found]()
    for name, pattern in patterns.items():
        usable = _pattern(pattern)
        if usable is None:
            found.append(Found(name, "\u2026"))
        else:
            found += (Found(name, _mask(one[1])) for one in usable.compiled.finditer(plain) if one[1])
    return tuple(dict.fromkeys(found))
