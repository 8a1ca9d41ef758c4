"""Values as people write them, by part and key: editors show and offer them. Each is one that the reader takes.

What can only be one of a few words, a number, a yes or no, or a length of time needs none: its type says it all.
"""

from __future__ import annotations

from collections.abc import Mapping

_TEXT = "@acme charged me twice"
_MOMENT = "2026-11-20 23:30"

SAMPLES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "Rulebook": {"timezone": ("Europe/Berlin", "UTC"), "tell": ("on-call",)},
    "Brand": {
        "names": ("Acme", "Acme Shoes"),
        "hashtags": ("acmefail",),
        "queries": ('zenith (refund OR "charged twice") -jobs',),
        "sites": ("acme.example",),
    },
    "Ignore": {"authors": ("acme_jobs",), "phrases": ("acme cartoon",)},
    "SourceSettings": {"kind": ("bluesky", "feeds", "hackernews", "mastodon", "reddit", "webhook", "x"), "every": ("60s", "5m")},
    "SentimentSettings": {"scorer": ("default", "vader")},
    "SignalSettings": {"words": ("charged twice", "where is my refund"), "pattern": (r"\d+ (day|week)s?",)},
    "Route": {
        "name": ("billing",),
        "reply": ("none", "sorry-billing"),
        "private": ("ask-details",),
        "escalate": ("on-call",),
        "team": ("billing",),
    },
    "When": {
        "signals": ("none", "safety", "money", "outage", "waiting"),
        "text": ("trail shoes",),
        "language": ("en", "de", "ja", "und"),
        "network": ("bluesky", "mastodon", "reddit", "x"),
        "brand": ("acme",),
    },
    "AuthorIs": {"list": ("vip",)},
    "Often": {"of": ("mentions", "negative", "outage"), "within": ("24h", "7d")},
    "Spike": {"of": ("mentions", "negative", "outage"), "over": ("1h",)},
    "Sla": {"first_response": ("15m", "1h", "4h"), "next_response": ("4h",), "resolution": ("2d",)},
    "Limits": {"per_thread": ("2/7d",), "per_author": ("1/30d", "3/7d")},
    "AllLimits": {"per_thread": ("2/7d",), "per_author": ("1/30d", "3/7d")},
    "Example": {
        "post": (_TEXT,),
        "not": ("These shoes are fire @acme",),
        "network": ("mastodon",),
        "author": ("marta",),
        "at": (_MOMENT,),
        "held_by": ("quiet_hours", "per_author", "suppressed"),
    },
    "Before": {"post": (_TEXT,), "ours": ("Thank you, that is good to read.",), "ago": ("1h", "3d"), "by": ("marta",), "to": ("marta",)},
    "Trial": {
        "name": ("whoever asked us to stop gets no draft",),
        "post": (_TEXT,),
        "at": (_MOMENT,),
        "network": ("mastodon",),
        "author": ("marta",),
        "brand": ("acme",),
        "route": ("billing",),
        "held_by": ("quiet_hours", "per_author", "suppressed"),
        "says": ("order number",),
    },
    "Team": {"members": ("robin",), "alert": ("secret:oncall",)},
    "QuietHours": {"between": ("22:00-07:00",), "except": ("safety",)},
    "Brake": {"words": ("recall", "died"), "within": ("1h", "20m")},
    "MayPromise": {"say": ("full refund within 30 days",), "source": ("returns policy, section 2",), "until": ("2026-12-31",)},
    "Boundaries": {"answer_within": ("24h",), "never_say": ("guarantee", "lawyer", "our fault")},
}
