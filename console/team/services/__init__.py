"""Writes about people, accounts and who belongs where. Our own rows only; no call goes out."""

from console.team.services import accounts, groups, invitations, members, users

__all__ = ["accounts", "groups", "invitations", "members", "users"]
