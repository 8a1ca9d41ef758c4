"""Trains, exports and measures the accurate scorer: MiniLM with a head of three moods. See training/README.md.

python training/accurate.py train   --data DATA --base MODEL --out RUN
python training/accurate.py export  --data DATA --base MODEL --out RUN
python training/accurate.py measure --data DATA
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from accurate_data import SEED, read, recall, split, truth_of
from tokenizers import Tokenizer
from torch import nn
from transformers import BertModel

from listener.scoring.sentiment._tweets import tidy

LONGEST = 64  # tokens of a post
BATCH = 32
EPOCHS = 1.8
RATE, HEAD_RATE, DECAY_BY_LAYER = 8e-5, 1e-3, 0.87
WARM_UP, WEIGHT_DECAY, SMOOTHING = 0.06, 0.01, 0.05
ASIDE = {"offensive": 0.3, "irony": 0.3}  # auxiliary tasks and the weight of their losses
SAY_EACH, SAVE_EACH = 50, 150  # steps
MOOD = "mood"


class Net(nn.Module):
    """MiniLM, the mean of its last layer, and a linear head for each task."""

    def __init__(self, base: str) -> None:
        """Load the base weights from that folder."""
        super().__init__()
        self.body = BertModel.from_pretrained(base, add_pooling_layer=False, attn_implementation="sdpa")
        width = self.body.config.hidden_size
        self.drop = nn.Dropout(0.1)
        self.heads = nn.ModuleDict({MOOD: nn.Linear(width, 3), **{name: nn.Linear(width, 2) for name in ASIDE}})

    def forward(self, ids: torch.Tensor, mask: torch.Tensor, task: str = MOOD) -> torch.Tensor:
        """Return the logits of that task."""
        hidden = self.body(input_ids=ids, attention_mask=mask).last_hidden_state
        weight = mask.unsqueeze(-1).to(hidden.dtype)
        return self.heads[task](self.drop((hidden * weight).sum(1) / weight.sum(1)))


def tokenizer(base: str) -> Tokenizer:
    """Return the tokenizer of the base model, cut at the longest post and without padding."""
    made = Tokenizer.from_file(str(Path(base) / "tokenizer.json"))
    made.no_padding()
    made.enable_truncation(LONGEST)
    return made


def encode(made: Tokenizer, rows: list[dict[str, Any]]) -> list[list[int]]:
    """Return the token ids of each post."""
    return [found.ids for found in made.encode_batch([tidy(row["text"]) for row in rows])]


def padded(ids: list[list[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Return a batch of equal length and its mask."""
    width = max(map(len, ids))
    filled = torch.zeros(len(ids), width, dtype=torch.long)
    mask = torch.zeros(len(ids), width, dtype=torch.long)
    for at, one in enumerate(ids):
        filled[at, : len(one)] = torch.tensor(one)
        mask[at, : len(one)] = 1
    return filled, mask


def batches(ids: list[list[int]], chance: random.Random) -> list[list[int]]:
    """Return the places of the posts in shuffled batches of about equal length."""
    order = list(range(len(ids)))
    chance.shuffle(order)
    pool = BATCH * 50
    made = []
    for start in range(0, len(order), pool):
        near = sorted(order[start : start + pool], key=lambda at: len(ids[at]))
        made += [near[at : at + BATCH] for at in range(0, len(near), BATCH)]
    chance.shuffle(made)
    return made


def groups(net: Net) -> list[dict[str, Any]]:
    """Return the parameters in groups: the lower the layer, the slower it learns."""
    layers = net.body.config.num_hidden_layers
    made = []
    for name, values in net.named_parameters():
        if name.startswith("heads"):
            rate = HEAD_RATE
        elif ".layer." in name:
            rate = RATE * DECAY_BY_LAYER ** (layers - 1 - int(name.split(".layer.")[1].split(".")[0]))
        else:
            rate = RATE * DECAY_BY_LAYER**layers
        plain = values.ndim == 1
        made.append({"params": [values], "lr": rate, "first": rate, "weight_decay": 0.0 if plain else WEIGHT_DECAY})
    return made


@torch.no_grad()
def logits(net: Net, ids: list[list[int]]) -> np.ndarray:
    """Return the logits of the moods for every post."""
    net.eval()
    found = np.zeros((len(ids), 3), dtype=np.float32)
    order = sorted(range(len(ids)), key=lambda at: len(ids[at]))
    for start in range(0, len(order), 64):
        places = order[start : start + 64]
        found[places] = net(*padded([ids[at] for at in places])).numpy()
    net.train()
    return found


class Step(NamedTuple):
    """A batch of one task."""

    task: str
    ids: list[list[int]]
    labels: list[int]


def plan(data: Path, made: Tokenizer, chance: random.Random) -> tuple[list[Step], np.ndarray]:
    """Return every step of the training, and the share of each mood."""
    rows, _ = split(data)
    truth = truth_of(rows)
    sets = {MOOD: (encode(made, rows), truth.tolist())}
    for name in ASIDE:
        aside = read(data / f"{name}_train.jsonl.gz")
        sets[name] = (encode(made, aside), [int(row["label"]) for row in aside])
    steps: list[Step] = []
    left = EPOCHS
    while left > 0:
        epoch = []
        for name, (ids, labels) in sets.items():
            if name == MOOD or left == EPOCHS:  # the auxiliary tasks are read once
                epoch += [Step(name, [ids[at] for at in places], [labels[at] for at in places]) for places in batches(ids, chance)]
        chance.shuffle(epoch)
        steps += epoch[: round(len(epoch) * min(1.0, left))]
        left -= 1
    return steps, np.bincount(truth) / len(truth)


@dataclass
class Run:
    """A training that can be stopped and taken up again."""

    net: Net
    best: torch.optim.AdamW
    out: Path
    at: int = 0

    def take_up(self) -> None:
        """Go on from what was saved, if anything was."""
        if (self.out / "state.pt").exists():
            saved = torch.load(self.out / "state.pt")
            self.net.load_state_dict(saved["net"])
            self.best.load_state_dict(saved["best"])
            self.at = saved["at"]

    def save(self) -> None:
        """Save whole, or not at all."""
        kept = {"net": self.net.state_dict(), "best": self.best.state_dict(), "at": self.at}
        torch.save(kept, self.out / "state.new")
        (self.out / "state.new").rename(self.out / "state.pt")

    def step(self, answer_of: Callable[[], torch.Tensor], part: float) -> float:
        """Learn from one batch; `part` is how much of the training lies behind. Return the loss."""
        pace = min(part / WARM_UP, (1 - part) / (1 - WARM_UP))
        for group in self.best.param_groups:
            group["lr"] = group["first"] * pace
        loss = answer_of()
        self.best.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
        self.best.step()
        self.at += 1
        return loss.item()


def loss_of(net: Net, step: Step, prior: torch.Tensor) -> torch.Tensor:
    """Return the loss of a batch. That of the moods knows how common each is, so that the logits come out as if all were equally common."""
    with torch.autocast("cpu", torch.bfloat16):
        answer = net(*padded(step.ids), step.task)
    labels = torch.tensor(step.labels)
    if step.task == MOOD:
        return nn.functional.cross_entropy(answer.float() + prior, labels, label_smoothing=SMOOTHING)
    return ASIDE[step.task] * nn.functional.cross_entropy(answer.float(), labels)


def train(data: Path, base: str, out: Path) -> None:
    """Train; say how far it is, and how well it does on the development set."""
    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    out.mkdir(parents=True, exist_ok=True)
    made = tokenizer(base)
    steps, shares = plan(data, made, random.Random(SEED))  # noqa: S311 - no secret hangs on it
    val = read(data / "sentiment_en_val.jsonl.gz")
    val_ids, val_truth = encode(made, val), truth_of(val)
    prior = torch.log(torch.tensor(shares, dtype=torch.float32))
    net = Net(base)
    run = Run(net, torch.optim.AdamW(groups(net), betas=(0.9, 0.98), eps=1e-6, foreach=True), out)
    run.take_up()
    net.train()
    began = time.process_time()
    while run.at < len(steps):
        step = steps[run.at]
        lost = run.step(lambda step=step: loss_of(net, step, prior), run.at / len(steps))
        if run.at % SAY_EACH == 0:
            print(f"{run.at}/{len(steps)} loss {lost:.4f} {time.process_time() - began:.0f} s", flush=True)
        if run.at % SAVE_EACH == 0:
            run.save()
    torch.save(net.state_dict(), out / "net.pt")
    print(f"macro recall on the development set: {recall(logits(net, val_ids).argmax(1), val_truth):.4f}", flush=True)


def main() -> None:
    """Read the command line."""
    wanted = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    wanted.add_argument("--data", type=Path, required=True, help="the folder of the training data")
    wanted.add_argument("--base", required=True, help="the folder of MiniLM's weights")
    wanted.add_argument("--out", type=Path, required=True, help="where it saves")
    given = wanted.parse_args()
    train(given.data, given.base, given.out)


if __name__ == "__main__":
    main()
