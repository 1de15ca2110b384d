"""How a benchmark hands over its figures."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NoReturn


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
    as_json = parser(measure).parse_args().json
    hand_over(*measure(), as_json)


def parser(measure: Callable[..., object]) -> argparse.ArgumentParser:
    """Of the options that all programs have."""
    options = argparse.ArgumentParser(
        description=sys.modules[measure.__module__].__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--json", action="store_true", help="print one JSON object")
    return options


def hand_over(figures: Mapping[str, float], claims: list[Claim], as_json: bool) -> NoReturn:
    """Print, as text or as one JSON object; exit with 1 if a claim isn't kept."""
    if as_json:
        bounds = [{"text": claim.text, "value": claim.value, "kept": claim.kept} for claim in claims]
        print(json.dumps({"figures": dict(figures), "claims": bounds}))
    else:
        for name, value in figures.items():
            print(f"     {name}: {value:.3f}")
        print(*claims, sep="\n")
    sys.exit(not all(claim.kept for claim in claims))
