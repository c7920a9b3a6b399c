from __future__ import annotations

import os

import pytest
from django.contrib.auth import authenticate
from django.contrib.staticfiles.finders import get_finder
from django.core.management import CommandError, call_command
from django.test import override_settings

from console.audit.models import Entry
from console.team.models import Account, Membership, User
from console.team.roles import Role
from console.vault.models import ApiToken
from console.vault.sealing import unseal
from tests.factories import make_membership, make_user
from workflows_ui.management.commands.prepare import is_collected
from workflows_ui.models import Dashboard
from workflows_ui.services.accounts import DEMO_ACCOUNT_ID

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _demo(settings, closed_url):
    settings.SIMULATOR_URL = closed_url
    settings.DEMO_PASSWORD = "a demo battery 1"


def test_without_demo_there_is_nobody(capsys):
    call_command("prepare")
    assert not User.objects.exists()


def test_the_demo_is_ready_without_a_call_going_out(closed_url, capsys):
    call_command("prepare", demo=True)
    user = authenticate(username="demo", password="a demo battery 1")
    membership = Membership.objects.get(user=user)
    assert membership.role == Role.ADMIN
    account = membership.account
    assert (account.base_url, account.account_id) == (closed_url, DEMO_ACCOUNT_ID)
    assert ApiToken.objects.get(owner=user, account=account).status == "active"
    assert "a demo battery 1" not in capsys.readouterr().out


def test_again_changes_nothing_and_logs_nobody_out(capsys):
    call_command("prepare", demo=True)
    before = User.objects.get()
    call_command("prepare", demo=True)
    assert User.objects.get().password == before.password
    assert not Entry.objects.filter(action="token:replace").exists()
    assert Account.objects.count() == Membership.objects.count() == ApiToken.objects.count() == 1


def test_who_made_the_demo_is_in_the_trail(capsys):
    call_command("prepare", demo=True)
    told = {(row.action, row.actor_name, row.address) for row in Entry.objects.all()}
    assert ("user:create", "manage.py", "") in told
    assert ("account:connect", "demo", "manage.py") in told


def test_a_token_that_no_key_opens_any_more_is_put_in_place_again(settings, capsys):
    call_command("prepare", demo=True)
    settings.TOKEN_KEYS = ["b3RoZXIta2V5LW90aGVyLWtleS1vdGhlci1rZXktb3Q="]
    call_command("prepare", demo=True)
    row = ApiToken.objects.get()
    assert unseal(bytes(row.sealed), owner_id=row.owner_id, account_id=row.account_id)


def test_the_password_follows_the_setting(settings, capsys):
    call_command("prepare", demo=True)
    settings.DEMO_PASSWORD = "another battery 2"
    call_command("prepare", demo=True)
    assert authenticate(username="demo", password="another battery 2")
    assert not authenticate(username="demo", password="a demo battery 1")


def test_the_demo_user_is_admin_even_when_others_came_first(closed_url, capsys):
    first = Account.objects.create(
        slug="demo",
        name="Demo",
        kind=Account.Kind.CLOUDFLARE,
        base_url=closed_url,
        account_id=DEMO_ACCOUNT_ID,
    )
    make_membership(first, make_user(), Role.ADMIN)
    call_command("prepare", demo=True)
    assert Membership.objects.get(user__username="demo").role == Role.ADMIN


def test_a_demo_without_a_password_is_refused(settings):
    settings.DEMO_PASSWORD = ""
    with pytest.raises(CommandError, match="CONSOLE_DEMO_PASSWORD"):
        call_command("prepare", demo=True)
    assert not User.objects.exists()


def test_a_simulator_at_an_address_that_is_not_allowed_is_refused(settings):
    settings.SIMULATOR_URL = "http://10.0.0.1/client/v4"
    with pytest.raises(CommandError, match="CONSOLE_SIMULATOR_URL"):
        call_command("prepare", demo=True)
    assert not User.objects.exists()


def test_static_files_are_collected_when_one_is_newer(tmp_path, capsys):
    source, root = tmp_path / "source", tmp_path / "root"
    source.mkdir()
    (source / "a.css").write_text("a {}")
    storage = "console.static_files.ManifestStorage"
    with override_settings(
        STATIC_ROOT=root,
        STATICFILES_DIRS=[source],
        STATICFILES_FINDERS=["django.contrib.staticfiles.finders.FileSystemFinder"],
        STORAGES={"staticfiles": {"BACKEND": storage}},
    ):
        get_finder.cache_clear()
        assert not is_collected()
        call_command("prepare")
        assert is_collected()
        manifest = (root / "staticfiles.json").stat()
        os.utime(source / "a.css", (manifest.st_mtime + 5, manifest.st_mtime + 5))
        assert not is_collected()
    get_finder.cache_clear()


def test_static_files_served_as_they_are_need_no_collecting():
    assert is_collected()


def test_the_demo_starts_with_a_dashboard_and_a_lent_token_once(capsys):
    call_command("prepare", demo=True)
    board = Dashboard.objects.get()
    assert (board.title, board.shared, board.panels.count() > 3) == ("On call", True, True)
    assert ApiToken.objects.get().lent == ApiToken.Lent.DASHBOARDS
    board.delete()
    ApiToken.objects.update(lent=ApiToken.Lent.NONE)
    call_command("prepare", demo=True)
    assert not Dashboard.objects.exists()
    assert ApiToken.objects.get().lent == ApiToken.Lent.NONE
