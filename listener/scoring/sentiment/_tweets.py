"""A post as the network reads it: names, links and emoji in the form it was trained on, and never longer than a glance.

Training (training/accurate.py) and judging use this one function, so that the two can never drift apart.
"""

from __future__ import annotations

import html
import re
import unicodedata

from listener.scoring.excerpt import ends

_HEAD, _TAIL = 480, 160  # characters read from the two ends of a long post
_NAME = re.compile(r"(?<![\w.])@\w+")
_LINK = re.compile(r"https?://\S*|\bwww\.\S+")
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")  # as careless exports leave it
_NAMES = re.compile(r"(?:@user\s*){3,}")
_RUN = re.compile(r"(\S)\1{3,}")
_SPACE = re.compile(r"\s+")
_UNSEEN = re.compile("[\u200b-\u200f\u2060-\u2064\ufe00-\ufe0f\U0001f1e6-\U0001f1ff\U0001f3fb-\U0001f3ff\U000e0000-\U000e01ef]")
_SYMBOL = re.compile("[\u203c\u2049\u2190-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff]")


def shorten(text: str) -> str:
    """Return the two ends of a long text: what a reader takes in at a glance."""
    return ends(text, _HEAD, _TAIL)


def tidy(text: str) -> str:
    """Return the post as the network reads it; at most a few thousand characters, whatever it is given.

    Other people's names become "@user" and links "http"; an emoji becomes its English name; runs of one character are cut.
    """
    text = shorten(text)
    if "\\u" in text:
        text = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
    text = html.unescape(text).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    text = _NAMES.sub("@user @user ", _LINK.sub("http", _NAME.sub("@user", text)))
    text = _RUN.sub(r"\1\1\1", _UNSEEN.sub("", text))
    if not text.isascii():
        text = _SYMBOL.sub(_named, text)
    return _SPACE.sub(" ", text).strip()


def _named(found: re.Match[str]) -> str:
    return f" {unicodedata.name(found[0], '').lower()} "
