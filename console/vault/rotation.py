"""Sealing everything again with the first key, so that an older one can be taken away."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from allauth.mfa.models import Authenticator
from django.db import models, transaction

from console.vault.models import ApiToken
from console.vault.sealing import CannotOpen, reseal

LOT = 200
FACTS = ("secret", "seed")
"""Where a second factor keeps what was sealed for it."""

SEALED, ALREADY, OVERTAKEN = "sealed", "already", "overtaken"


@dataclass(slots=True)
class Rotated:
    """What became of how many rows; `broken` names those that no key opens."""

    counts: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)


def rotate(*, lot: int = LOT) -> Rotated:
    """Goes through all rows, a lot at a time; begun again it skips what is done.

    May run while the console serves: a row is held for no longer than its own write, and one that
    was replaced meanwhile is left as it is.
    """
    done = Rotated()
    for model, act in ((ApiToken, _token), (Authenticator, _factor)):
        for pk in _keys(model, lot):
            try:
                done.counts[act(pk)] += 1
            except CannotOpen:
                done.broken.append(f"{model._meta.verbose_name} {pk}")
    return done


def _keys(model: type[models.Model], lot: int) -> Iterator[int]:
    last = 0
    rows = model._default_manager.order_by("pk").values_list("pk", flat=True)
    while keys := list(rows.filter(pk__gt=last)[:lot]):
        yield from keys
        last = keys[-1]


def _token(pk: int) -> str:
    before = ApiToken.objects.filter(pk=pk).values_list("sealed", flat=True).first()
    if before is None:
        return OVERTAKEN
    after = reseal(bytes(before))
    if after is None:
        return ALREADY
    # only where it still is what was read: a token replaced since then must stay
    return (
        SEALED if ApiToken.objects.filter(pk=pk, sealed=before).update(sealed=after) else OVERTAKEN
    )


@transaction.atomic
def _factor(pk: int) -> str:
    row = Authenticator.objects.select_for_update().filter(pk=pk).first()
    if row is None:
        return OVERTAKEN
    resealed = {name: reseal(row.data[name].encode()) for name in FACTS if name in row.data}
    changed = {name: sealed.decode() for name, sealed in resealed.items() if sealed}
    if not changed:
        return ALREADY
    row.data |= changed
    row.save(update_fields=["data"])
    return SEALED
