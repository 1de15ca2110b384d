"""Token ids, and where pictures and videos stand among them."""

from dataclasses import dataclass, replace

from ..vision import Patches
from .positions import Block


@dataclass(frozen=True)
class Span:
    """The vision tokens of one temporal patch: where they stand among the ids, and whose they are."""

    block: Block
    patches: Patches
    frame: int  # index of the temporal patch within `patches`


@dataclass(frozen=True)
class Encoded:
    """Token ids and the vision spans among them."""

    ids: list[int]
    spans: list[Span]

    def behind(self, ids: list[int]) -> "Encoded":
        """The same with `ids` before it."""
        moved = [replace(span, block=replace(span.block, start=span.block.start + len(ids))) for span in self.spans]
        return Encoded(ids + self.ids, moved)
