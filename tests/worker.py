"""A sender in a process of its own: one round of the real outbox, and it stops itself between its claim and its POST.

python -m tests.worker FOLDER MOMENT    the store's folder, and what this process takes for the time
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from dataclasses import dataclass, field
from pathlib import Path

from listener.clock import from_text
from responders.channels.base import MayLeave, SendResult, Sent, always
from responders.model import Delivery
from tests.mouth import NETWORK, House, Mouth


@dataclass
class SharedMouth(Mouth):
    """A network that several processes speak to: what it has is in a file. It publishes once for one key."""

    file: Path = field(default_factory=lambda: Path("published"))
    name: str = ""

    def there(self) -> list[dict[str, str]]:
        return [json.loads(line) for line in self.file.read_text().splitlines()] if self.file.exists() else []

    async def send(self, delivery: Delivery, timeout: float, may_leave: MayLeave = always) -> SendResult:
        result = await super().send(delivery, timeout, may_leave)
        if isinstance(result, Sent):
            with self.file.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"by": self.name, "key": delivery.key}) + "\n")
        return result

    async def find(self, delivery: Delivery) -> Sent | None:
        known = any(one["key"] == delivery.key for one in self.there())
        return self.sent(delivery) if known else None


def house(folder: Path, name: str) -> tuple[House, SharedMouth]:
    made = House(folder)
    mouth = SharedMouth(file=folder / "published", name=name)
    made.channels[NETWORK] = made.mouth = mouth
    return made, mouth


def main(folder: str, moment: str) -> None:
    made, mouth = house(Path(folder), "first")
    made.clock.moment = from_text(moment)
    mouth.before_post = lambda: os.kill(os.getpid(), signal.SIGSTOP)
    asyncio.run(made.outbox().round())
    made.store.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
