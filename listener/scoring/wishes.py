"""What the author asks of us about being contacted: `stop` (no contact at all), `no_dm` (no private messages), `dm_me` (one, please).

A wish must be about being written to: "stop charging me" and "can you stop the bus" are none. Whoever says nothing but "stop", or one of
the words by which people send a program away on Reddit ("bad bot", "!optout"), means us. Whoever asks for no private message asks for none.
"""

from __future__ import annotations

import re

from listener.model import Signal
from listener.scoring.signals import Reading

NAMES = ("stop", "no_dm", "dm_me")
# The whole post, besides whom it addresses. Nothing that was read is given back, so that a post of nothing but "@" takes no longer.
_SENT_AWAY = re.compile(
    r"(?:(?:@|/?u/)[\w.@-]++[\s,:]*+)*+[!/]?"
    r"(?P<said>stop(?: (?:it|bot|please))?|please stop|bad bot|opt[ -]?(?:me )?out|unsubscribe|ignore ?me|go away)[\s.!]*"
)


def wishes(reading: Reading) -> tuple[Signal, ...]:
    """Return the wishes in a text, each with the words that prove it and no points."""
    found = {name: reading.quotes(f"wishes.{name}") for name in NAMES}
    text = reading.folded.text
    if away := _SENT_AWAY.fullmatch(text.strip()):
        shift = len(text) - len(text.lstrip())
        found["stop"] = found["stop"] or (reading.folded.quote(shift + away.start("said"), shift + away.end("said")),)
    if found["no_dm"] or found["stop"]:
        found["dm_me"] = ()
    return tuple(Signal(name, 0, why) for name, why in found.items() if why)
