"""What a running daemon counts, for Prometheus: by network, level, state and the names of rules.yaml, never by a person's name or words.

Counters count what this process did, so those of several daemons add up, and a restart begins anew.
"""

from __future__ import annotations

from prometheus_client import (
    CollectorRegistry,
    Counter,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)

from listener.errors import RulesWrong
from listener.polling import Taken
from listener.progress import Progress
from listener.pulse import Polled, Pulse
from responders.alerts import Told
from responders.daemon import RulesTaken
from responders.edits import Held
from responders.outbox import Sending
from responders.pipeline import Noted

disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series for every counter, which nobody here asks for

_QUICK = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_SLOW = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)


class Meters(Pulse):
    """A pulse that counts."""

    def __init__(self, progress: Progress | None = None) -> None:
        """Begin every count at nothing, in a registry of its own."""
        super().__init__(progress)
        self.registry = CollectorRegistry(auto_describe=True)
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self.registry)
        self._heard = self._counter("mentions_heard", "Mentions stored for the first time.", "network", "level")
        self._decided = self._counter("mentions_decided", "Mentions routed; one that was edited counts again.", "network", "level")
        self._drafted = self._counter("drafts_made", "Answers drafted, whether or not a person is asked.", "network", "level")
        self._sends = self._counter("sends", "Steps with an answer, by the state that it came to.", "network", "outcome")
        self._alerts = self._counter("alerts", "Tries to tell our own people.", "outcome")
        self._polls = self._counter("polls", "Polls of a source, by the state that it was in afterwards.", "source", "state")
        self._poll_seconds = self._histogram("poll_seconds", "How long a poll took, with storing what it brought.", _SLOW, "source")
        self._gaps = self._counter("gaps", "Gaps found: something may have been missed.", "source")
        self._silences = self._counter("silences", "Times that a poller ended or hung and was begun anew.", "source")
        self._failures = self._counter("loop_failures", "Rounds of a loop that ended in a mistake.", "loop")
        self._reads = self._counter("rules_reads", "Times that the rules file was read while running.", "outcome")
        self._writes = self._histogram("store_write_seconds", "From asking for a write to its being durable.", _QUICK)
        self._lag = self._histogram("event_loop_lag_seconds", "By how much a timer came too late.", _QUICK)

    def _counter(self, name: str, words: str, *labels: str) -> Counter:
        return Counter(f"earnest_{name}", words, labels, registry=self.registry)

    def _histogram(self, name: str, words: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(f"earnest_{name}", words, labels, registry=self.registry, buckets=buckets)

    def heard(self, taken: Taken) -> None:
        """Count the mentions of a page that are new."""
        for one in taken.mentions:
            if not one.edited and one.assessment:
                self._heard.labels(one.post.network, one.assessment.urgency.level.value).inc(len(one.mentions))

    def polled(self, polled: Polled) -> None:
        """Count a poll."""
        self._polls.labels(polled.source, polled.state).inc()
        self._poll_seconds.labels(polled.source).observe(polled.seconds)
        self._gaps.labels(polled.source).inc(polled.gaps)

    def silent(self, source: str) -> None:
        """Count a silence."""
        self._silences.labels(source).inc()

    def failed(self, loop: str) -> None:
        """Count a round that went wrong."""
        self._failures.labels(loop).inc()

    def wrote(self, seconds: float) -> None:
        """Count a write."""
        self._writes.observe(seconds)

    def lagged(self, seconds: float) -> None:
        """Count by how much the event loop was late."""
        self._lag.observe(seconds)

    def note(self, event: object) -> None:
        """Count what the daemon tells of."""
        if isinstance(event, Noted):
            labels = event.heard.mention.post.network, event.heard.assessment.urgency.level.value
            self._decided.labels(*labels).inc()
            if event.proposal:
                self._drafted.labels(*labels).inc()
        elif isinstance(event, Sending):
            self._sends.labels(event.delivery.network, event.state.value).inc()
        elif isinstance(event, Told):
            self._alerts.labels("failed" if event.problem else "told").inc()
        elif isinstance(event, RulesTaken):
            self._reads.labels("taken").inc()
        elif isinstance(event, RulesWrong):
            self._reads.labels("held" if isinstance(event, Held) else "refused").inc()
