"""What every template and style sheet keeps to. No page is rendered here: the texts are read."""

from __future__ import annotations

import gzip
import math
import re
from pathlib import Path

import pytest

from console.static_files import SCRIPTS as LOADED

ROOT = Path(__file__).resolve().parent.parent
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
STYLES = sorted((ROOT / "static" / "css").glob("*.css"))
OF_SOME_PAGES = {"board.css"}
"""Linked by the pages that need them, in a layer of their own accord."""
SCRIPTS = sorted((ROOT / "static" / "js").glob("*.js"))
MARKUP_IN_CODE = [
    ROOT / "workflows_ui" / "presenters" / "json_tree.py",
    ROOT / "workflows_ui" / "templatetags" / "console.py",
]
TAG = re.compile(r"{%.*?%}|{{.*?}}|{#.*?#}", re.DOTALL)


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


each_template = pytest.mark.parametrize("template", TEMPLATES, ids=name)
each_style = pytest.mark.parametrize("style", STYLES, ids=name)


def style_text() -> str:
    return "\n".join(re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL) for path in STYLES)


# --- Templates -----------------------------------------------------------------------------


@each_template
def test_a_template_has_no_inline_style_or_script(template: Path):
    text = TAG.sub("", template.read_text())
    assert not re.search(r"\sstyle\s*=", text), "the content security policy drops style="
    assert not re.search(r"<style\b", text)
    assert not re.search(r"\s(on[a-z]+|hx-on[:-][\w:-]+)\s*=", text)
    assert all("src=" in tag for tag in re.findall(r"<script\b[^>]*>", text))


@each_template
def test_a_form_that_posts_carries_the_token_against_forgery(template: Path):
    for form in re.findall(r"<form\b.*?</form>", template.read_text(), re.DOTALL):
        opening = re.match(r"<form\b(?:{%.*?%}|{{.*?}}|[^>])*>", form, re.DOTALL)
        assert opening
        if re.search(r'method="post"', opening[0], re.IGNORECASE):
            assert "{% csrf_token %}" in form, opening[0]


@each_template
def test_only_one_place_says_how_a_region_asks_again(template: Path):
    """`{% poll %}` and `{% every %}` keep to the person's rate; a rate in a template would not."""
    assert "every " not in "".join(re.findall(r'hx-trigger="[^"]*"', template.read_text()))


def test_every_icon_drawn_is_in_the_sprite():
    symbols = set(re.findall(r'<symbol id="([^"]+)"', (ROOT / "static/img/icons.svg").read_text()))
    drawn = {}
    for template in TEMPLATES:
        text = template.read_text()
        for icon in re.findall(r"icons\.svg' %}#([\w-]+)", text):
            drawn[icon] = name(template)
        for icon in re.findall(r'_icon\.html" with id="([\w-]+)"', text):
            drawn[icon] = name(template)
    assert drawn
    assert {icon: where for icon, where in drawn.items() if icon not in symbols} == {}


def test_every_class_in_markup_is_styled():
    styled = set(re.findall(r"\.([a-z][a-z0-9-]*)", style_text()))
    unknown = {}
    for path in [*TEMPLATES, *MARKUP_IN_CODE]:
        text = TAG.sub(" ", path.read_text())
        for classes in re.findall(r'\bclass="([^"]*)"', text):
            for word in classes.split():
                if word not in styled and "{" not in word:
                    unknown[word] = name(path)
    assert unknown == {}


def test_every_hook_in_markup_is_heard():
    heard = "\n".join(path.read_text() for path in SCRIPTS) + style_text()
    said = {"data-at"}  # times the browser leaves as they are
    for path in [*TEMPLATES, *MARKUP_IN_CODE]:
        for hook in re.findall(r"\s(data-[a-z-]+)", path.read_text()):
            words = hook.removeprefix("data-").split("-")
            in_script = "".join([words[0], *(word.title() for word in words[1:])])
            if hook not in heard and f"dataset.{in_script}" not in heard:
                assert hook in said, f"{hook} in {name(path)}"


def test_every_file_named_by_static_exists():
    for template in TEMPLATES:
        for path in re.findall(r"{% static '([^']+)' %}", template.read_text()):
            assert (ROOT / "static" / path).is_file(), f"{path} in {name(template)}"


# --- Style sheets --------------------------------------------------------------------------


def test_every_style_sheet_is_imported_into_a_layer():
    app = (ROOT / "static/css/app.css").read_text()
    layers = re.search(r"@layer ([^;]+);", app)
    assert layers
    imported = dict(re.findall(r'@import url\("([^"]+)"\) layer\((\w+)\);', app))
    assert set(imported) == {path.name for path in STYLES} - {"app.css", *OF_SOME_PAGES}
    assert set(imported.values()) <= set(layers[1].split(", "))
    for name in OF_SOME_PAGES:
        assert "@layer components {" in (ROOT / "static/css" / name).read_text()


@each_style
def test_a_style_sheet_keeps_to_the_house(style: Path):
    text = re.sub(r"/\*.*?\*/", "", style.read_text(), flags=re.DOTALL)
    if style.name != "utilities.css":
        assert "!important" not in text
    assert not re.search(r"(^|[\s,}>])#[a-z][\w-]*\s*[{,:.]", text), "ids are for scripts"
    physical = r"\b(margin|padding)-(left|right|top|bottom)|(?<![\w-])(width|height|left|right)\s*:"
    assert not re.search(physical, text)


def test_the_first_load_is_light():
    everywhere = [path for path in STYLES if path.name not in OF_SOME_PAGES]
    styles = sum(len(gzip.compress(path.read_bytes(), 9)) for path in everywhere)
    scripts = sum(
        len(gzip.compress(path.read_bytes(), 9)) for path in SCRIPTS if f"js/{path.name}" in LOADED
    )
    assert scripts > 4_000
    assert styles < 16_000
    assert scripts < 8_000


# --- Contrast ------------------------------------------------------------------------------


def declared() -> dict[str, str]:
    text = (ROOT / "static/css/tokens.css").read_text().split("[data-theme")[0]
    return dict(re.findall(r"(--[\w-]+):\s*([^;]+);", text))


def resolve(value: str, theme: int) -> str:
    """A token's value down to one oklch(): theme 0 is light, 1 is dark."""
    tokens = declared()
    for _ in range(10):
        value = value.strip()
        if pair := re.fullmatch(r"light-dark\((.*)\)", value):
            value = re.split(r",\s*(?![^()]*\))", pair[1])[theme]
        elif variable := re.fullmatch(r"var\((--[\w-]+)\)", value):
            value = tokens[variable[1]]
        else:
            return value
    raise AssertionError(f"{value} never ends")


def luminance(colour: str) -> float:
    parts = re.fullmatch(r"oklch\(([\d.]+)% ([\d.]+) ([\d.]+)\)", colour)
    assert parts, colour
    lightness, chroma, hue = (float(part) for part in parts.groups())
    lightness /= 100
    a, b = chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    red = 4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short
    green = -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short
    blue = -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short
    red, green, blue = (min(max(part, 0), 1) for part in (red, green, blue))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(front: str, back: str, theme: int) -> float:
    levels = sorted(luminance(resolve(f"var({token})", theme)) for token in (front, back))
    return (levels[1] + 0.05) / (levels[0] + 0.05)


SURFACES = ("--color-page", "--color-surface", "--color-raised", "--color-sunken")
TONES = ("info", "good", "bad", "warn", "wait", "neutral")
CODES = ("--code-key", "--code-string", "--code-number", "--code-word")
TEXTS = ("--color-ink", "--color-ink-2", "--color-ink-3", "--color-accent")
PAIRS = [
    *((text, surface) for text in TEXTS for surface in SURFACES),
    *((f"--tone-{tone}", surface) for tone in TONES for surface in SURFACES),
    *((f"--tone-{tone}", f"--tone-{tone}-wash") for tone in TONES),
    *((text, f"--tone-{tone}-wash") for tone in TONES for text in TEXTS),
    *((code, "--color-surface") for code in CODES),
    ("--color-on-solid", "--color-solid"),
    ("--color-ink", "--color-mark"),
    ("--color-surface", "--tone-bad"),
]


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_every_text_can_be_read_on_what_it_stands_on(theme: int):
    weak = {pair: round(contrast(*pair, theme), 2) for pair in PAIRS}
    assert {pair: found for pair, found in weak.items() if found < 4.5} == {}


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_edges_of_controls_and_the_focus_ring_stand_out(theme: int):
    for edge in ("--color-control", "--color-focus"):
        for surface in ("--color-page", "--color-surface"):
            assert contrast(edge, surface, theme) >= 3, (edge, surface)
