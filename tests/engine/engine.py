"""A real Workflows engine for as long as it is needed: `wrangler dev` with the sample Worker.

It runs offline, in a session and folders of its own, and leaves nothing behind.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import requests

from tests.free_port import free_port

ROOT = Path(__file__).resolve().parents[2]
WORKER = Path(__file__).resolve().parent / "worker"
START_LIMIT = 90.0
STOP_LIMIT = 10.0
LOG_TAIL = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """Where the programs are, and under which path this version of wrangler serves its API."""

    node: Path
    wrangler: Path
    api_root: str
    install: str

    @property
    def missing(self) -> str:
        """A line that says what to do, empty when all is there."""
        if self.node.exists() and self.wrangler.exists():
            return ""
        return f"No Workflows engine installed: run {self.install}"


NODE = ROOT / "var/node/node_modules/node/bin/node"
CURRENT = Tools(
    node=NODE,
    wrangler=ROOT / "var/node/node_modules/wrangler/bin/wrangler.js",
    api_root="/cdn-cgi/local/explorer/api",
    install="make node-tools",
)
OLD = Tools(
    node=NODE,
    wrangler=ROOT / "var/node-old/node_modules/wrangler/bin/wrangler.js",
    api_root="/cdn-cgi/explorer/api",
    install="tests/engine/install_node.sh --old",
)


class EngineError(Exception):
    """The engine can't be started. The message ends with the last lines of its log."""


class Engine:
    """`with Engine() as engine:` serves the sample workflows at `engine.url` within the block."""

    def __init__(self, *, tools: Tools = CURRENT, port: int | None = None) -> None:
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.api = self.url + tools.api_root
        self._tools = tools
        self._home: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start and wait until the API answers. Raises EngineError, and then nothing runs."""
        if self._tools.missing:
            raise EngineError(self._tools.missing)
        if _is_taken(self.port):
            raise EngineError(f"Port {self.port} is in use by another program.")
        self._home = Path(tempfile.mkdtemp(prefix="workflows-engine-"))
        try:
            self._process = self._launch(self._home)
            self._wait_until_ready(self._process)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End the processes started here, and only those; remove their folder."""
        if self._process is not None:
            _end_group(self._process)
            self._process = None
        if self._home is not None:
            shutil.rmtree(self._home, ignore_errors=True)
            self._home = None

    def wait(self) -> int:
        """Wait until the engine ends by itself; its exit code."""
        return self._process.wait() if self._process is not None else 0

    @property
    def log(self) -> Path | None:
        """The engine's output, while it runs."""
        return self._home / "engine.log" if self._home is not None else None

    def _launch(self, home: Path) -> subprocess.Popen[bytes]:
        # A copy, because wrangler writes beside the configuration and watches it.
        worker = home / "worker"
        shutil.copytree(WORKER, worker)
        command: list[str | Path] = [
            *(self._tools.node, self._tools.wrangler, "dev"),
            *("--config", worker / "wrangler.jsonc", "--local"),
            *("--ip", "127.0.0.1", "--port", str(self.port), "--inspector-port", "0"),
            *("--persist-to", home / "state", "--show-interactive-dev-session=false"),
        ]
        with (home / "engine.log").open("wb") as log:
            return subprocess.Popen(
                command,
                cwd=worker,
                env=self._environment(home),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _environment(self, home: Path) -> dict[str, str]:
        """Made from nothing: no token or proxy of the caller's reaches the engine."""
        return {
            "PATH": f"{self._tools.node.parent}:{os.environ.get('PATH', os.defpath)}",
            "HOME": str(home),
            "TMPDIR": str(home),
            "XDG_CONFIG_HOME": str(home / "config"),
            "XDG_CACHE_HOME": str(home / "cache"),
            "XDG_DATA_HOME": str(home / "data"),
            "CI": "1",
            "NO_COLOR": "1",
            "X_LOCAL_EXPLORER": "true",
            "CLOUDFLARE_CF_FETCH_ENABLED": "false",
            "WRANGLER_SEND_METRICS": "false",
            "WRANGLER_SEND_ERROR_REPORTS": "false",
            "WRANGLER_HIDE_BANNER": "true",
            "WRANGLER_REGISTRY_PATH": str(home / "registry"),
            "WRANGLER_CACHE_DIR": str(home / "cache/wrangler"),
            "WRANGLER_LOG_PATH": str(home / "logs"),
            # A closed port: newer versions are not asked for.
            "npm_config_registry": "http://127.0.0.1:9/",
        }

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        until = time.monotonic() + START_LIMIT
        while process.poll() is None:
            if _answers(self.api):
                return
            if time.monotonic() > until:
                raise EngineError(f"No answer within {START_LIMIT:.0f} s.\n{self._log_tail()}")
            time.sleep(0.2)
        raise EngineError(f"It ended at once, code {process.returncode}.\n{self._log_tail()}")

    def _log_tail(self) -> str:
        if self.log is None or not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-LOG_TAIL:])


def _is_taken(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _answers(api: str) -> bool:
    try:
        with requests.Session() as session:
            session.trust_env = False
            reply = session.get(f"{api}/workflows", timeout=5)
        return reply.json().get("success") is True
    except (requests.RequestException, ValueError, AttributeError):
        return False


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """End the group that `start_new_session` made: wrangler and the engines it started."""
    _signal_group(process.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(STOP_LIMIT)
    # What outlived wrangler is still in its group.
    _signal_group(process.pid, signal.SIGKILL)
    process.wait()


def _signal_group(group: int, signal_number: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, signal_number)
