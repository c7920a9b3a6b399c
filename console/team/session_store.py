"""Sessions in the database, as Django's own, found by a query that is built once."""

from __future__ import annotations

from typing import Any

from django.contrib.sessions.backends import db
from django.db.models import QuerySet
from django.utils import timezone

from console.prepared import Prepared


def live_session(key: Any, now: Any) -> QuerySet[Any]:
    # this module is loaded before models are
    sessions = db.SessionStore.get_model_class()._default_manager
    return sessions.filter(session_key=key, expire_date__gt=now)


live_sessions = Prepared(2, live_session)


class SessionStore(db.SessionStore):
    """Every request asks for its session first, and waits for that."""

    def _get_session_from_db(self) -> Any:
        found = live_sessions(self.session_key, timezone.now())
        if found:
            return found[0]
        self._session_key = None
        return None
