"""What the environment must not get away with; each start is a process of its own."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
GOOD = {
    "PATH": os.environ["PATH"],
    "DJANGO_SETTINGS_MODULE": "console.settings",
    "CONSOLE_SECRET_KEY": "only-for-tests-0123456789-abcdefghijklmnopqrstuvwxyz",
    "CONSOLE_TOKEN_KEYS": "Zm9yLXRlc3RzLW9ubHktMzItYnl0ZXMtbG9uZy1rZXk=",
    "CONSOLE_SETUP_CODE": "only-for-tests",
    "DEBUG": "false",
}
SIGN_ON = {
    "CONSOLE_OIDC_ISSUER": "https://login.example.com",
    "CONSOLE_OIDC_CLIENT_ID": "console",
    "CONSOLE_OIDC_CLIENT_SECRET": "only-for-tests",
}
PUBLIC = {
    "CONSOLE_URL": "https://workflows.example.com",
    "CONSOLE_TRUSTED_PROXIES": "127.0.0.1, 10.0.0.0/24, unix",
}


def start(tmp_path: Path, *command: str, **changes: str) -> subprocess.CompletedProcess[str]:
    environment = {**GOOD, "CONSOLE_DATA_DIR": str(tmp_path / "data"), **changes}
    return subprocess.run(
        [sys.executable, *(command or ("-c", "import console.settings"))],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_starts_locally_and_in_public(tmp_path):
    assert start(tmp_path).returncode == 0
    assert start(tmp_path, **PUBLIC).returncode == 0


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"CONSOLE_SECRET_KEY": ""}, "CONSOLE_SECRET_KEY is not set"),
        ({"CONSOLE_SECRET_KEY": "short"}, "CONSOLE_SECRET_KEY is too short"),
        ({"CONSOLE_SECRET_KEY_FALLBACKS": "f" * 50 + ",short"}, "holds one that is too short"),
        ({"CONSOLE_TOKEN_KEYS": ""}, "CONSOLE_TOKEN_KEYS is not set"),
        ({"CONSOLE_URL": "http://workflows.example.com"}, "plain http"),
        ({"CONSOLE_TRUSTED_PROXIES": "nginx"}, "CONSOLE_TRUSTED_PROXIES is for addresses"),
        ({"CONSOLE_TRUSTED_PROXIES": "10.0.0.1/8"}, "CONSOLE_TRUSTED_PROXIES is for addresses"),
        ({"CONSOLE_URL": "workflows"}, "CONSOLE_URL must be like"),
        ({"CONSOLE_PASSWORD_LOGIN": "false"}, "nobody could log in"),
        ({"CONSOLE_OIDC_ISSUER": "http://login.example.com"}, "CONSOLE_OIDC_ISSUER must be https"),
        ({"CONSOLE_OIDC_ISSUER": "https://login.example.com"}, "CONSOLE_OIDC_CLIENT_ID and"),
        ({"CONSOLE_OIDC_CLIENT_ID": "console"}, "CONSOLE_OIDC_ISSUER is not set"),
        ({**SIGN_ON, "CONSOLE_OIDC_DOMAINS": " ,"}, "CONSOLE_OIDC_DOMAINS holds commas"),
        ({**SIGN_ON, "CONSOLE_OIDC_DOMAINS": "@example.com"}, "each one is like example.com"),
        ({**SIGN_ON, "CONSOLE_OIDC_DOMAINS": "*.example.com"}, "each one is like example.com"),
        ({**SIGN_ON, "CONSOLE_OIDC_ROLES": "sre=acme:owner"}, "with a role of"),
        ({**SIGN_ON, "CONSOLE_OIDC_ROLES": "acme:admin"}, "with a role of"),
        ({"CONSOLE_EMAIL_URL": "mail.example.com"}, "CONSOLE_EMAIL_URL must be like"),
        ({**PUBLIC, "DEBUG": "true"}, "DEBUG is for this machine only"),
        ({**PUBLIC, "CONSOLE_SETUP_CODE": ""}, "CONSOLE_SETUP_CODE is not set"),
        ({**PUBLIC, "CONSOLE_SETUP_CODE": "1234"}, "CONSOLE_SETUP_CODE is too short"),
    ],
)
def test_it_refuses_to_start_and_says_why(tmp_path, changes, words):
    refused = start(tmp_path, **changes)
    assert refused.returncode != 0
    assert words in refused.stderr


def test_older_keys_are_for_the_trail_alone(tmp_path):
    keys = f"{'f' * 50}, {'g' * 50}"
    code = "from console import settings as s; print(s.OLD_SECRET_KEYS)\nassert not hasattr(s, 'SECRET_KEY_FALLBACKS')"  # noqa: E501
    told = start(tmp_path, "-c", code, CONSOLE_SECRET_KEY_FALLBACKS=keys)
    assert told.stdout.strip() == str(["f" * 50, "g" * 50])


def test_the_door_may_be_left_to_the_issuer(tmp_path):
    roles = {"CONSOLE_OIDC_ROLES": "CN=sre,OU=x = acme:admin; dev=acme:viewer;dev=demo:operator"}
    code = "from console import settings as s; print(s.PASSWORD_LOGIN, s.ISSUER.roles, s.ISSUER)"
    told = start(tmp_path, "-c", code, **SIGN_ON, **roles, CONSOLE_PASSWORD_LOGIN="false").stdout
    assert told.startswith(
        "False {'CN=sre,OU=x': (('acme', 'admin'),), "
        "'dev': (('acme', 'viewer'), ('demo', 'operator'))}"
    )
    assert "only-for-tests" not in told


def test_a_stray_comma_or_space_names_no_domain_and_no_host(tmp_path):
    code = (
        "from console.settings import ISSUER, UPSTREAM_HOSTS;"
        "print(sorted(ISSUER.domains), sorted(UPSTREAM_HOSTS))"
    )
    lists = {
        "CONSOLE_OIDC_DOMAINS": "example.com, Example.ORG,",
        "CONSOLE_UPSTREAM_HOSTS": "api.example.com , 10.0.0.1:8787,",
    }
    told = start(tmp_path, "-c", code, **SIGN_ON, **lists).stdout.strip()
    assert told == "['example.com', 'example.org'] ['10.0.0.1:8787', 'api.example.com']"


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("submission://me:p%40ss@mail.example.com", "mail.example.com 587 me p@ss True False"),
        ("smtp://me:x@mail.example.com:465/?ssl=true", "mail.example.com 465 me x False True"),
    ],
)
def test_mail_goes_where_the_operator_says(tmp_path, url, told):
    code = (
        "from console.settings import MAILERS; o = MAILERS['default']['OPTIONS'];"
        "print(o['host'], o['port'], o['username'], o['password'], o['use_tls'], o['use_ssl'])"
    )
    assert start(tmp_path, "-c", code, CONSOLE_EMAIL_URL=url).stdout.strip() == told


def test_a_secret_may_come_from_a_file(tmp_path):
    (tmp_path / "key").write_text("f" * 50)
    changes = {"CONSOLE_SECRET_KEY": "", "CONSOLE_SECRET_KEY_FILE": str(tmp_path / "key")}
    environment = {key: value for key, value in changes.items() if value}
    code = "import os; del os.environ['CONSOLE_SECRET_KEY']; from console.settings import SECRET_KEY; print(SECRET_KEY)"  # noqa: E501
    assert start(tmp_path, "-c", code, **environment).stdout.strip() == "f" * 50


def test_the_data_folder_is_its_owners_alone(tmp_path):
    (tmp_path / "data").mkdir(mode=0o755)
    start(tmp_path)
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700


def test_cookies_in_public_belong_to_this_host_alone(tmp_path):
    code = "from console import settings as s; print(s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME)"
    told = start(tmp_path, "-c", code, **PUBLIC).stdout.split()
    assert told == ["__Host-session", "__Host-csrf"]


def test_django_finds_nothing_wrong_with_a_deployment(tmp_path):
    checked = start(tmp_path, "manage.py", "check", "--deploy", "--fail-level", "WARNING", **PUBLIC)
    assert checked.returncode == 0, checked.stderr
