from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.forms import BaseUserCreationForm

from console.team.models import User


class NewUserForm(BaseUserCreationForm[User]):
    """Somebody who was invited and has no user so far: the password rules are those of all."""

    class Meta:
        model = User
        fields: ClassVar = ["username"]
