"""Checkpoints of a hub: a server on this machine that speaks as much of its protocol as is needed."""

import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from .conftest import write_checkpoint

REVISION = "a" * 40


@dataclass
class Hub:
    """The repository `org/tiny`, and how many bytes of each of its files went out."""

    folder: Path
    address: str = ""
    sent: dict[str, int] = field(default_factory=dict)

    def run(self, home: Path, code: str) -> subprocess.CompletedProcess[str]:
        """Runs Python code that knows this hub alone, and keeps its cache in `home`."""
        settings = {"HF_ENDPOINT": self.address, "HF_HOME": str(home), "HF_HUB_OFFLINE": "0", "OMP_NUM_THREADS": "1"}
        command = [sys.executable, "-c", code]
        return subprocess.run(command, env=os.environ | settings, capture_output=True, text=True, check=False)


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    hub = Hub(write_checkpoint(tmp_path / "repository", "dense"))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *args: Any) -> None:
            pass

        def do_HEAD(self) -> None:
            self._answer()

        def do_GET(self) -> None:
            self._answer()

        def _answer(self) -> None:
            path, file = self.path.split("?")[0], hub.folder / self.path.split("?")[0].rsplit("/", 1)[1]
            names = [one.name for one in hub.folder.iterdir()]
            if path.startswith("/api/models/org/tiny/tree/"):
                listed = [{"type": "file", "path": name, "size": 1, "oid": "b" * 40} for name in names]
                self._send(200, json.dumps(listed).encode())
            elif path.startswith("/api/models/org/tiny"):
                siblings = [{"rfilename": name} for name in names]
                self._send(200, json.dumps({"id": "org/tiny", "sha": REVISION, "siblings": siblings}).encode())
            elif path.startswith("/org/tiny/resolve/") and file.is_file():
                self._send_file(file)
            else:
                self._send(404, b"", {"X-Error-Code": "EntryNotFound"})

        def _send_file(self, file: Path) -> None:
            content = file.read_bytes()
            facts = {"ETag": f'"{hashlib.sha256(content).hexdigest()}"', "X-Repo-Commit": REVISION}
            if span := self.headers.get("Range"):
                start, end = map(int, span.removeprefix("bytes=").split("-"))
                part = content[start : end + 1]
                facts["Content-Range"] = f"bytes {start}-{end}/{len(content)}"
            else:
                part = content
            if self.command == "GET":
                hub.sent[file.name] = hub.sent.get(file.name, 0) + len(part)
            self._send(206 if span else 200, part, facts)

        def _send(self, status: int, content: bytes, facts: dict[str, str] | None = None) -> None:
            self.send_response(status)
            for name, value in {"Content-Length": str(len(content)), **(facts or {})}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(content)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hub.address = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield hub
    server.shutdown()
    server.server_close()


@pytest.mark.slow
def test_a_checkpoint_of_the_hub(hub: Hub, tmp_path: Path) -> None:
    weights = (hub.folder / "model.safetensors").stat().st_size
    code = "from quintet.app.cli import main; raise SystemExit(main(['inspect', 'org/tiny', '--json']))"
    inspected = hub.run(tmp_path / "home", code)
    assert inspected.returncode == 0, inspected.stderr
    assert json.loads(inspected.stdout)["model"]["parameters"] * 4 == pytest.approx(weights, rel=0.05)
    assert 0 < hub.sent["model.safetensors"] < weights / 5  # the header
    assert "tokenizer.json" not in hub.sent

    hub.sent.clear()
    code = "from quintet import load_model; print(load_model('org/tiny', max_tokens=3).invoke('hello').usage_metadata)"
    loaded = hub.run(tmp_path / "home", f"{code}\n{code}")  # the second time from what was brought
    first, second = loaded.stdout.splitlines() or [loaded.stderr, ""]
    assert "'output_tokens': 3" in first
    assert first == second
    assert hub.sent["model.safetensors"] == weights
    assert "config.json" not in hub.sent  # known since it was inspected
