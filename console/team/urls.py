"""The pages of allauth that we use, under its own names. Sign-up answers that it is closed.

Whatever changes how somebody gets in asks first who it is.
"""

from allauth.account import views
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as keys
from allauth.usersessions import views as sessions
from django.conf import settings
from django.urls import path, re_path
from django.views.decorators.http import require_http_methods

from console.issuer import PROVIDER_ID
from console.team import views as ours
from console.team.reauthentication import confirm_identity

confirmed = confirm_identity()
ISSUER = {"provider_id": PROVIDER_ID}  # there is one; allauth names it in every address

urlpatterns = [
    path("login/", views.login, name="account_login"),
    path("logout/", views.logout, name="account_logout"),
    path("inactive/", views.account_inactive, name="account_inactive"),
    path("signup/", views.signup, name="account_signup"),
    path("reauthenticate/", views.reauthenticate, name="account_reauthenticate"),
    path("password/change/", ours.password_change, name="account_change_password"),
    path("oidc/login/", ours.issuer_log_in, ISSUER, name="openid_connect_login"),
    path("oidc/login/callback/", ours.issuer_answer, ISSUER, name="openid_connect_callback"),
    path("oidc/confirm/", ours.issuer_confirm, name="issuer_confirm"),
    path("sessions/", sessions.list_usersessions, name="usersessions_list"),
    path("second-factor/", mfa.index, name="mfa_index"),
    path("second-factor/authenticate/", mfa.authenticate, name="mfa_authenticate"),
    path("second-factor/reauthenticate/", mfa.reauthenticate, name="mfa_reauthenticate"),
    path("second-factor/app/", confirmed(totp.activate_totp), name="mfa_activate_totp"),
    path("second-factor/app/remove/", confirmed(totp.deactivate_totp), name="mfa_deactivate_totp"),
    path(
        "second-factor/codes/", confirmed(codes.view_recovery_codes), name="mfa_view_recovery_codes"
    ),
    path(
        "second-factor/codes/generate/",
        confirmed(codes.generate_recovery_codes),
        name="mfa_generate_recovery_codes",
    ),
    path(
        "second-factor/codes/download/",
        confirmed(codes.download_recovery_codes),
        name="mfa_download_recovery_codes",
    ),
    path("second-factor/keys/", keys.list_webauthn, name="mfa_list_webauthn"),
    path("second-factor/keys/add/", confirmed(keys.add_webauthn), name="mfa_add_webauthn"),
    path("second-factor/keys/login/", keys.login_webauthn, name="mfa_login_webauthn"),
    path(
        "second-factor/keys/reauthenticate/",
        keys.reauthenticate_webauthn,
        name="mfa_reauthenticate_webauthn",
    ),
    path("second-factor/keys/<int:pk>/", confirmed(keys.edit_webauthn), name="mfa_edit_webauthn"),
    path(
        "second-factor/keys/<int:pk>/remove/",
        confirmed(keys.remove_webauthn),
        name="mfa_remove_webauthn",
    ),
]

reset_urlpatterns = [
    path("password/reset/", views.password_reset, name="account_reset_password"),
    path("password/reset/sent/", views.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^password/reset/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        views.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "password/reset/done/",
        views.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
]

# allauth's own views would take PUT for POST and answer OPTIONS
for entry in (*urlpatterns, *reset_urlpatterns):
    entry.callback = require_http_methods(["GET", "HEAD", "POST"])(entry.callback)

if settings.SENDS_MAIL and settings.PASSWORD_LOGIN:
    urlpatterns += reset_urlpatterns
