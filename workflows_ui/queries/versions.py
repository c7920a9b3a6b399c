"""Reads of versions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from workflows_ui import cloudflare as cf
from workflows_ui.access import Access
from workflows_ui.presenters.outline import OutlineItem, outline, shape_of
from workflows_ui.queries.reads import Reading, read
from workflows_ui.side_by_side import both

PER_PAGE = 50
# a version is made once and never changes
UNCHANGING_SECONDS = 300


@dataclass(frozen=True, slots=True)
class VersionView:
    version: cf.Version
    outline: tuple[OutlineItem, ...] | None
    payload: cf.Json


def version_page(access: Access, workflow: str, page: int) -> Reading[cf.Page[cf.Version]]:
    """A page of versions, newest first (4.19)."""
    return read(
        access.reader,
        f"versions:{workflow}:{page}",
        partial(access.api.list_versions, workflow, page=page, per_page=PER_PAGE),
    )


def version_view(access: Access, workflow: str, version: str) -> VersionView:
    """A version and the outline of its graph, read side by side (4.20, 4.21).

    `outline` is None for a version that has no graph (Python, or not to be parsed).
    """
    about, drawn = both(
        partial(version_reading, access, workflow, version),
        partial(graph_of, access, workflow, version),
    )
    if drawn is None:
        return VersionView(about.value, None, None)
    return VersionView(about.value, outline(drawn), shape_of(drawn.payload))


def version_reading(access: Access, workflow: str, version: str) -> Reading[cf.Version]:
    return read(
        access.reader,
        f"version:{workflow}:{version}",
        partial(access.api.get_version, workflow, version),
        fresh=UNCHANGING_SECONDS,
    )


def graph_of(access: Access, workflow: str, version: str) -> cf.Graph | None:
    try:
        reading = read(
            access.reader,
            f"graph:{workflow}:{version}",
            partial(access.api.get_version_graph, workflow, version),
            fresh=UNCHANGING_SECONDS,
        )
    except cf.NotFound:
        # the version itself tells when it is really missing
        return None
    return reading.value.graph
