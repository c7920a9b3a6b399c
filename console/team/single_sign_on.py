"""Log-in through the operator's OpenID Connect issuer: what is asked of it, and whom it lets in."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Any

from allauth.account.models import EmailAddress
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin, SocialToken
from allauth.socialaccount.providers.base import AuthProcess
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from console.issuer import the_issuer

KEPT = ("iss", "sub", "name", "preferred_username", "email", "email_verified", "_claim_names")


def nonce_of(code_verifier: str) -> str:
    """What the id token has to repeat: bound to this browser's session, where the verifier is."""
    digest = hashlib.sha256(b"nonce:" + code_verifier.encode()).digest()
    return urlsafe_b64encode(digest).decode().rstrip("=")


class IssuerClient(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]
    """Talks to the issuer, and believes it only what allauth and the checks here confirm."""

    code_verifier = ""

    @property
    def openid_config(self) -> dict[str, Any]:
        config: dict[str, Any] = super().openid_config
        if str(config.get("issuer", "")).rstrip("/") != the_issuer().url:
            raise OAuth2Error("The issuer's own description names another issuer.")
        return config

    def get_access_token_data(
        self, request: HttpRequest, app: Any, client: Any, pkce_code_verifier: str | None = None
    ) -> Any:
        self.code_verifier = pkce_code_verifier or ""
        return super().get_access_token_data(request, app, client, pkce_code_verifier)

    def complete_login(
        self, request: HttpRequest, app: Any, token: SocialToken, **kwargs: Any
    ) -> SocialLogin:
        """Raises OAuth2Error when the answer isn't one to this very log-in."""
        encoded = kwargs["response"].get("id_token")
        if not encoded:
            raise OAuth2Error("The issuer sent no id token.")
        claims = self._decode_id_token(app, encoded)
        if not self.code_verifier or claims.get("nonce") != nonce_of(self.code_verifier):
            raise OAuth2Error("The id token was not made for this log-in.")
        if "userinfo_endpoint" in self.openid_config:
            more = self._fetch_user_info(token.token)
            if more.get("sub") != claims.get("sub"):
                raise OAuth2Error("The user info is about somebody else than the id token.")
            claims = more | claims
        if not claims.get("sub"):
            raise OAuth2Error("The id token names nobody.")
        return self.get_provider().sociallogin_from_response(request, claims)


class IssuerProvider(OpenIDConnectProvider):  # type: ignore[misc]
    oauth2_adapter_class = IssuerClient

    def get_pkce_params(self) -> dict[str, str]:
        params: dict[str, str] = super().get_pkce_params()
        return params | {"nonce": nonce_of(params["code_verifier"])}

    def get_redirect_from_request_kwargs(self, request: HttpRequest) -> dict[str, Any]:
        """Nothing of what is asked of the issuer comes from the address."""
        kwargs: dict[str, Any] = super().get_redirect_from_request_kwargs(request)
        again = {"prompt": "login"} if "again" in request.POST else {}
        connect = request.POST.get("process") == AuthProcess.CONNECT
        process = AuthProcess.CONNECT if connect else AuthProcess.LOGIN
        return kwargs | {"process": process, "scope": self.get_scope(), "auth_params": again}

    def extract_uid(self, data: Mapping[str, Any]) -> str:
        """Unique among issuers too: another one's `sub` must not open somebody's door."""
        return hashlib.sha256(f"{data['iss']}\n{data['sub']}".encode()).hexdigest()

    def extract_extra_data(self, data: Mapping[str, Any]) -> dict[str, Any]:
        kept = (*KEPT, the_issuer().groups_claim)
        return {name: data[name] for name in kept if name in data}

    def extract_common_fields(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """An address that the issuer didn't verify is nobody's, so it is not taken over."""
        fields: dict[str, Any] = super().extract_common_fields(data)
        return fields | {"email": verified_email(data)}

    def extract_email_addresses(self, data: Mapping[str, Any]) -> list[Any]:
        email = verified_email(data)
        return super().extract_email_addresses({"email": email, "email_verified": True})  # type: ignore[no-any-return]


def verified_email(claims: Mapping[str, Any]) -> str:
    """The person's address, if the issuer (or the operator in its place) vouches for it."""
    vouched = the_issuer().trusts_email or claims.get("email_verified") in (True, "true")
    return str(claims.get("email") or "") if vouched else ""


class IssuerAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Whom the issuer lets in.

    No log-in is ever linked to a user by an address: whoever has a user here connects it while
    logged in. So an issuer, or whoever can set an address there, takes over nobody.
    """

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        email = verified_email(sociallogin.account.extra_data)
        domains = the_issuer().domains
        if domains and email.rpartition("@")[2].lower() not in domains:
            said = str(sociallogin.account.extra_data.get("email") or "")
            raise refused(request, "domain", email=said, verified=bool(email))
        connecting = sociallogin.state.get("process") == AuthProcess.CONNECT
        if email and not connecting and not sociallogin.is_existing and is_taken(email):
            raise refused(request, "taken", email=email)

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """Whoever got as far as this is let in by the issuer and by its domain."""
        return True

    def on_authentication_error(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        error = kwargs.get("error")
        raise refused(request, "cancelled" if error == "cancelled" else "failed")

    def get_connect_redirect_url(self, request: HttpRequest, socialaccount: Any) -> str:
        return reverse("person")


def is_taken(email: str) -> bool:
    """Whether another user has it, vouched for as well. One that somebody merely typed into their
    profile keeps nobody out."""
    return bool(EmailAddress.objects.is_verified(email))


def refused(request: HttpRequest, why: str, **facts: Any) -> ImmediateHttpResponse:
    """An exception that answers with the page that says why nobody was logged in."""
    return ImmediateHttpResponse(refusal_page(request, why, **facts))


def refusal_page(request: HttpRequest, why: str, **facts: Any) -> HttpResponse:
    context = {"why": why, "issuer": the_issuer(), **facts}
    return render(request, "socialaccount/refused.html", context, status=403)
