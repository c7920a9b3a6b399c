from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.templatetags.static import static
from django.test import override_settings

from console.static_files import SCRIPTS, ManifestStorage, scripts
from tests.views.simulated import soup

UNTOLD = re.compile(r"url\([^)]*\)")
"""Addresses are others once files are collected."""


def test_addresses_of_static_files_are_those_of_the_manifest(tmp_path):
    manifest = '{"version": "1.1", "hash": "", "paths": {"a.css": "a.123.css", "b.css": "b.4.css"}}'
    (tmp_path / "staticfiles.json").write_text(manifest)
    storage = ManifestStorage(location=str(tmp_path), base_url="/static/")
    twice = [storage.url(name) for name in ("a.css", "b.css", "a.css")]
    assert twice == ["/static/a.123.css", "/static/b.4.css", "/static/a.123.css"]


COLLECTED = settings.STORAGES | {"staticfiles": {"BACKEND": "console.static_files.ManifestStorage"}}


@pytest.fixture(scope="module")
def collected(tmp_path_factory) -> dict[str, Path]:
    """Every collected file by its name."""
    root = tmp_path_factory.mktemp("static")
    with override_settings(STATIC_ROOT=root, STORAGES=COLLECTED):
        for _ in range(2):  # the second time over the first
            call_command("collectstatic", interactive=False, verbosity=0)
    manifest = json.loads((root / "staticfiles.json").read_text())["paths"]
    return {name: root / hashed for name, hashed in manifest.items()}


def test_the_collected_scripts_are_one_piece_in_their_order(collected):
    bundle = collected["js/app.js"].read_text()
    places = [bundle.index(source_of(name)) for name in SCRIPTS]
    assert places == sorted(places)
    with override_settings(STORAGES=COLLECTED):
        assert scripts() == ("js/app.js",)
    assert collected["js/app.js"].with_name(collected["js/app.js"].name + ".gz").exists()


def source_of(name: str) -> str:
    found = finders.find(name)
    assert found, name
    return Path(found).read_text()


def test_uncollected_scripts_are_loaded_each(client, viewer):
    page = soup(client.get("/person/login/"))
    loaded = [script["src"] for script in page.select("script[defer]")]
    assert loaded[: len(SCRIPTS)] == [static(name) for name in SCRIPTS]


def test_the_collected_style_sheet_is_one_piece_in_its_layers(collected):
    sheet = collected["css/app.css"].read_text()
    assert "@import" not in sheet
    assert sheet.startswith("@layer reset, tokens, base, layout, components, utilities;")
    assert sheet.count("{") == sheet.count("}")
    source = settings.BASE_DIR / "static/css"
    imports = re.findall(r'url\("(.*?)"\) layer\((.*?)\)', (source / "app.css").read_text())
    for name, layer in imports:
        rules = UNTOLD.sub("", (source / name).read_text())
        assert f"@layer {layer} {{\n{rules}\n}}" in UNTOLD.sub("", sheet), name
    assert len(imports) > 10
    assert collected["img/select.svg"].name in sheet
