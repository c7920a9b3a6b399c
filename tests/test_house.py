"""The rules of the house that guard themselves."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from django.core.management import call_command
from django.urls import URLPattern, URLResolver, get_resolver

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("console", "workflows_ui")
WORDS_OF_NO_MEANING = {"utils.py", "helpers.py", "common.py", "misc.py"}

# package -> what it must not import
FORBIDDEN = {
    "workflows_ui/cloudflare": ("django", "console", "workflows_ui"),
    "workflows_ui/simulator": ("django", "console", "workflows_ui", "requests"),
    "workflows_ui/services": ("workflows_ui.views", "workflows_ui.http", "django.http"),
    "workflows_ui/queries": ("workflows_ui.views", "workflows_ui.services", "django.http"),
    "workflows_ui/presenters": ("workflows_ui.views", "workflows_ui.services"),
    "workflows_ui/forms": ("workflows_ui.views", "workflows_ui.services"),
    "console": ("workflows_ui",),
}
# the project's own wiring stands above both
WIRING = {"console/urls.py", "console/settings.py"}


def sources(*under: str) -> list[Path]:
    found = [path for place in under for path in (ROOT / place).rglob("*.py")]
    return [path for path in found if "migrations" not in path.parts]


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


@pytest.mark.parametrize("package", FORBIDDEN)
def test_imports_run_one_way(package):
    wrong = []
    for path in sources(package):
        if str(path.relative_to(ROOT)) in WIRING:
            continue
        for name in imported(path):
            own = name.startswith(package.replace("/", "."))
            bad = [f for f in FORBIDDEN[package] if name == f or name.startswith(f + ".")]
            if bad and not own:
                wrong.append(f"{path.relative_to(ROOT)} imports {name}")
    assert not wrong


def test_only_the_client_talks_http():
    users = {
        str(path.relative_to(ROOT))
        for path in sources(*PACKAGES)
        if imported(path) & {"requests", "urllib3", "http.client", "urllib.request"}
    }
    assert all(path.startswith("workflows_ui/cloudflare/") for path in users), users


def test_no_module_is_named_for_nothing():
    assert not [path for path in sources(*PACKAGES) if path.name in WORDS_OF_NO_MEANING]


def view_functions() -> list[tuple[Path, ast.FunctionDef]]:
    return [
        (path, node)
        for path in sources("workflows_ui/views")
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef) and node.args.args[:1]
    ]


def test_view_functions_stay_short():
    long = [
        f"{path.name}:{node.name}"
        for path, node in view_functions()
        if node.end_lineno - node.body[0].lineno + 1 > 30
    ]
    assert not long


def url_names(resolver: URLResolver | None = None) -> set[str]:
    names: set[str] = set()
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            names |= url_names(entry)
        elif isinstance(entry, URLPattern) and entry.name:
            names.add(entry.name)
    return names


def test_every_address_has_a_view_that_names_its_methods():
    """Each view of ours refuses methods it wasn't made for."""
    undecorated = [
        f"{path.name}:{node.name}"
        for path, node in view_functions()
        if path.name != "errors.py"
        and node.args.args[0].arg == "request"
        and any(arg.annotation for arg in node.args.args)
        and "HttpResponse" in ast.unparse(node.returns or ast.Constant(""))
        and not any("require_" in ast.unparse(item) for item in node.decorator_list)
        and not node.name.endswith("_page")
    ]
    assert not undecorated


def test_no_transaction_wraps_a_function_that_is_given_a_secret():
    """As a decorator it has a frame of its own, whose arguments an error report would show."""
    wrong = []
    for path in sources(*PACKAGES):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.FunctionDef):
                continue
            decorators = " ".join(map(ast.unparse, node.decorator_list))
            given = {arg.arg for arg in (*node.args.args, *node.args.kwonlyargs)}
            secret = set(re.findall(r"'(\w+)'", decorators)) & given
            if "sensitive_variables" in decorators and "atomic" in decorators and secret:
                wrong.append(f"{path.name}:{node.name}")
    assert not wrong


ENVIRONMENT = re.compile(
    r"""(?:env\.\w+\(|secrets?\(|environ\.get\(|environ\[)\s*["']([A-Z][A-Z_]+)["']"""
)


def variables() -> set[str]:
    places = [*sources("console"), ROOT / "gunicorn.conf.py"]
    return {name for path in places for name in ENVIRONMENT.findall(path.read_text())}


def test_every_variable_is_documented():
    example, readme = (ROOT / ".env.example").read_text(), (ROOT / "README.md").read_text()
    known = variables() - {"DJANGO_SETTINGS_MODULE", "CONSOLE_STATIC_ROOT"}
    assert {"CONSOLE_SECRET_KEY", "CONSOLE_TOKEN_KEYS", "DATABASE_URL"} <= known
    assert not [name for name in known if name not in example]
    assert not [name for name in known if name not in readme]


@pytest.mark.django_db
def test_models_and_migrations_agree():
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


def test_no_secret_of_the_demo_reaches_production_settings():
    text = (ROOT / "console/settings.py").read_text()
    assert "simulator-token" not in text
