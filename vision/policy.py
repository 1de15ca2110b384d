"""`MediaPolicy`: what one picture or video may cost, and where it may come from."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, fields
from urllib.parse import urlsplit

from ..errors import BadInputError, MediaError


@dataclass(frozen=True)
class MediaPolicy:
    """Limits that hold before anything is decoded, and the hosts that may be asked for a URL.

    max_pixels: px of one picture or frame, as its header claims; cameras stop near 110 million.
    max_bytes: bytes of a file, or of bytes in memory.
    max_duration: seconds of a video or an animated picture.
    max_decode_time: seconds of wall time for one pass over the frames.
    hosts: from where URLs may be fetched: "example.org", "*.example.org" (its subdomains), "*" (any); with a port other
    than the scheme's own, "example.org:8443". None: no URL is.
    schemes: "https", and "http" where that is wanted.
    private_addresses: whether a host may be at a loopback, private or link-local address.
    max_download: bytes of one download; max_download_time: its seconds of wall time.

    Raises:
        BadInputError: a limit is not more than 0, a host is no name, or a scheme is neither "https" nor "http".
    """

    max_pixels: int = 120_000_000
    max_bytes: int = 64 << 30
    max_duration: float = 24 * 3600.0
    max_decode_time: float = 600.0
    hosts: tuple[str, ...] = ()
    schemes: tuple[str, ...] = ("https",)
    private_addresses: bool = False
    max_download: int = 256 << 20
    max_download_time: float = 60.0

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name.startswith("max_") and not _is_limit(value):
                raise BadInputError(f"{field.name}={value!r}: expected a number more than 0 (math.inf: no limit).")
        for key in ("hosts", "schemes"):
            if isinstance(getattr(self, key), str):
                raise BadInputError(f"{key}={getattr(self, key)!r}: expected a tuple; write {key}=(...,).")
            object.__setattr__(self, key, tuple(getattr(self, key)))
        for host in self.hosts:
            if not _is_host(host):
                raise BadInputError(f'hosts: {host!r} is no host; expected "example.org", "*.example.org" or "*".')
        for scheme in self.schemes:
            if scheme not in ("https", "http"):
                raise BadInputError(f'schemes: {scheme!r} can\'t be fetched; expected "https" or "http".')

    def check_bytes(self, length: int, label: str) -> None:
        """Raises MediaError if a file or bytes in memory are longer than allowed."""
        if length > self.max_bytes:
            raise MediaError(
                f"{label}: {length} bytes are over the limit of {self.max_bytes}; cut out the part that matters, "
                "or pass policy=MediaPolicy(max_bytes=...)."
            )

    def check_duration(self, seconds: float, label: str) -> None:
        """Raises MediaError if a video lasts longer than allowed."""
        if seconds > self.max_duration:
            raise MediaError(
                f"{label}: {seconds:.0f} s are over the limit of {self.max_duration:g} s; cut out the part that "
                "matters, or pass policy=MediaPolicy(max_duration=...)."
            )


def _is_limit(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and not math.isnan(value) and value > 0


def _is_host(host: object) -> bool:
    if not isinstance(host, str):
        return False
    try:
        parts = urlsplit(f"//{host}")
        name, _ = parts.hostname or "", parts.port
    except ValueError:  # the port is no number
        return False
    return parts.netloc == host and "@" not in host and re.fullmatch(r"\*|(\*\.)?[^*\\\s]+", name) is not None
