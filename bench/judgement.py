"""How well posts are judged, and at what cost, for each scorer beside the others.

Usage: python bench/judgement.py [FOLDER] [--scorer NAME]...

FOLDER holds collections of labelled posts, JSON lines, gzipped, that are not part of the project:
  sentiment_en_val.jsonl.gz     text, label
  sentiment_multi_val.jsonl.gz  text, label, language
  airline_dev.jsonl.gz          text, sentiment
  complaints_dev.jsonl.gz       text, complaint
Without it only what needs none is measured: urgency on the project's own posts, speed, size and memory.

Prints one JSON line a figure. Mood is measured twice: by the scorer alone with the thresholds as built in, and as the whole assessor says
after it has looked at what stands in the text. Speed is CPU time on one core. The measures are those of `earnest eval`. No collection is
sampled: each is measured whole.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
FRESH = "--fresh"
BEGUN = time.process_time()
OPENED: set[str] = set()
CODE = (".py", ".pyc", ".so", ".pyd")


def _opened(event: str, arguments: tuple[object, ...]) -> None:
    if event == "open" and isinstance(arguments[0], (str, Path)) and not str(arguments[0]).endswith(CODE):
        OPENED.add(str(arguments[0]))


if FRESH in sys.argv:  # a process of its own, which tells what a scorer costs
    sys.addaudithook(_opened)

from listener.errors import EarnestError  # noqa: E402 - its loading is measured
from listener.measuring.certainty import calibration  # noqa: E402
from listener.measuring.classes import Classes, classes  # noqa: E402
from listener.measuring.files import rows  # noqa: E402
from listener.measuring.judged import Judged, judge  # noqa: E402
from listener.measuring.labelled import ASPECTS, Labelled, Labels  # noqa: E402
from listener.measuring.measures import of_aspect, rankings  # noqa: E402
from listener.measuring.shares import Estimate, wilson  # noqa: E402
from listener.rules.rulebook import Scoring, SentimentSettings  # noqa: E402
from listener.scoring.assessor import Assessor  # noqa: E402
from listener.scoring.language import detect  # noqa: E402
from listener.scoring.mood import label_of  # noqa: E402
from listener.scoring.sentiment.base import Opinion, SentimentScorer, Words, make_scorer  # noqa: E402

SCORERS = ("vader", "default", "accurate")
MOODS = ("negative", "neutral", "positive")
URGENCY = next(aspect for aspect in ASPECTS if aspect.name == "urgency")
SENTIMENT = next(aspect for aspect in ASPECTS if aspect.name == "sentiment")
ALONE, WHOLE = "scorer alone", "whole assessor"
BATCH, TIMED = 256, 2_000
PLACES = Scoring().sentiment


def figure(name: str, scorer: str, value: float | Estimate, **more: object) -> None:
    """Print one figure."""
    spread = {"low": round(value.low, 4), "high": round(value.high, 4)} if isinstance(value, Estimate) else {}
    number = value.value if isinstance(value, Estimate) else value
    print(json.dumps({"bench": "judgement", "figure": name, "scorer": scorer, "value": round(number, 4), **spread, **more}), flush=True)


def left_out(why: str, **more: object) -> None:
    """Say what was not measured, and what it would need."""
    print(json.dumps({"bench": "judgement", "left_out": why, **more}), flush=True)


class Alone(NamedTuple):
    """What the scorer alone said of a post: a label, how sure it is, and whether that was expected."""

    expected: str
    said: str
    sure: float | None


def settings(scorer: str) -> Scoring:
    """Return the settings as built in, with this scorer."""
    return Scoring(sentiment=SentimentSettings(scorer=scorer))


def batches(many: Sequence[Words]) -> Iterator[Sequence[Words]]:
    """Yield texts in batches."""
    return (many[start : start + BATCH] for start in range(0, len(many), BATCH))


def alone(posts: Sequence[Labelled], scorer: SentimentScorer) -> list[Alone]:
    """Return what the scorer says of each post by itself."""
    words = [Words(one.post.text, detect(one.post.text)) for one in posts]
    opinions = [opinion for some in batches(words) for opinion in scorer.judge(some)]
    return [_told(one.expected["sentiment"], opinion) for one, opinion in zip(posts, opinions, strict=True)]


def _told(expected: str, opinion: Opinion | None) -> Alone:
    if opinion is None:
        return Alone(expected, "unknown", None)
    label = label_of(opinion.score, PLACES).value
    return Alone(expected, label, opinion.odds[MOODS.index(label)] if opinion.odds else None)


def collection(path: Path) -> list[Labelled]:
    """Read a collection of labelled posts."""
    labels = Labels()
    return [labels.read(f"{path.name}:{one.line}", one.fields) for one in rows(path.read_bytes(), path.name)]


def both(posts: Sequence[Labelled], name: str) -> Iterator[tuple[str, Classes, list[tuple[float | None, bool]]]]:
    """Yield how the mood of posts was judged, by the scorer alone and by the whole assessor, with how sure each was."""
    single = alone(posts, make_scorer(name))
    pairs = classes([(one.expected, one.said) for one in single], MOODS, may_be_unknown=True)
    judged = judge(posts, Assessor(settings(name)))
    whole = of_aspect(judged, SENTIMENT)
    if pairs and whole:
        yield ALONE, pairs, [(one.sure, one.said == one.expected) for one in single]
        yield WHOLE, whole, [(one.assessment.sentiment.sure, _right(one)) for one in judged]


def _right(one: Judged) -> bool:
    return one.assessment.sentiment.label.value == one.row.expected["sentiment"]


def mood(posts: Sequence[Labelled], data: str, scorers: Sequence[str], *, by_language: bool = False) -> None:
    """Print how well mood is judged."""
    for name in scorers:
        for way, found, sures in both(posts, name):
            more = {"data": data, "way": way, "posts": found.posts}
            figure("macro recall", name, found.macro_recall, **more)
            figure("macro F1", name, found.macro_f1, **more)
            if found.unknown:
                figure("unknown", name, found.unknown, **more)
            if fit := calibration(sures):
                figure("calibration error", name, fit.error, **more | {"posts": fit.posts})
    if by_language:
        for name in scorers:
            languages(posts, data, name)


def languages(posts: Sequence[Labelled], data: str, name: str) -> None:
    """Print macro F1 for each language, and its mean."""
    means: dict[str, list[float]] = {}
    for language in sorted({one.fields["language"] for one in posts}):
        for way, found, _ in both([one for one in posts if one.fields["language"] == language], name):
            figure("macro F1", name, found.macro_f1, data=data, way=way, language=language, posts=found.posts)
            means.setdefault(way, []).append(found.macro_f1.value)
    for way, each in means.items():
        figure("mean of macro F1 over languages", name, sum(each) / len(each), data=data, way=way, languages=len(each))


def complaints(posts: Sequence[Labelled], data: str, scorers: Sequence[str]) -> None:
    """Print how well complaints stand above the rest."""
    for name in scorers:
        for one in rankings(judge(posts, Assessor(settings(name)))):
            figure("complaint AUROC", name, one.area, data=data, way=WHOLE, posts=one.of)


def urgency(scorers: Sequence[str]) -> None:
    """Print how well urgency is judged on the project's own posts."""
    labels = Labels()
    posts = [
        labels.read(f"{path.name}:{one.line}", {name: one.fields[name] for name in ("post", "urgency", "after") if name in one.fields})
        for path in sorted((ROOT / "tests/judgement").glob("posts*.yaml"))
        for one in rows(path.read_bytes(), path.name)
        if "urgency" in one.fields
    ]
    for name in scorers:
        judged = judge(posts, Assessor(settings(name)))
        found = of_aspect(judged, URGENCY)
        if found is None:
            continue
        more = {"data": "tests/judgement", "way": WHOLE}
        figure("urgency exact", name, found.right, posts=found.posts, **more)
        critical = next(one for one in found.each if one.name == "critical")
        figure("critical recall", name, critical.recall, posts=critical.posts, **more)
        if critical.precision:
            figure("critical precision", name, critical.precision, **more)
        calm = sum(found.counts.get(("critical", said), 0) for said in ("normal", "low"))
        figure("critical called normal or low", name, wilson(calm, critical.posts), posts=critical.posts, **more)


def timed(work: Callable[[], object], posts: int) -> float:
    """Return how many posts a second of CPU this does, the better of two goes."""
    best = float("inf")
    for _ in range(2):
        begun = time.process_time()
        work()
        best = min(best, time.process_time() - begun)
    return posts / max(best, 1e-9)


def speed(posts: Sequence[Labelled], data: str, scorers: Sequence[str]) -> None:
    """Print how many posts a second one core judges."""
    some = posts[:TIMED]
    words = [Words(one.post.text, detect(one.post.text)) for one in some]
    pairs = [(one.post, one.earlier) for one in some]
    for name in scorers:
        scorer, assessor = make_scorer(name), Assessor(settings(name))
        ways: dict[tuple[str, str], Callable[[], object]] = {
            (ALONE, "one by one"): lambda scorer=scorer: [scorer.judge((one,)) for one in words],
            (ALONE, f"batches of {BATCH}"): lambda scorer=scorer: [scorer.judge(many) for many in batches(words)],
            (WHOLE, "one by one"): lambda assessor=assessor: [assessor.assess(*pair) for pair in pairs],
            (WHOLE, f"batches of {BATCH}"): lambda assessor=assessor: [
                assessor.assess_all(pairs[start : start + BATCH]) for start in range(0, len(pairs), BATCH)
            ],
        }
        for (way, how), work in ways.items():
            figure("posts/s of CPU", name, timed(work, len(some)), data=data, way=way, how=how, posts=len(some))


def fresh(name: str) -> None:
    """Print what this very process, which did nothing else, needs for a scorer: CPU, memory, and the files it read."""
    before, held = time.process_time(), _held()
    OPENED.clear()
    scorer = make_scorer(name)
    scorer.judge((Words("I love it, but the second one was broken", "en"),))
    ready = time.process_time()
    read = {path for path in OPENED if _is_data(path)}
    print(
        json.dumps(
            {
                "load": ready - before,
                "start": ready - BEGUN,
                "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
                "added": _held() - held,
                "files": sum(Path(path).stat().st_size for path in read) / 1e6,
                "names": sorted(Path(path).name for path in read),
            }
        )
    )


def _held() -> float:
    """Return how much memory this process holds now, in MB (Linux)."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * resource.getpagesize() / 1e6


def _is_data(path: str) -> bool:
    return not path.startswith(("/proc", "/dev", "/sys", "/etc")) and "-info/" not in path and Path(path).is_file()


def costs(scorers: Sequence[str]) -> None:
    """Print what each scorer needs in a process of its own."""
    for name in scorers:
        asked = [sys.executable, __file__, FRESH, name]
        told = subprocess.run(asked, env=os.environ, capture_output=True, text=True, check=True)  # noqa: S603 - ourselves
        found = json.loads(told.stdout)
        figure("size of the data it reads", name, found["files"], unit="MB", files=found["names"])
        figure("time to load", name, found["load"] * 1_000, unit="ms of CPU", with_imports=round(found["start"] * 1_000))
        figure("peak memory", name, found["memory"], unit="MB", of_the_scorer=round(found["added"], 1))


def there(names: Sequence[str]) -> Iterator[str]:
    """Yield the scorers that can be made; say which cannot, and why."""
    for name in names:
        try:
            make_scorer(name).judge((Words("fine", "en"),))
        except (EarnestError, ImportError) as problem:
            left_out(f"the scorer cannot be made: {problem}", scorer=name)
        else:
            yield name


def main() -> int:
    """Print the figures; return the exit code."""
    if FRESH in sys.argv:
        fresh(sys.argv[-1])
        return 0
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0], epilog=(__doc__ or "").split("\n\n")[2])
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("folder", nargs="?", type=Path, metavar="FOLDER")
    parser.add_argument("--scorer", action="append", metavar="NAME", help="only this one; several: each; else " + ", ".join(SCORERS))
    asked = parser.parse_args()
    if asked.folder and not asked.folder.is_dir():
        parser.error(f"{asked.folder} is no folder; it must hold the labelled posts named in: python bench/judgement.py -h")
    scorers = tuple(there(asked.scorer or SCORERS))
    urgency(scorers)
    timing: tuple[str, list[Labelled]] = ("tests/judgement/posts.yaml", collection(ROOT / "tests/judgement/posts.yaml"))
    for name in ("sentiment_en_val", "sentiment_multi_val", "airline_dev", "complaints_dev"):
        path = asked.folder / f"{name}.jsonl.gz" if asked.folder else None
        if path is None or not path.is_file():
            left_out(f"it needs FOLDER/{name}.jsonl.gz", data=name)
            continue
        posts = collection(path)
        if name == "complaints_dev":
            complaints(posts, name, scorers)
        else:
            mood(posts, name, scorers, by_language=name == "sentiment_multi_val")
        timing = (name, posts) if name == "sentiment_en_val" else timing
    speed(timing[1], timing[0], scorers)
    costs(scorers)
    return 0


if __name__ == "__main__":
    sys.exit(main())
