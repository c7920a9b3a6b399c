from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from console.prepared import Prepared
from console.team.models import User
from tests.factories import make_user

pytestmark = pytest.mark.django_db

joined = Prepared(
    2, lambda name, after: User.objects.filter(username=name, date_joined__gt=after, is_active=True)
)


def test_each_call_asks_for_its_own_values():
    one, other = make_user(), make_user()
    long_ago = timezone.now() - timedelta(days=1)
    assert joined(one.username, long_ago) == [one]
    assert joined(other.username, long_ago) == [other]
    assert joined("nobody' OR ''='", long_ago) == []


def test_the_time_is_that_of_the_call():
    person = make_user()
    assert joined(person.username, person.date_joined - timedelta(seconds=1)) == [person]
    assert joined(person.username, person.date_joined) == []
    assert joined(person.username, person.date_joined - timedelta(microseconds=1)) == [person]


def test_constants_and_whole_objects_are_those_of_django():
    person = make_user()
    found = joined(person.username, person.date_joined - timedelta(seconds=1))[0]
    assert (found.email, found.date_joined, found.theme) == (
        person.email,
        person.date_joined,
        person.theme,
    )
    User.objects.filter(pk=person.pk).update(is_active=False)
    assert joined(person.username, person.date_joined - timedelta(seconds=1)) == []


def test_it_is_built_once():
    built = []

    def build(name):
        built.append(name)
        return User.objects.filter(username=name)

    named = Prepared(1, build)
    make_user(username="ada"), make_user(username="bo")
    assert [named(name)[0].username for name in ("ada", "bo", "ada")] == ["ada", "bo", "ada"]
    assert len(built) == 1
