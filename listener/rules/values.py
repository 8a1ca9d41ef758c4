"""Values that are of the right kind and still make no sense: times, thresholds, patterns, templates, teams."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

from listener.rules.look import Look, Path
from listener.rules.problems import Problem, suggest
from listener.rules.rulebook import Brake, Limits
from listener.rules.texts import FIELDS, fields_of, strange_label, stray_brace, variants
from listener.rules.timing import always_open
from listener.rules.trials import EXPECTED, Before, Trial
from listener.text import clean

_BETWEEN = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]\s*-\s*([01][0-9]|2[0-4]):[0-5][0-9]")
_SECRET = re.compile(r"secret:[a-z0-9][a-z0-9_-]{0,63}")
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)
_QUARTER = timedelta(days=90)
_YEAR = timedelta(days=366)
_COUNTS = ("same_text", "answers", "upset_replies", "negative", "mentions")


def values(look: Look) -> Iterator[Problem]:
    """Find every value that makes no sense."""
    for check in (
        _times,
        _thresholds,
        _signals,
        _private_patterns,
        _brands,
        _competitors,
        _conditions,
        _limits,
        _brakes,
        _ladder,
        _templates,
        _teams,
        _examples,
        _trials,
    ):
        yield from check(look)


def _times(look: Look) -> Iterator[Problem]:
    zone, zones = look.book.timezone, look.known.timezones
    if zones is not None and zone not in zones:
        hint = suggest(zone, zones) or 'such as "Europe/Berlin" or "UTC"'
        yield look.error(("timezone",), "timezone", f'there is no timezone "{zone}"', hint)
    quiet = look.book.boundaries.quiet_hours
    if quiet and not _BETWEEN.fullmatch(quiet.between):
        message = f'"between" wants two times, not "{quiet.between}"'
        yield look.error(("boundaries", "quiet_hours", "between"), "value", message, 'such as "22:00-07:00"')


def _thresholds(look: Look) -> Iterator[Problem]:
    levels = look.book.scoring.urgency.levels
    steps = {"low": levels.low, "normal": levels.normal, "high": levels.high, "critical": levels.critical}
    for (below, least), (above, most) in zip(list(steps.items())[:-1], list(steps.items())[1:], strict=True):
        if least >= most:
            path: Path = ("scoring", "urgency", "levels", above)
            yield look.error(path, "levels", f'"{above}" begins at {most}, which is not above "{below}" at {least}', "levels rise")
    mood = look.book.scoring.sentiment
    if mood.negative >= mood.positive:
        yield look.error(("scoring", "sentiment", "positive"), "levels", '"negative" must lie below "positive"', "such as -0.35 and 0.5")


def _signals(look: Look) -> Iterator[Problem]:
    for name, signal in look.book.scoring.urgency.signals.items():
        path: Path = ("scoring", "urgency", "signals", name)
        if signal.pattern is not None and (problem := look.known.pattern_problem(signal.pattern)):
            yield look.error((*path, "pattern"), "pattern", f"this pattern cannot be used: {problem}")
        own = signal.words or signal.pattern or signal.followers or signal.sentiment or signal.spike
        built_in = name in (look.known.signals or ()) and not signal.replace
        if not own and not built_in and look.known.signals is not None and look.whole(path):
            message = f'the signal "{name}" can never be found'
            hint = suggest(name, look.known.signals)
            wish = "give it words, a pattern, followers, a sentiment or a spike"
            yield look.error(path, "empty-signal", message, hint if hint.startswith("did you mean") else wish)


def _private_patterns(look: Look) -> Iterator[Problem]:
    for name, pattern in look.book.boundaries.private_patterns.items():
        path: Path = ("boundaries", "private_patterns", name)
        if not pattern.strip():
            yield look.error(path, "pattern", f'the pattern "{name}" is empty', "write what it looks like, such as: AC-[0-9]{6}")
        elif problem := look.known.pattern_problem(pattern):
            yield look.error(path, "pattern", f"this pattern cannot be used: {problem}")


def _brands(look: Look) -> Iterator[Problem]:
    for name, brand in look.book.brands.items():
        if not (brand.names or brand.handles or brand.hashtags or brand.queries) and look.whole(("brands", name)):
            yield look.error(
                ("brands", name), "empty-brand", f'nothing says how "{name}" is recognised', "give it names, handles or hashtags"
            )


def _competitors(look: Look) -> Iterator[Problem]:
    ours = {clean(name).strip(): (name, key) for key, brand in look.book.brands.items() for name in brand.names}
    for key, brand in look.book.brands.items():
        for number, name in enumerate(brand.competitors):
            if own := ours.get(clean(name).strip()):
                message = f'"{name}" is a name of our own brand "{own[1]}", so nobody can tell whom a post means'
                yield look.error(("brands", key, "competitors", number), "competitor", message, "take it out here, or there")


def _limits(look: Look) -> Iterator[Problem]:
    parts: list[tuple[Path, Limits]] = [(("boundaries", "limits"), look.book.boundaries.limits)]
    parts += [(("routes", number, "limits"), route.limits) for number, route in enumerate(look.book.routes)]
    for path, limits in parts:
        if limits.per_hour and limits.per_hour.per not in {None, _HOUR}:
            yield look.error((*path, "per_hour"), "value", '"per_hour" is a bare number: the hour is in its name', "such as 20")


def _ladder(look: Look) -> Iterator[Problem]:
    ladder = look.book.ladder
    if ladder.window > _YEAR:
        yield look.error(("ladder", "window"), "value", "a record goes back 366 days at most", "such as 30d")
    if ladder.lower_when.within > _QUARTER:
        yield look.error(("ladder", "lower_when", "within"), "value", "what lowers a route lies 90 days back at most", "such as 7d")


def _conditions(look: Look) -> Iterator[Problem]:
    for when, path in look.conditions():
        if when.count and when.count.within > _WEEK:
            yield look.error((*path, "count", "within"), "value", "a count looks back seven days at most", "such as 24h")
        if when.hours:
            yield from always_open(look, (*path, "hours"))
        for key in ("author", "thread"):
            part = getattr(when, key)
            if part is not None and not part.model_fields_set and look.whole((*path, key)):
                yield look.error((*path, key), "empty", f'"{key}" holds no condition', "see which there are: docs/rules.md")


def _brakes(look: Look) -> Iterator[Problem]:
    for number, brake in enumerate(look.book.boundaries.pause_when):
        path: Path = ("boundaries", "pause_when", number)
        if look.whole(path):
            yield from _brake(look, path, brake)


def _brake(look: Look, path: Path, brake: Brake) -> Iterator[Problem]:
    counted = [name for name in _COUNTS if getattr(brake, name) is not None]
    if len(counted) != 1:
        message = f"a brake counts one thing, not {' and '.join(counted)}" if counted else "this brake counts nothing"
        yield look.error(path, "brake", message, f"one of {', '.join(_COUNTS)}; a second brake is a second entry")
    elif brake.mentions is not None and not brake.words:
        yield look.error(path, "brake", '"mentions" wants "words" beside it', "such as {mentions: 20, words: [recall], within: 20m}")
    elif "words" in brake.model_fields_set and brake.mentions is None:
        yield look.error((*path, "words"), "brake", f'"words" goes with "mentions", not with "{counted[0]}"')
    elif "times" in brake.model_fields_set and brake.negative is None:
        yield look.error((*path, "times"), "brake", f'"times" goes with "negative", not with "{counted[0]}"')
    if brake.within > _DAY:
        yield look.error((*path, "within"), "brake", "a brake looks back a day at most", "such as 1h")


def _templates(look: Look) -> Iterator[Problem]:
    for name, texts in look.book.templates.items():
        labels = []
        for label, text, keys in variants(texts):
            labels.append(label)
            path: Path = ("templates", name, *keys)
            if strange := strange_label(label) if label else "":
                hint = suggest(strange, ["informal"])
                at = look.key_at(path)
                message = f'"{label}" is neither a language code such as "de" nor "informal"'
                yield look.sheet.problem(at, "variant", message, hint if hint.startswith("did you mean") else "")
            yield from _fields(look, path, text)
        if "" not in labels and look.whole(("templates", name)):
            message = f'"{name}" has no text for people whose language is not among its variants'
            yield look.error(("templates", name), "variant", message, "add one text without a language")
        if name == "none":
            yield look.sheet.problem(look.key_at(("templates", name)), "name", 'a template cannot be called "none"')


def _fields(look: Look, path: Path, text: str) -> Iterator[Problem]:
    if problem := stray_brace(text):
        yield look.error(path, "template", f"this text cannot be filled in: {problem}")
        return
    strange = [field for field in dict.fromkeys(fields_of(text)) if field not in FIELDS]
    if not strange and (problem := look.known.template_problem(text)):
        yield look.error(path, "template", f"this text cannot be filled in: {problem}")
    for field in strange:
        hint = suggest(field.strip(), FIELDS)
        yield look.error(path, "unknown-field", f'"{{{field}}}" is not a field of a template', hint)


def _teams(look: Look) -> Iterator[Problem]:
    for name, team in look.book.teams.items():
        if team.alert is not None and not _SECRET.fullmatch(team.alert):
            at = look.node(("teams", name, "alert")).at
            message = f'"alert" of "{name}" wants the name of a secret, never its value'
            hint = f'write alert: "secret:{name.lower()}" and keep the address itself out of this file'
            yield look.sheet.secret_problem(at, "secret", message, hint)


def _examples(look: Look) -> Iterator[Problem]:
    for number, route in enumerate(look.book.routes):
        for position, example in enumerate(route.examples):
            path: Path = ("routes", number, "examples", position)
            if (example.post is None) == (example.not_ is None) and look.whole(path):
                yield look.error(path, "example", 'an example has either "post" or "not"', "one of the two")
            if example.at is not None and not _is_moment(example.at):
                message = f'"at" wants a day and a time, not "{example.at}"'
                yield look.error((*path, "at"), "value", message, 'such as "2026-11-20 23:30"')


def _is_moment(text: str) -> bool:
    try:
        datetime.strptime(text, "%Y-%m-%d %H:%M")  # noqa: DTZ007 - only its form is looked at; the zone is the file's
    except ValueError:
        return False
    return True


def _trials(look: Look) -> Iterator[Problem]:
    yield from look.doubles("tests", "test", (trial.name for trial in look.book.tests))
    for number, trial in enumerate(look.book.tests):
        path: Path = ("tests", number)
        if trial.at is not None and not _is_moment(trial.at):
            message = f'"at" wants a day and a time, not "{trial.at}"'
            yield look.error((*path, "at"), "value", message, 'such as "2026-11-20 23:30"')
        if look.whole(path):
            yield from _expectations(look, path, trial)
        for position, before in enumerate(trial.history):
            yield from _before(look, (*path, "history", position), before)


def _expectations(look: Look, path: Path, trial: Trial) -> Iterator[Problem]:
    wanted = [key for key in EXPECTED if key in trial.model_fields_set]
    if not wanted:
        yield look.error(path, "test", f'the test "{trial.name}" expects nothing', f"say what must hold: {', '.join(EXPECTED)}")
    elif trial.not_heard and len(wanted) > 1:
        other = next(key for key in wanted if key != "not_heard")
        yield look.error((*path, "not_heard"), "test", f'what is not heard comes to nothing, so "{other}" cannot hold', "one of the two")


def _before(look: Look, path: Path, before: Before) -> Iterator[Problem]:
    if not look.whole(path):
        return
    if (before.post is None) == (before.ours is None):
        yield look.error(path, "history", 'an entry of the history has either "post" or "ours"', "one of the two")
        return
    said, strange = ("ours", ("by", "times")) if before.post is None else ("post", ("to", "by_itself"))
    for key in strange:
        if key in before.model_fields_set:
            other = "post" if said == "ours" else "ours"
            yield look.error((*path, key), "history", f'"{key}" goes with "{other}", not with "{said}"')
