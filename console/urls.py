from django.conf import settings
from django.urls import include, path
from django.views.generic import TemplateView

from workflows_ui.views import accounts, first_start, health, person, preferences

urlpatterns = [
    path("", accounts.home, name="home"),
    path("welcome/", first_start.first_start, name="first-start"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("preferences/", preferences.preferences, name="preferences"),
    path("person/", person.person_detail, name="person"),
    path("person/email/", person.person_email, name="person-email"),
    path("person/issuer/", person.person_issuer, name="person-issuer"),
    path("person/", include("console.team.urls")),
    path("", include("workflows_ui.urls")),
]

if settings.DEBUG:
    urlpatterns += [path("gallery/", TemplateView.as_view(template_name="gallery.html"))]

handler400 = "workflows_ui.views.errors.bad_request"
handler403 = "workflows_ui.views.errors.permission_denied"
handler404 = "workflows_ui.views.errors.not_found"
handler429 = "workflows_ui.views.errors.too_many_requests"
handler500 = "workflows_ui.views.errors.server_error"
