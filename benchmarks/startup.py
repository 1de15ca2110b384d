"""What starting costs: importing quintet, and the first answer about a picture from the shell.

Each figure is the median of several fresh processes. The comparison for the first answer is a process that imports
torch and transformers and does nothing else, measured in turn with it.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.report import Claim, main
from examples.samples import make_samples

RUNS = 5
IMPORT = "import sys, quintet; sys.exit('torch' in sys.modules)"
PEERS = "import torch, transformers"


def seconds(*command: str | Path) -> tuple[float, float]:
    """Wall and CPU seconds of a process."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([sys.executable, *command], check=True, stdout=subprocess.DEVNULL, env=os.environ)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure() -> tuple[dict[str, float], list[Claim]]:
    """Medians, and what the project promises of them."""
    with TemporaryDirectory() as folder:
        picture = make_samples(folder).shapes
        ask = ("-m", "quintet.app.cli", "ask", "What colour is the circle?", picture, "--json")
        commands = {"nothing": ("-c", ""), "import": ("-c", IMPORT), "peers": ("-c", PEERS), "ask": ask}
        for command in commands.values():  # fills the disk cache
            seconds(*command)
        rounds = [{name: seconds(*command) for name, command in commands.items()} for _ in range(RUNS)]
    wall, cpu = ({name: median(made[name][i] for made in rounds) for name in commands} for i in (0, 1))
    figures = {
        "import quintet, CPU s": cpu["import"],
        "of which Python itself, CPU s": cpu["nothing"],
        "import torch and transformers, wall s": wall["peers"],
        "import torch and transformers, CPU s": cpu["peers"],
        "quintet ask about a picture, wall s": wall["ask"],
        "quintet ask about a picture, CPU s": cpu["ask"],
    }
    return figures, [
        Claim("import quintet without torch, CPU s", cpu["import"], most=0.3),
        Claim("first answer over importing torch and transformers, wall", wall["ask"] / wall["peers"], most=2.5),
    ]


if __name__ == "__main__":
    main(measure)
