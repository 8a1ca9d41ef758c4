"""Makes of a trained accurate scorer what ships: the network in whole numbers, its vocabulary, and the card with checksums.

python training/accurate_export.py --data DATA --base MODEL --out RUN [--into FOLDER]
"""

from __future__ import annotations

import argparse
import hashlib
import logging
from pathlib import Path

import numpy as np
import torch
from accurate import Net
from accurate_data import split, truth_of
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.transformers.fusion_options import FusionOptions
from onnxruntime.transformers.optimizer import optimize_model

from listener.scoring.sentiment import _net

HEADS, WIDTH = 12, 384
INPUTS = ["input_ids", "attention_mask"]


class Moods(torch.nn.Module):
    """The part of the net that ships: the moods alone."""

    def __init__(self, net: Net) -> None:
        """Take the trained net."""
        super().__init__()
        self.net = net

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Return the logits of the moods."""
        return self.net(ids, mask)


def export(base: str, out: Path, into: Path) -> None:
    """Write the network in whole numbers."""
    net = Net(base)
    net.load_state_dict(torch.load(out / "net.pt"))
    net.eval()
    net.body.set_attn_implementation("eager")
    ids, mask = torch.randint(1000, 2000, (3, 17)), torch.ones(3, 17, dtype=torch.long)
    free = {name: {0: "posts", 1: "pieces"} for name in INPUTS} | {"logits": {0: "posts"}}
    torch.onnx.export(
        Moods(net),
        (ids, mask),
        str(out / "net.onnx"),
        dynamo=False,
        opset_version=17,
        input_names=INPUTS,
        output_names=["logits"],
        dynamic_axes=free,
    )
    fused = optimize_model(
        str(out / "net.onnx"),
        model_type="bert",
        num_heads=HEADS,
        hidden_size=WIDTH,
        opt_level=0,
        optimization_options=FusionOptions("bert"),
    )
    fused.save_model_to_file(str(out / "fused.onnx"))
    # Weights of seven bits in eight: sums of two products stay within sixteen bits, where processors without VNNI would cut them off.
    quantize_dynamic(
        out / "fused.onnx",
        into / "net.onnx",
        per_channel=True,
        reduce_range=True,
        weight_type=QuantType.QInt8,
        extra_options={"DefaultTensorType": 1},
    )
    (into / "vocabulary.txt").write_bytes((Path(base) / "vocab.txt").read_bytes())


def settle(answers: np.ndarray, truth: np.ndarray, common: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the scale and the shift that make calibrated odds of the answers: vector scaling, by LBFGS."""
    given, moods = torch.tensor(answers, dtype=torch.float64), torch.tensor(truth)
    scale = torch.ones(3, dtype=torch.float64, requires_grad=True)
    shift = torch.tensor(np.log(common), dtype=torch.float64, requires_grad=True)
    best = torch.optim.LBFGS([scale, shift], max_iter=200, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        best.zero_grad()
        lost = torch.nn.functional.cross_entropy(scale * given + shift, moods)
        lost.backward()
        return lost

    best.step(loss)
    return scale.detach().numpy(), shift.detach().numpy()


def card(into: Path, scale: np.ndarray, shift: np.ndarray, common: np.ndarray) -> None:
    """Write the card that the scorer reads."""
    listed = {
        name: ", ".join(f"{value:.6f}" for value in values) for name, values in {"scale": scale, "shift": shift, "common": common}.items()
    }
    sums = [f'"{name}" = "{hashlib.sha256((into / name).read_bytes()).hexdigest()}"' for name in ("net.onnx", "vocabulary.txt")]
    (into / "accurate.toml").write_text(
        "# Made by training/accurate_export.py together with the files beside it. Moods: negative, neutral, positive.\n"
        f"common = [{listed['common']}]\n\n[settle]\nscale = [{listed['scale']}]\nshift = [{listed['shift']}]\n\n[sha256]\n"
        + "\n".join(sums)
        + "\n",
        encoding="utf-8",
    )


def main() -> None:
    """Read the command line."""
    wanted = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    wanted.add_argument("--data", type=Path, required=True, help="the folder of the training data")
    wanted.add_argument("--base", required=True, help="the folder of MiniLM's weights")
    wanted.add_argument("--out", type=Path, required=True, help="where training left net.pt")
    wanted.add_argument("--into", type=Path, default=_net.FOLDER, help="where the shipped files go")
    given = wanted.parse_args()
    torch.set_num_threads(1)
    logging.getLogger().setLevel(logging.ERROR)
    given.into.mkdir(parents=True, exist_ok=True)
    export(given.base, given.out, given.into)
    rows, held = split(given.data)
    common = np.bincount(truth_of(rows)) / len(rows)
    card(given.into, np.ones(3), np.zeros(3), common)
    net = _net.Net(given.into)
    answers, truth = np.array([net.answer(row["text"]) for row in held]), truth_of(held)
    scale, shift = settle(answers, truth, common)
    card(given.into, scale, shift, common)
    print(f"calibrated on {len(held)} posts: scale {scale.round(3)}, shift {shift.round(3)}")


if __name__ == "__main__":
    main()
