"""Links between the pages of a cursor list, which by itself only leads forward."""

from __future__ import annotations

from django.http import QueryDict

REMEMBERED = 20


class Trail:
    """The cursors walked so far stand in the address, so that a page can be shared, reloaded and
    left backwards."""

    def __init__(self, query: QueryDict, following: str | None) -> None:
        self.query = query
        self.here = query.get("cursor", "")
        self.walked = query.getlist("walked")[-REMEMBERED:]
        self.following = following
        told = query.get("page", "")
        known = len(self.walked) + 1 + bool(self.here and not self.walked)
        self.page = (
            int(told)
            if self.here and told.isascii() and told.isdigit() and len(told) < 7
            else known
        )

    @property
    def next_url(self) -> str:
        if not self.following:
            return ""
        return self.link(self.following, [*self.walked, self.here or "-"], self.page + 1)

    @property
    def previous_url(self) -> str:
        if not self.here:
            return ""
        if not self.walked:
            return self.first_url
        before = self.walked[-1]
        return self.link("" if before == "-" else before, self.walked[:-1], self.page - 1)

    @property
    def first_url(self) -> str:
        return self.link("", [], 1)

    def link(self, cursor: str, walked: list[str], page: int) -> str:
        query = self.query.copy()
        for name in ("cursor", "walked", "page", "id"):
            query.pop(name, None)
        if cursor:
            query["cursor"] = cursor
            query["page"] = str(page)
            query.setlist("walked", walked[-REMEMBERED:])
        return f"?{query.urlencode()}"
