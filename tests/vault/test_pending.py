from __future__ import annotations

import json
import time
from unittest.mock import patch

from django.contrib.sessions.backends.cache import SessionStore

from console.vault import pending

TOKEN = "cfut-Zk3TokenOfNobody"


def test_a_pasted_token_is_held_sealed_for_its_owner():
    session = SessionStore()
    pending.hold(session, TOKEN, owner_id=1, facts={"base_url": "https://api.example"})
    assert TOKEN not in json.dumps(dict(session.items()))
    kept = pending.held(session, owner_id=1)
    assert kept.token == TOKEN
    assert kept.facts == {"base_url": "https://api.example"}
    assert TOKEN not in repr(kept)


def test_nobody_else_gets_it():
    session = SessionStore()
    pending.hold(session, TOKEN, owner_id=1, facts={})
    assert pending.held(session, owner_id=2) is None
    assert pending.KEY not in session


def test_it_is_gone_after_ten_minutes():
    session = SessionStore()
    with patch("time.time", return_value=time.time() - 601):
        pending.hold(session, TOKEN, owner_id=1, facts={})
    assert pending.held(session, owner_id=1) is None
    assert pending.KEY not in session


def test_it_can_be_let_go():
    session = SessionStore()
    pending.let_go(session)
    pending.hold(session, TOKEN, owner_id=1, facts={})
    pending.let_go(session)
    assert pending.held(session, owner_id=1) is None
