"""How things stand at the moment of a scrape, for Prometheus: a few questions to the store, each answered by an index.

What they cost must not grow with what is stored, so nothing final is counted here: `Meters` counts it as it happens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from listener import logs
from listener.clock import Clock, from_text, to_text
from listener.progress import Progress
from listener.store.base import Reader, Row, Store, number, text
from responders import flag
from responders.ledger import facts, machines
from responders.roles import Role

_log = logs.get("metrics")
MOST = 100_000
"""More than that is not counted: who has so many waiting knows enough."""

STATES = ("listening", "waiting", "sign-in", "unreachable", "failing", "silent")
OPEN = ("held", "by_hand", "ready", "claimed", "unknown", "parked", "withdrawing")
"""The states of a delivery that are not its last one."""

_UNDECIDED = "SELECT COUNT(*) AS n FROM (SELECT 1 AS one FROM mentions WHERE decided = 0 LIMIT :most) AS waiting"
_OLDEST = "SELECT heard_at FROM mentions WHERE decided = 0 ORDER BY seq LIMIT 1"
_DRAFTS = """SELECT COUNT(*) AS n, SUM(CASE WHEN c.respond_by < :now THEN 1 ELSE 0 END) AS late
    FROM drafts d JOIN cases c ON c.id = d.case_id WHERE d.state = 'waiting'"""
_DELIVERIES = """SELECT state, COUNT(*) AS n FROM deliveries WHERE state NOT IN ('sent', 'refused', 'withdrawn') GROUP BY state"""
_ESCALATIONS = "SELECT COUNT(*) AS n FROM escalations WHERE told_at IS NULL"
_UNTOLD = "SELECT COUNT(*) AS n FROM incidents WHERE told_at IS NULL"
_INCIDENTS = "SELECT COUNT(*) AS n FROM incidents WHERE ended_at IS NULL"
QUESTIONS = (_UNDECIDED, _OLDEST, _DRAFTS, _DELIVERIES, _ESCALATIONS, _UNTOLD, _INCIDENTS)
"""Every question that asks a table which grows."""


class Gauges(Collector):
    """Asked at every scrape, in a thread that may wait for the store."""

    def __init__(self, store: Store, clock: Clock, progress: Progress, ready: Callable[[], bool]) -> None:
        """Ask `store`, and `progress` about what goes round; `ready` says whether the daemon has begun and is well."""
        self._store, self._clock, self._progress, self._ready = store, clock, progress, ready

    def describe(self) -> Iterable[Metric]:
        """Promise nothing beforehand: that would ask the store while nobody wants to know."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Yield how things stand; where the store cannot be read, only what is known without it."""
        yield GaugeMetricFamily("earnest_ready", "Whether the daemon has begun, and everything goes round.", int(self._ready()))
        stalled = {one.name for one in self._progress.stalled()}
        loops = GaugeMetricFamily("earnest_loop_stalled", "Whether a loop ended no round in time.", labels=("loop",))
        for name in self._progress.names():
            loops.add_metric([name], int(name in stalled))
        yield loops
        readable = True
        found: list[Metric] = []
        try:
            found += self._asked(self._store.read(), self._clock())
        except Exception as problem:  # noqa: BLE001  # whatever the store says, a scrape is answered
            _log.warning("the store cannot be read for metrics", problem=type(problem).__name__)
            readable = False
        yield GaugeMetricFamily("earnest_store_readable", "Whether the store answered this scrape.", int(readable))
        yield from found if readable else ()

    def _asked(self, reader: Reader, at: datetime) -> Iterator[Metric]:
        yield from _rules(reader)
        yield _machines(reader, shared=self._store.shared)
        paused = flag.stopped(self._store, at=at) is not None
        yield GaugeMetricFamily("earnest_paused", "Whether all sending is stopped.", int(paused))
        yield from _sources(reader, at)
        yield from _waiting(reader, at)


def _machines(reader: Reader, *, shared: bool) -> Metric:
    words = "On a store that machines share: how many of them do this part of the work now."
    found = GaugeMetricFamily("earnest_machines", words, labels=("part",))
    there = machines.there(reader) if shared else ()
    for role in Role if shared else ():
        found.add_metric([role.value], sum(role.value in one.roles for one in there))
    return found


def _rules(reader: Reader) -> Iterator[Metric]:
    known = facts.known(reader)
    version, loaded = known.get("rules_version", ("", None))
    mode = known.get("mode", ("", None))[0]
    yield InfoMetricFamily("earnest_rules", "The rules in force.", {"version": version, "mode": mode})
    wrong = bool(known.get("rules_error", ("", None))[0])
    words = "Whether the rules file, as it was last read, is what is worked by."
    yield GaugeMetricFamily("earnest_rules_last_reload_successful", words, int(not wrong))
    if loaded:
        words = "When the rules in force were taken."
        yield GaugeMetricFamily("earnest_rules_last_reload_success_timestamp_seconds", words, loaded.timestamp())


def _sources(reader: Reader, at: datetime) -> Iterator[Metric]:
    rows = reader.all("SELECT * FROM sources ORDER BY name")
    states = GaugeMetricFamily("earnest_source_state", "1 for the state that a source is in.", labels=("source", "state"))
    polled = GaugeMetricFamily("earnest_source_last_poll_timestamp_seconds", "When a source was polled last.", labels=("source",))
    heard = GaugeMetricFamily("earnest_source_last_success_timestamp_seconds", "When a source was heard last.", labels=("source",))
    lag = GaugeMetricFamily("earnest_source_lag_seconds", "How long ago a source was heard last.", labels=("source",))
    every = GaugeMetricFamily("earnest_source_interval_seconds", "How often a source is to be polled.", labels=("source",))
    for row in rows:
        name = text(row, "name")
        for state in STATES:
            states.add_metric([name, state], int(text(row, "state") == state))
        every.add_metric([name], float(row["every_s"] or 0.0))
        if row["polled_at"]:
            polled.add_metric([name], from_text(text(row, "polled_at")).timestamp())
        if row["heard_at"]:
            moment = from_text(text(row, "heard_at"))
            heard.add_metric([name], moment.timestamp())
            lag.add_metric([name], max(0.0, (at - moment).total_seconds()))
    yield from (states, polled, heard, lag, every)


def _waiting(reader: Reader, at: datetime) -> Iterator[Metric]:
    yield _gauge("earnest_mentions_undecided", f"Mentions that wait to be decided, at most {MOST}.", reader.one(_UNDECIDED, most=MOST))
    oldest = reader.one(_OLDEST)
    age = (at - from_text(text(oldest, "heard_at"))).total_seconds() if oldest else 0.0
    yield GaugeMetricFamily("earnest_mentions_undecided_oldest_seconds", "How long the first of them waits.", max(0.0, age))
    drafts = reader.one(_DRAFTS, now=to_text(at))
    yield _gauge("earnest_drafts_waiting", "Drafts that wait for a person.", drafts)
    yield _gauge("earnest_drafts_overdue", "Those of them whose deadline is over.", drafts, "late")
    deliveries = GaugeMetricFamily("earnest_deliveries", "Answers that have not come to their end, by state.", labels=("state",))
    found = {text(row, "state"): number(row, "n") for row in reader.all(_DELIVERIES)}
    for state in OPEN:
        deliveries.add_metric([state], found.get(state, 0))
    yield deliveries
    alerts = sum(number(row, "n") for question in (_ESCALATIONS, _UNTOLD) if (row := reader.one(question)))
    yield GaugeMetricFamily("earnest_alerts_undelivered", "Alerts that nobody has been told of yet.", alerts)
    yield _gauge("earnest_incidents_open", "What concerns Earnest itself and is not over.", reader.one(_INCIDENTS))


def _gauge(name: str, words: str, row: Row | None, column: str = "n") -> Metric:
    return GaugeMetricFamily(name, words, number(row, column) if row else 0)
