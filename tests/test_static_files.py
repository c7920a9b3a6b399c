from __future__ import annotations

import json
import re

from django.core.management import call_command

from console.static_files import ManifestStorage

UNTOLD = re.compile(r"url\([^)]*\)")
"""Addresses are others once files are collected."""


def test_addresses_of_static_files_are_those_of_the_manifest(settings, tmp_path):
    manifest = '{"version": "1.1", "hash": "", "paths": {"a.css": "a.123.css", "b.css": "b.4.css"}}'
    (tmp_path / "staticfiles.json").write_text(manifest)
    storage = ManifestStorage(location=str(tmp_path), base_url="/static/")
    twice = [storage.url(name) for name in ("a.css", "b.css", "a.css")]
    assert twice == ["/static/a.123.css", "/static/b.4.css", "/static/a.123.css"]


def test_the_collected_style_sheet_is_one_piece_in_its_layers(settings, tmp_path):
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "console.static_files.ManifestStorage"}
    }
    call_command("collectstatic", interactive=False, verbosity=0)
    manifest = json.loads((tmp_path / "staticfiles.json").read_text())["paths"]
    sheet = (tmp_path / manifest["css/app.css"]).read_text()
    assert "@import" not in sheet
    assert sheet.startswith("@layer reset, tokens, base, layout, components, utilities;")
    assert sheet.count("{") == sheet.count("}")
    source = settings.BASE_DIR / "static/css"
    imports = re.findall(r'url\("(.*?)"\) layer\((.*?)\)', (source / "app.css").read_text())
    for name, layer in imports:
        rules = UNTOLD.sub("", (source / name).read_text())
        assert f"@layer {layer} {{\n{rules}\n}}" in UNTOLD.sub("", sheet), name
    assert len(imports) > 10
    assert manifest["img/select.svg"] in sheet
