"""Show that an answer is on the network at most once, wherever the process dies and whatever the network does.

Usage: python -m tests.crash [--only PART] [--nightly] [--restarts N] [--seed N] [--replay PATH]

One JSON line a part, a last one for all; it fails where anything is doubled, unfinished, wrong or damaged, or where a protocol that is
known to be broken looks sound. docs/architecture.md, "How it is proved", tells more.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
import time
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial

from listener import logs
from tests.crash import broken, model, processes
from tests.crash.choices import Budget, read, written
from tests.crash.explore import Lives, Setting, explore, replay
from tests.crash.places import PLACES

_WORKERS = 2
_USUAL = {"public": Budget(3, 3, 1, 2, 1), "private and public": Budget(2, 2, 1, 2, 1)}
_NIGHTLY = {"public": Budget(4, 3, 1, 3, 1), "private and public": Budget(3, 3, 1, 3, 1)}
_FOR_BROKEN = Budget(2, 1, 1, 1, 0)
_RESTARTS = 1_000
_SHOWN = 5

Line = dict[str, object]


@dataclass(frozen=True)
class Part:
    """One line of the output, and how it is found."""

    name: str
    work: Callable[[], Line]


def _modelled(network: str, answers: str, budget: Budget) -> Line:
    begun, lives = time.monotonic(), Lives(model.setting(network, answers))
    report = explore(lives, budget)
    lives.close()
    path = f"model/{network}/{answers}/{_numbers(budget)}"
    line: Line = {"part": "model", "network": network, "answers": answers, "scenarios": report.scenarios, "rounds": report.rounds}
    line |= {"doubled": report.doubled, "unfinished": report.unfinished, "wrong": report.wrong, "seconds": _since(begun)}
    return _with_found(line, [(why, f"{path}/{written(taken)}") for why, taken in report.bad])


def _ended_everywhere(network: str) -> Line:
    begun = time.monotonic()
    return _of_processes("process", network, processes.every_step(network), begun)


def _killed_at_random(network: str, restarts: int, seed: int) -> Line:
    begun = time.monotonic()
    return _of_processes("kills", network, processes.at_random(network, restarts, seed), begun) | {"seed": seed}


def _of_processes(part: str, network: str, found: processes.Found, begun: float) -> Line:
    line: Line = {"part": part, "channel": network, "scenarios": found.scenarios, "doubled": found.doubled}
    line |= {"unfinished": found.unfinished, "wrong": found.wrong}
    line |= {"integrity": "; ".join(found.faults[:_SHOWN]) or "ok", "seconds": _since(begun)}
    return _with_found(line, found.bad)


def _broken(name: str) -> Line:
    begun, lives = time.monotonic(), Lives(broken.settings()[name])
    report = explore(lives, _FOR_BROKEN)
    lives.close()
    return {"part": f"broken: {name}", "scenarios": report.scenarios, "doubled": report.doubled, "seconds": _since(begun)}


def _with_found(line: Line, bad: list[tuple[str, str]]) -> Line:
    return line | ({"found": [{"what": what, "replay": path} for what, path in bad[:_SHOWN]]} if bad else {})


def _numbers(budget: Budget) -> str:
    return f"{budget.total},{budget.lies},{budget.blinks},{budget.crashes},{budget.stalls}"


def _since(begun: float) -> float:
    return round(time.monotonic() - begun, 1)


def is_well(line: Line) -> bool:
    """Return whether a line says what it must: nothing wrong, or of a broken protocol that it was caught."""
    if str(line["part"]).startswith("broken"):
        return bool(line["doubled"])
    return not (line["doubled"] or line["unfinished"] or line["wrong"]) and line.get("integrity", "ok") == "ok"


def parts(*, only: str, nightly: bool, restarts: int, seed: int) -> list[Part]:
    """Return what is to be run, the longest first."""
    budgets = _NIGHTLY if nightly else _USUAL
    all_of = [Part("process", partial(_ended_everywhere, network)) for network in PLACES]
    for answers, budget in budgets.items():
        all_of += [Part("model", partial(_modelled, network, answers, budget)) for network in model.NETWORKS]
    all_of += [Part("broken", partial(_broken, name)) for name in broken.settings()]
    share = -(-restarts // len(PLACES))
    all_of += [Part("kills", partial(_killed_at_random, network, share, seed)) for network in PLACES if restarts]
    return [part for part in all_of if only in {"", part.name}]


def run(wanted: list[Part]) -> bool:
    """Run parts on two processes and print a line for each; return whether all is well."""
    begun = time.monotonic()
    lines: list[Line] = []
    with ProcessPoolExecutor(_WORKERS, mp_context=multiprocessing.get_context("fork"), initializer=_quiet) as pool:
        futures: list[Future[Line]] = [pool.submit(part.work) for part in wanted]
        for future in futures:
            if sys.stderr.isatty():
                sys.stderr.write(f"\r{sum(one.done() for one in futures)} of {len(futures)} parts, {_since(begun):.0f} s ")
            lines.append(future.result())
            _say(json.dumps(lines[-1]))
    well = all(is_well(line) for line in lines)
    sound = [line for line in lines if not str(line["part"]).startswith("broken")]
    total: Line = {"part": "all", "ok": well}
    total |= {name: sum(int(str(line[name])) for line in sound) for name in ("scenarios", "doubled", "unfinished", "wrong")}
    _say(json.dumps(total | {"seconds": _since(begun)}))
    return well


def again(path: str) -> bool:
    """Run one history again and tell it; return whether it is well.

    Raises:
        ValueError: there is no such path.
    """
    part, *rest = path.split("/")
    if part == "process":
        network, outcome, step = rest
        line = _of_processes(part, network, processes.every_step(network, (outcome, int(step))), time.monotonic())
        _say(json.dumps(line))
        return is_well(line)
    if part != "model":
        message = f"{part} cannot be run again; a model and a process can"
        raise ValueError(message)
    network, answers, numbers, taken = rest
    return _told(model.setting(network, answers), Budget(*map(int, numbers.split(","))), taken)


def _told(setting: Setting, budget: Budget, taken: str) -> bool:
    lives, line = Lives(setting, _say), ""
    for line in replay(lives, budget, read(taken)):
        _say(line)
    lives.close()
    return line == "well"


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _quiet() -> None:
    logs.configure(-2, json=False)


def main() -> int:
    """Read the command line and run."""
    reader = argparse.ArgumentParser(prog="python -m tests.crash", description="Show that an answer is published at most once.")
    reader.add_argument("--only", default="", choices=["model", "process", "broken", "kills"], help="run one part")
    reader.add_argument("--nightly", action="store_true", help=f"more may go wrong in one history, and {_RESTARTS} random restarts")
    reader.add_argument("--restarts", type=int, help="how many processes are killed at random moments")
    reader.add_argument("--seed", type=int, default=int(time.time()), help="what the random moments are made from")
    reader.add_argument("--replay", metavar="PATH", help="run one history again and tell it")
    asked = reader.parse_args()
    _quiet()
    if asked.replay:
        return 0 if again(asked.replay) else 1
    usual = _RESTARTS if asked.nightly or asked.only == "kills" else 0
    restarts = usual if asked.restarts is None else asked.restarts
    return 0 if run(parts(only=asked.only, nightly=asked.nightly, restarts=restarts, seed=asked.seed)) else 1


if __name__ == "__main__":
    sys.exit(main())
