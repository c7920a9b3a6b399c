"""A form acts once, however often it is sent: by a double click, by Back, by a reload."""

from __future__ import annotations

import time
from datetime import timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from console.team.models import User
from workflows_ui.models import SentForm

REMEMBERED = timedelta(days=3)
LOOKS, PAUSE = 20, 0.15
"""How often a sending under way is looked at, and the seconds between."""


class AlreadySent(Exception):
    """The form was sent before. `led_to` is where that led; empty while it is under way."""

    def __init__(self, led_to: str) -> None:
        super().__init__(led_to)
        self.led_to = led_to


def form_claim(*, user: User, key: UUID) -> SentForm:
    """Takes the key of a form for this one sending. Raises AlreadySent."""
    SentForm.objects.filter(user=user, sent__lt=timezone.now() - REMEMBERED).delete()
    try:
        with transaction.atomic():
            return SentForm.objects.create(user=user, key=key)
    except IntegrityError:
        led_to = SentForm.objects.filter(user=user, key=key).values_list("led_to", flat=True)
        raise AlreadySent(led_to.first() or "") from None


def form_claim_in_turn(*, user: User, key: UUID) -> SentForm:
    """The same, but waits a little for a sending that is under way: the answer to the second of
    two clicks is the one that is seen."""
    try:
        return form_claim(user=user, key=key)
    except AlreadySent as before:
        if before.led_to:
            raise
    form_sent(user=user, key=key)
    return form_claim(user=user, key=key)


def form_sent(*, user: User, key: UUID) -> str | None:
    """Where an earlier sending of the form led; None when there was none that did something.

    One that is under way is waited for a little; empty when it still is.
    """
    for _ in range(LOOKS):
        led_to = SentForm.objects.filter(user=user, key=key).values_list("led_to", flat=True)
        found = led_to.first()
        if found != "":
            break
        time.sleep(PAUSE)
    return found


def form_led_to(form: SentForm, url: str) -> None:
    """Notes where the sending led, for whoever sends it again."""
    SentForm.objects.filter(pk=form.pk).update(led_to=url)


def form_release(form: SentForm) -> None:
    """Gives the key back after nothing was done: the same form may be sent again."""
    SentForm.objects.filter(pk=form.pk).delete()
