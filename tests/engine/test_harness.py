"""Starting and stopping, with stand-ins for wrangler: these need no Node."""

from __future__ import annotations

import os
import socket
import sys
import time
from pathlib import Path

import pytest
import requests

from tests.engine.engine import Engine, EngineError, Tools

SERVES = """
import http.server, json, os, pathlib, signal, subprocess, sys

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({"success": True, "env": dict(os.environ)}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

stubborn = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
child = subprocess.Popen([sys.executable, "-c", stubborn])
pathlib.Path(__file__).with_name("child").write_text(str(child.pid))
port = int(sys.argv[sys.argv.index("--port") + 1])
http.server.HTTPServer(("127.0.0.1", port), Handler).serve_forever()
"""


def tools(wrangler: Path) -> Tools:
    return Tools(node=Path(sys.executable), wrangler=wrangler, api_root="/api", install="make it")


@pytest.fixture
def stand_in(tmp_path: Path) -> Path:
    script = tmp_path / "wrangler.py"
    script.write_text(SERVES)
    return script


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_missing_tools_are_named_with_what_to_run(tmp_path):
    with pytest.raises(EngineError, match="run make it"):
        Engine(tools=tools(tmp_path / "absent")).start()


def test_a_taken_port_is_named(stand_in):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(EngineError, match=f"Port {port} is in use"):
            Engine(tools=tools(stand_in), port=port).start()


def test_a_failed_start_shows_the_end_of_the_log_and_leaves_no_folder(tmp_path):
    script = tmp_path / "wrangler.py"
    script.write_text("import sys; print('line one'); sys.exit('no such workerd')")
    engine = Engine(tools=tools(script))
    with pytest.raises(EngineError, match=r"code 1(.|\n)*no such workerd"):
        engine.start()
    assert engine.log is None


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks into /proc")
def test_stopping_ends_all_that_was_started_and_removes_its_folder(stand_in):
    with Engine(tools=tools(stand_in)) as engine:
        child = int(stand_in.with_name("child").read_text())
        assert is_running(child)
        home = engine.log.parent
        assert home.is_dir()
    until = time.monotonic() + 10
    while is_running(child) and time.monotonic() < until:
        time.sleep(0.05)
    assert not is_running(child)
    assert not home.exists()


def test_nothing_of_the_callers_environment_reaches_the_engine(stand_in, monkeypatch):
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", "a-token-of-somebody")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    with Engine(tools=tools(stand_in)) as engine:
        environment = engine_environment(engine)
    assert "CLOUDFLARE_API_TOKEN" not in environment
    assert "HTTPS_PROXY" not in environment
    assert environment["HOME"] != os.environ.get("HOME")


def engine_environment(engine: Engine) -> dict[str, str]:
    with requests.Session() as session:
        session.trust_env = False
        found: dict[str, str] = session.get(f"{engine.api}/workflows", timeout=5).json()["env"]
    return found
