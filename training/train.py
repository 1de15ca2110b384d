"""The trainer: `python -m training.train --size full --minutes 9` on a GPU, `--size small` on a CPU; again, it goes on.

A run lives in runs/NAME: `state.pt` (weights, optimizers, step, seconds trained) and `log.jsonl`. The learning rate
follows the share of `--total` minutes that is trained: up over the first steps, constant, then down to zero.
"""

import argparse
import json
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

import torch
from torch import Tensor

from .chatformat import ChatFormat
from .data import MIXTURE, Curriculum, Stream, loader
from .export import export
from .network import AttentionLayer, DeltaLayer, Nano, VisionBlock
from .optim import Optimizer
from .pack import Batch, Packer, Shape
from .sizes import SIZES
from .skills import SKILLS
from .start import start_from

RUNS = Path(__file__).parent.parent / "runs"
SHAPES = {"full": Shape(rows=32, length=2048, vision_rows=144), "small": Shape(rows=8, length=512, vision_rows=16)}
RATES = {"full": (0.02, 3e-3), "small": (0.02, 4e-3)}  # Muon, AdamW
WARM_UP = 100  # steps
COOL_DOWN = 0.5  # share of the whole training


class Trainer:
    """One run: a model, its optimizers, and where they stand."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.args = args
        self.device = torch.device(args.device)
        self.folder = RUNS / args.name
        self.folder.mkdir(parents=True, exist_ok=True)
        torch.manual_seed(args.seed)
        self.size = SIZES[args.size]
        self.model = Nano(self.size).to(self.device)
        muon, adam = RATES[args.size]
        self.optimizer = Optimizer(self.model, muon_rate=muon * args.rate, adam_rate=adam * args.rate)
        self.step, self.trained = 0, 0.0
        if (self.folder / "state.pt").exists() and not args.fresh:
            self._resume()
        elif args.start:
            start_from(self.model, Path(args.start))
        # On a CPU the vision rows are trimmed, so their shape isn't constant.
        kinds = (
            (DeltaLayer, AttentionLayer, VisionBlock) if self.device.type == "cuda" else (DeltaLayer, AttentionLayer)
        )
        for module in self.model.modules():
            if args.compile and isinstance(module, kinds):
                module.compile(dynamic=False)

    def run(self) -> None:
        """Trains for `--minutes`, saving now and then and at the end."""
        args, began = self.args, time.time()
        start, saved = self.trained, time.time()
        tested = start
        tokens = 0
        for batch in self._batches():
            elapsed = time.time() - began
            self.trained = start + elapsed
            if elapsed > args.minutes * 60:
                break
            facts = self._train(batch)
            self.step += 1
            tokens += batch.ids.numel()
            if self.step % args.every == 0:
                rate = tokens / (time.time() - began)
                self._log(
                    {
                        "step": self.step,
                        "minutes": round(self.trained / 60, 2),
                        "tokens_s": round(rate),
                        **{k: round(float(v), 4) for k, v in facts.items()},
                    }
                )
            if self.trained - tested > args.test_every * 60:
                tested = self.trained
                self._log({"step": self.step, "minutes": round(self.trained / 60, 2), "right": self.test()})
            if time.time() - saved > 240:
                saved = time.time()
                self.save()
        self.save()
        self._log(
            {
                "step": self.step,
                "minutes": round(self.trained / 60, 2),
                "right": self.test(),
                "skipped": self.optimizer.skipped,
            }
        )

    def scale(self) -> float:
        """The learning rate's share of its full value."""
        done = self.trained / 60 / self.args.total
        return min(1.0, (self.step + 1) / WARM_UP) * max(0.01, min(1.0, (1 - done) / COOL_DOWN))

    def test(self) -> dict[str, float]:
        """Held-out samples of each skill, teacher-forced: the share in which every answer token is the likeliest."""
        chat = ChatFormat()
        shape = SHAPES["full"] if self.device.type == "cuda" else SHAPES["small"]
        n = 192 if self.device.type == "cuda" else 16
        right: dict[str, list[bool]] = {}
        rng = Random(12345)
        samples = [
            chat.encode(skill(rng, held=True, level=self.args.level)) for skill in SKILLS.values() for _ in range(n)
        ]
        rng.shuffle(samples)
        for batch in Packer(shape, self.size.vision_side).batches(samples):
            with self._autocast():  # gradients stay on: the compiled graphs are those of training
                wrong = self.model.loss(
                    batch.trimmed().to(self.device) if self.device.type == "cpu" else batch.to(self.device)
                )[1]["wrong"].cpu()
            for row, names in enumerate(batch.skills):
                for index, skill in enumerate(names[1:], 1):
                    inside = batch.segments[row, 1:] == index
                    right.setdefault(skill, []).append(not bool(wrong[row][inside].any()))
        return {skill: round(sum(found) / len(found), 3) for skill, found in sorted(right.items())}

    def save(self) -> None:
        """Writes the state beside the old one, then in its place."""
        state = {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state(),
            "step": self.step,
            "trained": self.trained,
            "size": self.args.size,
        }
        torch.save(state, self.folder / "state.new")
        os.replace(self.folder / "state.new", self.folder / "state.pt")
        if self.args.export:
            export(self.model, self.args.size, Path(self.args.export))

    def _resume(self) -> None:
        state = torch.load(self.folder / "state.pt", map_location=self.device)
        self.model.load_state_dict(state["model"])
        self.optimizer.load(state["optimizer"])
        self.step, self.trained = state["step"], state["trained"]
        print(f"resumed at step {self.step}, {self.trained / 60:.1f} minutes", flush=True)

    def _batches(self) -> Iterator[Batch]:
        args = self.args
        mixture = dict(MIXTURE) | {name: float(weight) for name, weight in (part.split("=") for part in args.mixture)}
        shape = SHAPES[args.size]
        if args.rows:
            shape = Shape(args.rows, shape.length, max(1, shape.vision_rows * args.rows // shape.rows))
        stream = Stream(
            shape, self.size.vision_side, args.seed * 1_000_003 + self.step, Curriculum(args.level, mixture)
        )
        cuda = self.device.type == "cuda"
        source = loader(stream, args.workers, pin=cuda)
        if not cuda:
            yield from (batch.trimmed() for batch in source)
            return
        upcoming = next(source).pinned().to(self.device)
        while True:  # the next batch travels while this one is computed
            current = upcoming
            upcoming = next(source).pinned().to(self.device)
            yield current

    def _autocast(self) -> torch.autocast:
        return torch.autocast(self.device.type, torch.bfloat16)

    def _train(self, batch: Batch) -> dict[str, Tensor | float]:
        with self._autocast():
            loss, facts = self.model.loss(batch)
        loss.backward()
        norm = self.optimizer.step(self.scale())
        return {
            "loss": loss.detach(),
            "answers": facts["answers"],
            "balance": facts["balance"],
            "norm": norm,
            "scale": self.scale(),
        }

    def _log(self, entry: dict[str, object]) -> None:
        line = json.dumps(entry)
        print(line, flush=True)
        with (self.folder / "log.jsonl").open("a") as log:
            log.write(line + "\n")


def options(words: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", choices=list(SIZES), default="small")
    parser.add_argument("--name", default=None, help="the run's folder in runs/ (the size)")
    parser.add_argument("--minutes", type=float, default=9, help="how long to train now")
    parser.add_argument(
        "--total", type=float, default=100, help="how long the whole training is planned to be, over all stretches"
    )
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--workers", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rows", type=int, default=None, help="rows of a batch, instead of the size's")
    parser.add_argument("--level", type=float, default=1.0, help="difficulty, 0 to 1")
    parser.add_argument("--rate", type=float, default=1.0, help="factor on the learning rates")
    parser.add_argument("--mixture", nargs="*", default=[], help="SKILL=WEIGHT, instead of the usual weight")
    parser.add_argument("--every", type=int, default=20, help="steps between lines of the log")
    parser.add_argument("--test-every", type=float, default=3, help="minutes between tests")
    parser.add_argument("--fresh", action="store_true", help="start anew even if the run exists")
    parser.add_argument("--start", default=None, help="a new run begins with the weights of this checkpoint folder")
    parser.add_argument("--compile", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--export", default=None, help="also write the checkpoint here whenever the state is saved")
    args = parser.parse_args(words)
    args.name = args.name or args.size
    return args


def main() -> None:
    """Reads the command line and trains."""
    Trainer(options()).run()


if __name__ == "__main__":
    main()
