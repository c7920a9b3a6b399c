"""How a page looks, light and dark, wide and narrow."""

from __future__ import annotations

from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

SHOTS = Path(__file__).resolve().parent.parent.parent / "test-results"
WIDTHS = (1280, 360)
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
ALL_RULES = {"resultTypes": ["violations"]}
# the same document: nothing else can depend on its colours
COLOUR_RULES = ALL_RULES | {"runOnly": ["color-contrast", "link-in-text-block"]}


def look_at(page: Page, name: str) -> None:
    """Takes its pictures; nothing sticks out, nobody is left out."""
    SHOTS.mkdir(exist_ok=True)
    for theme, rules in {"light": ALL_RULES, "dark": COLOUR_RULES}.items():
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            page.screenshot(path=SHOTS / f"{name}-{theme}-{width}.png")
            assert page.evaluate(OVERFLOW) <= 0, f"{name} is too wide at {width}"
            results = Axe().run(page, options=rules)
            assert results.violations_count == 0, results.generate_report()
