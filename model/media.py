"""Pictures and videos that a conversation shows again and again: fetched, planned and decoded once."""

import hashlib
import json

from torch import Tensor

from ..vision import Image, MediaPolicy, Patches, Plan, Video, VisionSettings, media_from_block
from ..vision.cache import ByteBudget
from ..vision.source import Source

_PATCH_BYTES = 1 << 30
_FRAME_BYTES = 256 << 20
_FETCHED_BYTES = 256 << 20
_PLANS = 4096


class MediaCache:
    """Plans and patches by what was asked for: a file's path, size and time of change, or the bytes themselves."""

    def __init__(self, settings: VisionSettings, policy: MediaPolicy) -> None:
        self._settings = settings
        self._policy = policy
        self._frames: ByteBudget[Tensor] = ByteBudget(_FRAME_BYTES)
        self._fetched: ByteBudget[Source] = ByteBudget(_FETCHED_BYTES)
        self._plans: ByteBudget[Plan] = ByteBudget(_PLANS)  # each counts as 1
        self._patches: ByteBudget[Patches] = ByteBudget(_PATCH_BYTES)

    def found(self, block: object) -> Image | Video | None:
        """The picture or video of a content block, if it holds one."""
        return media_from_block(block, self._policy, self._fetched)

    def plan(self, media: Image | Video) -> Plan:
        """What a picture or video takes under this checkpoint's settings."""
        key = _identity(media)
        known = self._plans.get(key)
        if known is None:
            known = media.plan(self._settings)
            self._plans.put(key, known, 1)
        return known

    def patches(self, media: Image | Video) -> Patches:
        """The patches of a picture or video under this checkpoint's settings."""
        key = _identity(media)
        known = self._patches.get(key)
        if known is None:
            if isinstance(media, Video):
                known = media.patches(self._settings, frames=self._frames)
            else:
                known = media.patches(self._settings)
            self._patches.put(key, known, known.pixels.nbytes)
        return known


def _identity(media: Image | Video) -> str:
    return media.identity or hashlib.sha256(json.dumps(media.to_block(), sort_keys=True).encode()).hexdigest()
