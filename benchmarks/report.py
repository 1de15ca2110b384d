"""How a benchmark hands over its figures."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Claim:
    """A figure with the bound it must keep: at most, or at least."""

    text: str
    value: float
    most: float | None = None
    least: float | None = None

    @property
    def kept(self) -> bool:
        return (self.most is None or self.value <= self.most) and (self.least is None or self.value >= self.least)

    def __str__(self) -> str:
        bound = f"at most {self.most:g}" if self.most is not None else f"at least {self.least:g}"
        return f"{'ok  ' if self.kept else 'MISS'} {self.text}: {self.value:.3g} ({bound})"


def main(measure: Callable[[], tuple[Mapping[str, float], list[Claim]]]) -> None:
    """Measure and print, as text or with --json as one object; exit with 1 if a claim isn't kept."""
    parser = argparse.ArgumentParser(description=sys.modules[measure.__module__].__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    as_json = parser.parse_args().json
    figures, claims = measure()
    if as_json:
        bounds = [{"text": claim.text, "value": claim.value, "kept": claim.kept} for claim in claims]
        print(json.dumps({"figures": dict(figures), "claims": bounds}))
    else:
        for name, value in figures.items():
            print(f"     {name}: {value:.3f}")
        print(*claims, sep="\n")
    sys.exit(not all(claim.kept for claim in claims))
