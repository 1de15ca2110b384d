"""Pictures and videos from the network: only from hosts that a policy names, and never from inside the own network."""

from __future__ import annotations

import http.client
import io
import ipaddress
import socket
import ssl
import time
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import quote, urljoin, urlsplit

from ..errors import MediaError
from .policy import MediaPolicy

MAX_REDIRECTS = 5
_REDIRECTS = (301, 302, 303, 307, 308)
_PORTS = {"http": 80, "https": 443}
_PIECE = 1 << 16
_HEADERS = {"User-Agent": "quintet", "Accept": "*/*", "Accept-Encoding": "identity", "Connection": "close"}
# Networks that carry an IPv4 address in an IPv6 one: a way around a check of IPv4's private networks.
_WRAPPED = tuple(
    ipaddress.IPv6Network(net) for net in ("::/96", "64:ff9b::/96", "64:ff9b:1::/48", "2001::/32", "2002::/16")
)
_SAFE = "/%:@!$&'()*+,;=~?"  # what a path and a query may hold; anything else is percent-encoded
Address = tuple[socket.AddressFamily, Any]


def fetch(url: str, policy: MediaPolicy) -> bytes:
    """The bytes at an address that `policy` allows.

    The host's name is resolved once; all its addresses are checked, and the connection goes to one of them. Redirects,
    five at most, are checked in the same way. No proxies, cookies or credentials are used.

    Raises:
        MediaError: the address isn't allowed, can't be reached, answers with anything but 200, or with too much or too
            slowly.
    """
    deadline = time.monotonic() + policy.max_download_time
    target = _Target.of(url, policy)
    for _ in range(MAX_REDIRECTS + 1):
        try:
            answer = _get(target, policy, deadline)
        except TimeoutError as error:
            raise MediaError(
                f"{target}: not there within {policy.max_download_time:g} s; raise MediaPolicy.max_download_time."
            ) from error
        except (OSError, http.client.HTTPException) as error:
            raise MediaError(
                f"{target}: the download failed ({str(error) or type(error).__name__}); try again."
            ) from error
        if isinstance(answer, bytes):
            return answer
        target = _Target.of(answer, policy)
    raise MediaError(f"{target}: more than {MAX_REDIRECTS} redirects; pass the address that they lead to.")


@dataclass(frozen=True)
class _Target:
    """Where a request goes; `str` shows no query, which may hold secrets."""

    scheme: str
    host: str
    port: int
    path: str

    def __str__(self) -> str:
        return f"{self.scheme}://{_netloc(self.host, self.port, self.scheme)}{self.path.partition('?')[0]}"[:200]

    @classmethod
    def of(cls, url: str, policy: MediaPolicy) -> _Target:
        """Raises MediaError unless the scheme, the host and the port are allowed."""
        try:
            if any(character <= " " or character in "\\\x7f" for character in url):
                raise ValueError("it holds spaces, backslashes or control characters")
            parts = urlsplit(url)
            if "@" in parts.netloc:
                raise ValueError("it holds a user's name; credentials aren't sent")
            host, port = _ascii(parts.hostname or ""), parts.port or _PORTS.get(parts.scheme, 0)
        except ValueError as error:
            raise MediaError(f"{url.partition('?')[0][:80]!r} is no address of a file: {error}.") from error
        path = quote(parts.path or "/", safe=_SAFE) + (parts.query and "?" + quote(parts.query, safe=_SAFE))
        target = cls(parts.scheme, host, port, path)
        if not any(_allows(pattern, target) for pattern in policy.hosts):
            raise MediaError(
                f"{target}: this host isn't allowed; download the file and pass its path, or allow it: "
                f'MediaPolicy(hosts=("{_netloc(host, port, parts.scheme)}",)), --allow-host on the command line.'
            )
        if target.scheme not in policy.schemes:
            raise MediaError(
                f"{target}: only {' and '.join(policy.schemes)} is allowed; add to MediaPolicy.schemes, on the command "
                f"line --allow-host {target.scheme}://{_netloc(host, port, parts.scheme)}."
            )
        return target


def _ascii(name: str) -> str:
    """A host's name in lower-case ASCII without its last dot, or an IPv6 address in its usual form."""
    if ":" in name:
        return str(ipaddress.IPv6Address(name))
    host = name.rstrip(".").encode("idna").decode().lower()
    if not host or not all(character.isalnum() or character in "-._" for character in host):
        raise ValueError("its host is no name")
    return host


def _netloc(host: str, port: int, scheme: str) -> str:
    name = f"[{host}]" if ":" in host else host
    return name if port == _PORTS.get(scheme) else f"{name}:{port}"


def _allows(pattern: str, target: _Target) -> bool:
    """Whether a pattern names the target's host; a port other than the scheme's own must be named too."""
    parts = urlsplit(f"//{pattern}")
    name = parts.hostname or ""
    if (parts.port or _PORTS.get(target.scheme)) != target.port:
        return False
    if name.startswith("*."):
        return target.host.endswith("." + _ascii(name[2:]))
    return name == "*" or target.host == _ascii(name)


def _get(target: _Target, policy: MediaPolicy, deadline: float) -> bytes | str:
    """The body, or the address that the answer redirects to."""
    with _connect(target, _addresses(target, policy), deadline) as wire:
        connection = http.client.HTTPConnection(target.host, target.port)
        connection.sock = cast(socket.socket, _Timed(wire, deadline))
        headers = {"Host": _netloc(target.host, target.port, target.scheme), **_HEADERS}
        connection.request("GET", target.path, headers=headers)
        with connection.getresponse() as response:
            if response.status in _REDIRECTS and (location := response.getheader("Location")):
                return urljoin(f"{target.scheme}://{headers['Host']}{target.path}", location)
            if response.status != 200:
                raise MediaError(f"{target}: the server answered {response.status} {response.reason}; expected 200.")
            return _body(response, target, policy)


def _body(response: http.client.HTTPResponse, target: _Target, policy: MediaPolicy) -> bytes:
    if (coding := response.getheader("Content-Encoding", "identity").strip().lower()) not in ("identity", ""):
        raise MediaError(f"{target}: the server sent {coding}, which wasn't asked for; download the file yourself.")
    body = bytearray()
    while True:
        if len(body) + (response.length or 0) > policy.max_download:
            raise MediaError(
                f"{target}: more than {policy.max_download} bytes; raise MediaPolicy.max_download, or download it."
            )
        if not (piece := response.read(_PIECE)):
            break
        body += piece
    if response.length:
        raise http.client.IncompleteRead(b"", response.length)
    return bytes(body)


def _addresses(target: _Target, policy: MediaPolicy) -> list[Address]:
    """Every address of the host, once all of them are allowed. The system's resolver has time limits of its own."""
    found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    for *_, address in found:
        ip = ipaddress.ip_address(str(address[0]).partition("%")[0])
        if not _is_allowed(ip, policy):
            raise MediaError(
                f"{target}: the host is at {ip}, which is no public address; "
                "download the file and pass its path, or allow it: MediaPolicy(private_addresses=True)."
            )
    return [(family, address) for family, *_, address in found]


def _is_allowed(ip: ipaddress.IPv4Address | ipaddress.IPv6Address, policy: MediaPolicy) -> bool:
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return _is_allowed(ip.ipv4_mapped, policy)
        if ip != ipaddress.IPv6Address("::1") and any(ip in network for network in _WRAPPED):
            return False
        if ip.is_site_local:
            return policy.private_addresses
    if ip.is_multicast or ip.is_unspecified:
        return False
    return policy.private_addresses or (ip.is_global and not ip.is_reserved)


def _connect(target: _Target, addresses: list[Address], deadline: float) -> socket.socket:
    """A connection to the first address that answers, for https with the host's certificate verified."""
    failed: OSError = OSError("the host has no address")
    for family, address in addresses:
        wire = socket.socket(family, socket.SOCK_STREAM)
        try:
            wire.settimeout(_remaining(deadline))
            wire.connect(address)
            if target.scheme == "https":
                wire = ssl.create_default_context().wrap_socket(wire, server_hostname=target.host)
            return wire
        except OSError as error:
            wire.close()
            failed = error
    raise failed


def _remaining(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


class _Timed(io.RawIOBase):
    """A connection that must be done by `deadline`, however slowly its bytes come; what `http.client` needs of one."""

    def __init__(self, wire: socket.socket, deadline: float) -> None:
        self._wire, self._deadline = wire, deadline

    def sendall(self, data: bytes) -> None:
        self._wire.settimeout(_remaining(self._deadline))
        self._wire.sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(self)

    def close(self) -> None:
        """Nothing: the wire belongs to whoever made it."""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._wire.settimeout(_remaining(self._deadline))
        return self._wire.recv_into(buffer)
