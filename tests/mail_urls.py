"""The console's addresses where mail goes out: what `console.team.urls` adds by a setting."""

from django.urls import include, path

from console.team.urls import reset_urlpatterns
from console.urls import *  # noqa: F403
from console.urls import urlpatterns as usual

urlpatterns = [*usual, path("person/", include(reset_urlpatterns))]
