from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe


@login_not_required
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers. Nothing else is asked."""
    return HttpResponse("ok", content_type="text/plain")


@login_not_required
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """The console can serve people: the database answers and has every migration."""
    try:
        migrations = "ok" if is_migrated() else "not applied"
    except DatabaseError:
        # without the reason: it may hold the address and the user of the database
        return JsonResponse({"database": "unreachable"}, status=503)
    answer = {"database": "ok", "migrations": migrations}
    return JsonResponse(answer, status=200 if migrations == "ok" else 503)


def is_migrated() -> bool:
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())
