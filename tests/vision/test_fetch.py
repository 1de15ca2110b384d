"""Downloads, from a real server on loopback."""

import os
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import PIL.Image
import pytest

from quintet.errors import BadInputError, MediaError
from quintet.vision import Image, MediaPolicy, Video, media_from_block
from quintet.vision.fetch import fetch

BODY = bytes(range(256)) * 100


class Handler(BaseHTTPRequestHandler):
    """Answers by path; what was asked for is kept in the server's `asked`."""

    def do_GET(self) -> None:
        self.server.asked.append((self.path, dict(self.headers)))
        path, _, query = self.path.partition("?")
        match path:
            case "/to":
                self.answer(302, headers={"Location": query})
            case "/loop":
                self.answer(301, headers={"Location": "/loop"})
            case "/zipped":
                self.answer(200, BODY, {"Content-Encoding": "gzip"})
            case "/short":
                self.answer(200, BODY, {"Content-Length": str(len(BODY) + 1)})
            case "/claims":
                self.answer(200, b"", {"Content-Length": str(1 << 40)})
            case "/chunked":
                self.answer(200, b"5\r\nhello\r\n0\r\n\r\n", {"Transfer-Encoding": "chunked"})
            case "/endless":
                self.endless(BODY, 0)
            case "/slow":
                self.endless(b".", 0.05)
            case "/slow-header":
                self.wfile.write(b"HTTP/1.1 200 OK\r\n")
                self.endless(b"X", 0.05, headers=False)
            case "/gone":
                self.answer(404)
            case "/picture.png":
                PIL.Image.new("RGB", (64, 48), "teal").save(self.wfile_of(200), "PNG")
            case _:
                self.answer(200, BODY, {"Content-Length": str(len(BODY))})

    def answer(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        self.wfile_of(status, headers).write(body)

    def wfile_of(self, status: int, headers: dict[str, str] | None = None) -> Any:
        self.send_response(status)
        for key, value in (headers or {}).items():
            self.send_header(key, value)
        self.end_headers()
        return self.wfile

    def endless(self, piece: bytes, pause: float, *, headers: bool = True) -> None:
        out = self.wfile_of(200) if headers else self.wfile
        try:
            while not self.server.closing.wait(pause):
                out.write(piece)
        except OSError:  # the client went away
            return

    def log_message(self, *_: Any) -> None: ...


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.closing = threading.Event()
        self.port = self.server_address[1]

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"

    def policy(self, **limits: Any) -> MediaPolicy:
        settings = {"hosts": (f"127.0.0.1:{self.port}",), "schemes": ("http", "https"), "private_addresses": True}
        return MediaPolicy(**{**settings, **limits})


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.closing.set()
        running.shutdown()
        thread.join()


def test_what_a_policy_allows_is_fetched(server: Server) -> None:
    assert fetch(server.url("/a%20b?key=%C3%BC&other=ü#part"), server.policy()) == BODY
    assert fetch(server.url("/chunked"), server.policy()) == b"hello"
    path, headers = server.asked[0]
    assert path == "/a%20b?key=%C3%BC&other=%C3%BC"
    assert headers["Host"] == f"127.0.0.1:{server.port}"
    assert headers["Accept-Encoding"] == "identity"
    assert not {"Authorization", "Cookie", "Referer"} & set(headers)


def test_pictures_and_blocks_take_addresses(server: Server) -> None:
    url, policy = server.url("/picture.png"), server.policy()
    image = Image(url, policy=policy)
    assert (image.name, image.size) == ("picture.png", (64, 48))
    assert Video(url, policy=policy).info.frames == 1
    block = {"type": "image_url", "image_url": {"url": url}}
    back = media_from_block(block, policy)
    assert isinstance(back, Image)
    assert back.patches().digest == image.patches().digest
    assert media_from_block(image.to_block()) is not None  # the bytes, not the address


def test_nothing_is_opened_by_default(server: Server) -> None:
    for opened in (Image, Video, lambda url: media_from_block({"type": "image", "url": url})):
        with pytest.raises(MediaError, match="this host isn't allowed; download the file"):
            opened(server.url("/"))
    assert server.asked == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"schemes": ("https",)}, "only https is allowed"),
        ({"private_addresses": False}, "no public address"),
        ({"hosts": ("example.org", "*.0.0.1", "127.0.0.1")}, "isn't allowed"),
    ],
)
def test_scheme_host_port_and_address_must_all_be_allowed(
    server: Server, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(MediaError, match=message):
        fetch(server.url("/"), server.policy(**changes))
    assert server.asked == []


@pytest.mark.parametrize("host", ["localhost", "2130706433", "0x7f000001", "127.1", "[::ffff:127.0.0.1]", "0.0.0.0"])
def test_no_spelling_of_loopback_is_public(server: Server, host: str) -> None:
    with pytest.raises(MediaError, match=r"no public address|failed"):
        fetch(server.url("/", host), server.policy(hosts=(f"*:{server.port}",), private_addresses=False))
    assert server.asked == []


@pytest.mark.parametrize(
    "address",
    [
        *("10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "127.8.8.8", "0.1.2.3", "100.64.0.1"),
        *("224.0.0.1", "240.0.0.1", "255.255.255.255", "198.18.0.1", "192.0.2.1", "::1", "::", "fe80::1", "fc00::1"),
        *("fec0::1", "ff02::1", "::ffff:10.0.0.1", "::10.0.0.1", "64:ff9b::a00:1", "64:ff9b:1::a00:1", "2002:a00:1::"),
        *("2001:0:a00:1::", "2001:db8::1", "100::1"),
    ],
)
def test_addresses_that_arent_public_are_refused(address: str) -> None:
    url = f"https://[{address}]/" if ":" in address else f"https://{address}/"
    with pytest.raises(MediaError, match="no public address"):
        fetch(url, MediaPolicy(hosts=("*",)))


def test_one_private_address_among_public_ones_refuses_the_host(monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(_host: str, port: int, **_: Any) -> list[Any]:
        found = ("93.184.216.34", "10.0.0.1")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(MediaError, match=r"the host is at 10\.0\.0\.1"):
        fetch("https://files.example/", MediaPolicy(hosts=("files.example",)))


def test_a_name_is_resolved_once(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def resolve(host: str, port: int, **_: Any) -> list[Any]:
        asked.append(host)
        assert len(asked) == 1, "a second answer could be another address"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    policy = server.policy(hosts=(f"bücher.example:{server.port}",))
    assert fetch(server.url("/", "BÜCHER.example."), policy) == BODY
    assert asked == ["xn--bcher-kva.example"]


def test_redirects_are_followed_and_checked(server: Server) -> None:
    policy = server.policy()
    assert fetch(server.url("/to?/to?/file"), policy) == BODY
    for target in ("http://localhost:1/", "http://example.org/", f"http://127.0.0.1:{server.port + 1}/"):
        with pytest.raises(MediaError, match="isn't allowed"):
            fetch(server.url(f"/to?{target}"), policy)
    for target in ("file:///etc/hostname", "ftp://127.0.0.1/", "gopher://127.0.0.1/", "http://user@127.0.0.1/"):
        with pytest.raises(MediaError):
            fetch(server.url(f"/to?{target}"), policy)
    with pytest.raises(MediaError, match="more than 5 redirects"):
        fetch(server.url("/loop"), policy)
    assert len(server.asked) == 3 + 3 + 4 + 6


def test_a_redirect_to_a_private_address_is_refused(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("quintet.vision.fetch._is_allowed", lambda ip, _: str(ip) == "127.0.0.1")
    with pytest.raises(MediaError, match=r"the host is at 169\.254\.169\.254"):
        fetch(server.url("/to?http://169.254.169.254/latest"), server.policy(hosts=("*", f"*:{server.port}")))


@pytest.mark.parametrize("path", ["/endless", "/claims", "/file"])
def test_downloads_stop_at_their_limit(server: Server, path: str) -> None:
    with pytest.raises(MediaError, match="more than 20000 bytes"):
        fetch(server.url(path), server.policy(max_download=20_000))


@pytest.mark.parametrize("path", ["/slow", "/slow-header"])
def test_a_slow_server_is_given_up(server: Server, path: str) -> None:
    start = time.monotonic()
    with pytest.raises(MediaError, match=r"not there within 0\.3 s"):
        fetch(server.url(path), server.policy(max_download_time=0.3))
    assert time.monotonic() - start < 5


def test_a_server_that_never_answers_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        for scheme in ("http", "https"):
            policy = MediaPolicy(
                hosts=(f"127.0.0.1:{port}",), schemes=("http", "https"), private_addresses=True, max_download_time=0.2
            )
            with pytest.raises(MediaError, match="not there within"):
                fetch(f"{scheme}://127.0.0.1:{port}/", policy)


@pytest.mark.parametrize(
    ("path", "message"),
    [("/gone", "answered 404"), ("/zipped", "sent gzip"), ("/short", "download failed")],
)
def test_answers_that_are_no_file_are_refused(server: Server, path: str, message: str) -> None:
    with pytest.raises(MediaError, match=message):
        fetch(server.url(path), server.policy())


def test_a_closed_port_is_an_error(server: Server) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    with pytest.raises(MediaError, match="download failed"):
        fetch(f"http://127.0.0.1:{port}/", server.policy(hosts=(f"127.0.0.1:{port}",)))


@pytest.mark.parametrize(
    "url",
    [
        *(
            "https://user:secret@example.org/",
            "https://example.org\\@evil.test/",
            "https://exa mple.org/",
            "https:///a",
        ),
        *("https://example.org:port/", "https://example.org\r\nX: y/", "https://exam%70le.org/", "https://[::1/"),
        *("https://..../", "https://example.org:99999/"),
    ],
)
def test_odd_addresses_are_refused(url: str) -> None:
    with pytest.raises(MediaError, match="no address of a file") as caught:
        fetch(url, MediaPolicy(hosts=("*",)))
    assert "secret" not in str(caught.value).partition(" is no")[2]


def test_proxies_of_the_environment_are_not_used(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert fetch(server.url("/file"), server.policy()) == BODY


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl to make a certificate")
def test_certificates_are_verified_against_the_name(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = (
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost"
    )
    subprocess.run(
        [*command.split(), "-keyout", "key.pem", "-out", "cert.pem"], cwd=tmp_path, check=True, capture_output=True
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    policy = server.policy(hosts=(f"*:{server.port}",))
    with pytest.raises(MediaError, match="CERTIFICATE_VERIFY_FAILED"):
        fetch(f"https://localhost:{server.port}/file", policy)
    monkeypatch.setitem(os.environ, "SSL_CERT_FILE", str(tmp_path / "cert.pem"))
    assert fetch(f"https://localhost:{server.port}/file", policy) == BODY
    with pytest.raises(MediaError, match="CERTIFICATE_VERIFY_FAILED"):
        fetch(f"https://127.0.0.1:{server.port}/file", policy)


@pytest.mark.parametrize(
    "nonsense",
    [
        *({"max_pixels": 0}, {"max_bytes": -1}, {"max_duration": float("nan")}, {"max_decode_time": "60"}),
        *({"hosts": "example.org"}, {"hosts": ("https://example.org",)}, {"hosts": ("",)}, {"hosts": ("a*.org",)}),
        *({"hosts": ("example.org:port",)}, {"schemes": ("file",)}, {"schemes": "https"}, {"max_download": True}),
    ],
)
def test_policies_refuse_nonsense(nonsense: dict[str, Any]) -> None:
    with pytest.raises(BadInputError, match="expected"):
        MediaPolicy(**nonsense)
