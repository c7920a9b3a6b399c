"""The console's addresses, and an empty view behind the same middleware and log-in."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from console.urls import handler400, handler403, handler404, handler429, handler500

__all__ = ["handler400", "handler403", "handler404", "handler429", "handler500"]


def empty(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


urlpatterns = [path("empty/", empty), path("", include("console.urls"))]
