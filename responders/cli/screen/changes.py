"""What an edit changed, word by word, so that it reads without colour: [-taken out-] {+put in+}."""

from __future__ import annotations

import difflib
import re

_WORDS = re.compile(r"\s*\S+|\s+")


def changes(before: str, after: str) -> str:
    """Return the difference between two texts; "" where there is none."""
    if before == after:
        return ""
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    parts = []
    for what, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        taken, put = "".join(old[a:b]).strip(), "".join(new[c:d]).strip()
        if what == "equal":
            parts.append(taken)
            continue
        parts += [f"[-{taken}-]"] if taken else []
        parts += [f"{{+{put}+}}"] if put else []
    return " ".join(parts)
