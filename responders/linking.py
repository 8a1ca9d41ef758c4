"""Links in a text that leaves: ours are fine, strangers' are fine, and what passes itself off as ours is neither.

A link or a bare host counts, in any spelling: other scripts, full width, punycode, invisible letters inside.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import regex

from listener.text import Folded, fold_with_offsets, one_line
from responders.likeness import mixes_scripts, nearly, skeleton, squashed

_WIDTH = 60
_SHORTEST_NAME = 3
_LONGEST_HOST = 253  # characters: RFC 1035
_UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Hangul}"
_L = rf"[[\p{{L}}\p{{M}}\p{{N}}_-]--[{_UNSPACED}]]"
_NEAR = re.compile(r"[^\s.]\.[^\s.]|[a-z]:[/\\]|https?:|\]\(")  # no link is without one of these
_SCHEME = re.compile(r"(?:[a-z]{2,12}:[/\\]{2,}|https?:[/\\]*)(?=\S)([^\s/?#<>\"'`|,;!*^){}]*)")
_BARE = regex.compile(rf"(?<!{_L}|\.){_L}++(?:\.{_L}++)++", regex.VERSION1)
_BARE_NUMBER = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?=[/:]\w)")
_NUMBER = re.compile(r"(?:0x[0-9a-f]+|\d+)(?:\.(?:0x[0-9a-f]+|\d+)){0,3}")
_NAMED = re.compile(r"\[([^\]\n]{1,300})\]\(\s*<?([^)\s]{1,2000})")
_WRITES_NO_SPACES = regex.compile(rf"[{_UNSPACED}]")
_WHOLE_HOST = regex.compile(rf"{_L}+(?:\.{_L}+)*\.[a-z]{{2,63}}", regex.VERSION1)
_ENDING = regex.compile(r"[\p{L}\p{M}][\p{L}\p{M}\p{N}-]+")
_FILES = frozenset({"csv", "doc", "docx", "gif", "heic", "html", "jpeg", "jpg", "pdf", "png", "txt", "webp", "xls", "xlsx"})
# A full stop without its space: "Thanks for choosing Acme.We will look". None of these is the ending of a domain.
_SENTENCES = frozenset(
    (
        *("we", "please", "thanks", "thank", "the", "our", "if", "your", "this", "that", "sorry", "could", "what"),
        *("when", "which", "let", "have", "bitte", "danke", "wir", "nous", "vous", "merci", "gracias"),
    )
)
_SECOND = frozenset({"ac", "co", "com", "edu", "gob", "gov", "ne", "net", "or", "org"})
_SHARED = frozenset(
    (
        *("azurewebsites.net", "blogspot.com", "bsky.social", "cloudfront.net", "firebaseapp.com", "freshdesk.com"),
        *("github.io", "gitlab.io", "herokuapp.com", "myshopify.com", "netlify.app", "pages.dev", "vercel.app"),
        *("web.app", "weebly.com", "wixsite.com", "wordpress.com", "workers.dev", "zendesk.com"),
    )
)
"""Addresses under which anybody may have a name of their own."""
_BESIDE = frozenset(
    (
        *("account", "accounts", "app", "billing", "bonus", "care", "chat", "claim", "contact", "customer"),
        *("customers", "customerservice", "delivery", "desk", "gift", "global", "group", "help", "helpdesk"),
        *("hilfe", "info", "kunden", "kundenservice", "live", "login", "mail", "my", "official", "online", "order"),
        *("orders", "pay", "payment", "payments", "refund", "refunds", "return", "returns", "sale", "secure"),
        *("security", "service", "services", "servizio", "shop", "signin", "soporte", "store", "suporte", "support"),
        *("team", "the", "verify", "web", "www"),
    )
)
"""Words that are written together with a name to pass for it."""


@dataclass(frozen=True, slots=True)
class Sites:
    """What is ours on the web. `hosts` stand with all below them; `names` are what a look-alike imitates; `fine` are fine as they are."""

    hosts: frozenset[str]
    names: frozenset[str]
    fine: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Link:
    """A link as it stands: its host folded, its host in the author's letters, and what is odd about its beginning."""

    host: str
    written: str
    odd: str = ""


def _quoted(text: str) -> str:
    return f'"{one_line(text, _WIDTH)}"'


def _place(labels: list[str]) -> int:
    """Return the place, from the end, of the label that somebody chose: 2 for acme.example, 3 for acme.co.uk and acme.github.io."""
    second = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SECOND  # noqa: PLR2004 - a country's two letters
    return 3 if len(labels) > 2 and (second or ".".join(labels[-2:]) in _SHARED) else min(2, len(labels))  # noqa: PLR2004


def chosen(host: str) -> str:
    """Return the label of a host that somebody chose: acme for www.acme.co.uk."""
    labels = host.split(".")
    return labels[-_place(labels)]


def _base(host: str) -> str:
    labels = host.split(".")
    return ".".join(labels[-_place(labels) :])


def is_shared(host: str) -> bool:
    """Return whether a host lies under an address where anybody may have a name: acme.bsky.social."""
    return ".".join(host.split(".")[-2:]) in _SHARED


@lru_cache(maxsize=64)
def sites_of(sites: tuple[str, ...], handles: tuple[str, ...], said: tuple[str, ...], names: tuple[str, ...]) -> Sites:
    """Return what is ours: the sites that the rules name; where they name none, handles that are domains, and hosts in templates.

    `said` are the texts of templates, `names` those of brands.
    """
    known = frozenset(site.casefold().removeprefix("www.") for site in sites)
    domains = frozenset(handle.casefold() for handle in handles if "." in handle and "@" not in handle)
    own_domains = frozenset(handle for handle in domains if not is_shared(handle))
    in_templates = frozenset(link.host for text in said for link in _links(fold_with_offsets(text)) if link.host)
    hosts = (known | own_domains) if known else (own_domains | in_templates)
    labels = frozenset(map(chosen, hosts))
    called = frozenset(squashed(name) for name in names)
    imitated = called if known else frozenset(name for name in called if any(name in squashed(label) for label in labels))
    long = frozenset(name for name in labels | imitated if len(name) >= _SHORTEST_NAME)
    return Sites(hosts, long, domains | in_templates)


def _links(folded: Folded) -> Iterator[_Link]:
    rest = folded.text
    if not _NEAR.search(rest):
        return
    for found in _SCHEME.finditer(rest):
        if found[1]:
            yield _schemed(folded, *found.span(1))
    rest = _SCHEME.sub(lambda found: " " * len(found[0]), rest)
    for found in _BARE_NUMBER.finditer(rest):
        yield _Link(found[0], found[0], "number")
    for found in _BARE.finditer(rest):
        host = found[0].strip("_-")
        start = found.start() + found[0].index(host)
        written = folded.quote(start, start + len(host))
        ending = host.rpartition(".")[2]
        sentence = ending in _SENTENCES and written.rpartition(".")[2].istitle()
        if _ENDING.fullmatch(ending) and ending not in _FILES and not sentence:
            yield _Link(host, written)


def _schemed(folded: Folded, start: int, end: int) -> _Link:
    """Read what stands between "https://" and the path as a browser would."""
    authority = folded.text[start:end]
    odd = "disguise" if "%" in authority or "\\" in authority else ""
    before, at, host = authority.rpartition("@")
    if at:
        return _Link(host.partition(":")[0].strip("."), before, "behind")
    start = end - len(host)
    cut = _WRITES_NO_SPACES.search(host)
    if cut and _WHOLE_HOST.fullmatch(host[: cut.start()].replace("\u3002", ".").rstrip(".")):
        host = host[: cut.start()]
    if host.startswith("["):
        return _Link(host, host, "number")
    name = host.partition(":")[0].rstrip(".\u3002")
    written = folded.quote(start, start + len(name)) if name else ""
    host = name.replace("\u3002", ".")
    return _Link(host, written, odd or ("number" if _NUMBER.fullmatch(host) else ""))


def _decoded(host: str) -> str:
    """Return a host with its punycode labels written out; "" where one cannot be."""
    try:
        return ".".join(one[4:].encode().decode("punycode") if one.startswith("xn--") else one for one in host.split("."))
    except UnicodeError:
        return ""


def _is_below(host: str, above: str) -> bool:
    return host == above or host.endswith("." + above)


def _passes_for(label: str, name: str) -> bool:
    """Return whether a label holds a name as a part of its own, or beside a word like "support"."""
    seen, asked = skeleton(label), skeleton(name)
    parts = seen.split("-")
    if asked in parts or squashed(seen) == asked:
        return True
    whole = squashed(seen)
    rest = whole.removeprefix(asked) if whole.startswith(asked) else whole.removesuffix(asked) if whole.endswith(asked) else whole
    return rest != whole and rest in _BESIDE_SEEN


_BESIDE_SEEN = frozenset(map(skeleton, _BESIDE))


def _imitates(host: str, sites: Sites) -> str:
    """Return what of ours a host that is not ours imitates, in words, or ""."""
    seen = skeleton(host)
    for ours in sorted(sites.hosts):
        if _is_below(seen, skeleton(ours)):
            return f"its letters only look like {_quoted(ours)}"
    if any(_base(host) == _base(ours) for ours in sites.hosts):
        return ""
    labels = host.split(".")
    flat = {squashed(ours): ours for ours in sites.hosts}
    for name in sorted(sites.names):
        if any(_passes_for(label, name) for label in labels[:-1]):
            return f"it uses our name {_quoted(name)}"
        if nearly(squashed(chosen(host)), name):
            return f"it is a slip away from {_quoted(name)}"
    return next((f"it is written like {_quoted(flat[squashed(label)])}" for label in labels if squashed(label) in flat), "")


@lru_cache(maxsize=1_024)
def _wrong(link: _Link, sites: Sites) -> str:
    """Return what is wrong with one link, in words, or ""."""
    if link.odd == "behind":
        return f"a link shows {_quoted(link.written)} and leads to {_quoted(link.host)}"
    if link.odd == "number":
        return f"a link leads to a bare number: {_quoted(link.host)}"
    host = _decoded(link.host)
    if link.odd or not host:
        return f"a link hides where it leads: {_quoted(link.written)}"
    same = link.written.casefold() == link.host
    plain = same and (host == link.host or not host.isascii())  # punycode that decodes to ASCII is no way to write a name
    if plain and (any(_is_below(host, ours) for ours in sites.hosts) or host in sites.fine):
        return ""
    if any(map(mixes_scripts, host.split("."))):
        return f"a link mixes scripts: {_quoted(link.written)}"
    if why := _imitates(host, sites):
        return f"{_quoted(link.written)} looks like a site of ours and is none: {why}"
    return "" if same else f"a link hides where it leads: {_quoted(link.written)}"


def _judge(link: _Link) -> Callable[[_Link, Sites], str]:
    """Return what judges a link: nothing is remembered of one that is longer than any host."""
    return _wrong if max(len(link.host), len(link.written)) <= _LONGEST_HOST else _wrong.__wrapped__


def _misnamed(folded: Folded) -> Iterator[str]:
    """Yield links in Markdown whose words show one host while they lead to another."""
    for found in _NAMED.finditer(folded.text):
        shown = [link.host for link in _links(fold_with_offsets(found[1]))]
        target = next((link.host for link in _links(fold_with_offsets(found[2]))), "")
        if target and shown and not any(_base(host) == _base(target) for host in shown):
            yield f"a link says {_quoted(shown[0])} and leads to {_quoted(target)}"


def may_link(text: str) -> bool:
    """Return whether a link may stand in a text: where this says no, there surely is none, whatever digits stand in it."""
    return bool(_NEAR.search(fold_with_offsets(text).text))


def problems(text: str, sites: Sites) -> tuple[str, ...]:
    """Return what is wrong with the links in a text, in words for a person, each once."""
    folded = fold_with_offsets(text)
    if not _NEAR.search(folded.text):
        return ()
    found = [wrong for link in dict.fromkeys(_links(folded)) if (wrong := _judge(link)(link, sites))]
    return tuple(dict.fromkeys((*found, *_misnamed(folded))))
