"""What the shell around every page shows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import cast

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from console.issuer import Issuer
from console.public import public_address
from console.static_files import scripts
from console.team.models import Account, User
from console.team.roles import Action, Role, actions_of
from console.vault.models import ApiToken
from console.vault.queries import token_for
from workflows_ui.access import reader_of
from workflows_ui.budget import budget_of
from workflows_ui.presenters.budget import BudgetLook, budget_look
from workflows_ui.presenters.words import ago
from workflows_ui.queries.tokens import KeptToken

THEMES = tuple(User.Theme.values)


@dataclass(frozen=True, slots=True)
class NavItem:
    label: str
    url: str
    icon: str
    key: str
    current: bool
    warning: str = ""


class Console:
    """Read by base.html only; nothing is asked of the database before it is shown."""

    version = settings.VERSION

    @property
    def scripts(self) -> tuple[str, ...]:
        return scripts()

    @property
    def address(self) -> str:
        return public_address()

    @property
    def issuer(self) -> Issuer | None:
        return settings.ISSUER

    @property
    def sends_mail(self) -> bool:
        return settings.SENDS_MAIL

    @property
    def password_login(self) -> bool:
        return settings.PASSWORD_LOGIN

    def __init__(self, request: HttpRequest, *, knows_person: bool = True) -> None:
        """`knows_person` is False where the database may be what failed."""
        self.request = request
        self.knows_person = knows_person
        self.account: Account | None = getattr(request, "account", None)
        self.role = getattr(request, "role", "")
        self.role_label = Role(self.role).label if self.role in Role.values else ""

    @cached_property
    def person(self) -> User | None:
        user = getattr(self.request, "user", None) if self.knows_person else None
        return user if user is not None and user.is_authenticated else None

    @property
    def density(self) -> str:
        return self.person.density if self.person else User.Density.DENSE

    @cached_property
    def theme(self) -> str:
        """What the person chose, and on pages without one what this browser last had."""
        if self.person:
            return self.person.theme
        chosen = self.request.COOKIES.get("theme", "auto")
        return chosen if chosen in THEMES else "auto"

    @cached_property
    def accounts(self) -> list[Account]:
        return list(Account.objects.filter(members=self.person)) if self.person else []

    @cached_property
    def budget(self) -> BudgetLook | None:
        """The call budget of the token that the page was read with, else of the person's."""
        reader = getattr(self.request, "reader", "")
        if not reader and self.person and self.token:
            reader = reader_of(self.token)  # the rail asks for the token as well
        return budget_look(budget_of(reader)) if reader else None

    @cached_property
    def nav(self) -> list[NavItem]:
        if self.account is None:
            return []
        slug = self.account.slug
        entries = [
            ("Workflows", reverse("workflows_ui:workflow-list", args=[slug]), "workflow", "w"),
            ("Dashboards", reverse("workflows_ui:dashboard-list", args=[slug]), "dashboard", "d"),
            ("Trail", reverse("workflows_ui:trail-list", args=[slug]), "trail", "t"),
            ("Team", reverse("workflows_ui:member-list", args=[slug]), "team", "m"),
            ("Connection", reverse("workflows_ui:token-detail", args=[slug]), "key", "c"),
        ]
        if Action.ACCOUNT_MANAGE in actions_of(self.role):
            url = reverse("workflows_ui:account-settings", args=[slug])
            entries.append(("Settings", url, "settings", "s"))
        here = self.request.path
        return [
            NavItem(label, url, icon, key, here.startswith(url), self.warning_at(key))
            for label, url, icon, key in entries
        ]

    @cached_property
    def token(self) -> ApiToken | None:
        """The token that the person acts with here; the page asked already if it needed one."""
        if self.account is None or not self.account.needs_token:
            return None
        if hasattr(self.request, "token"):
            token: ApiToken | None = self.request.token
            return token
        return token_for(cast(User, self.request.user), self.account)

    @property
    def borrowed_from(self) -> str:
        """Whose token it is, if it isn't the person's own."""
        if self.token is None or self.token.owner_id == self.request.user.pk:
            return ""
        return self.token.owner.get_username()

    def warning_at(self, key: str) -> str:
        """What an entry of the rail warns of: one's own token that ends, or has ended."""
        if key != "c" or self.token is None or self.borrowed_from:
            return ""
        kept = KeptToken(self.token)
        if kept.has_ended or self.token.problem:
            return "Your token does not work any more"
        if kept.ends_soon and self.token.expires:
            return f"Your token ends {ago(self.token.expires)}"
        return ""

    @property
    def search_url(self) -> str:
        """The list that the bar's search leads to, from everywhere but that list itself."""
        if self.account is None:
            return ""
        url = reverse("workflows_ui:workflow-list", args=[self.account.slug])
        return "" if self.request.path == url else url


def console(request: HttpRequest) -> dict[str, Console]:
    return {"console": Console(request)}
