from __future__ import annotations

import pytest

from console.team.roles import Action, Role, actions_of, may

READS = {Action.WORKFLOW_VIEW, Action.MEMBER_VIEW, Action.TRAIL_VIEW}
OPERATES = {
    Action.INSTANCE_TRIGGER,
    Action.INSTANCE_EVENT,
    Action.INSTANCE_PAUSE,
    Action.INSTANCE_RESUME,
    Action.INSTANCE_RESTART,
}


def test_the_table_of_roles_is_the_one_that_was_decided():
    assert actions_of(Role.VIEWER) == READS
    assert actions_of(Role.OPERATOR) == READS | OPERATES
    assert actions_of(Role.ADMIN) == set(Action)
    assert actions_of("owner") == set()


@pytest.mark.parametrize(
    ("workflow", "limits", "allowed"),
    [
        ("billing-run", [], True),
        ("billing-run", ["billing-*"], True),
        ("billing-run", ["orders", "billing-???"], True),
        ("Billing-run", ["billing-*"], False),
        ("billing", ["billing-*"], False),
        ("pre-billing-run", ["billing-*"], False),
        ("", ["*"], False),
        ("anything", ["*"], True),
    ],
)
def test_limits_bind_an_operator_to_what_fits_a_glob(workflow, limits, allowed):
    for action in OPERATES:
        assert may(Role.OPERATOR, action, workflow=workflow, limits=limits) is allowed


def test_limits_bind_no_reading_no_admin_and_give_nobody_more():
    for action in READS:
        assert may(Role.OPERATOR, action, limits=["billing-*"])
    assert may(Role.ADMIN, Action.INSTANCE_DELETE, workflow="orders", limits=["billing-*"])
    assert not may(Role.VIEWER, Action.INSTANCE_TRIGGER, workflow="orders", limits=["*"])
    assert not may(Role.OPERATOR, Action.INSTANCE_DELETE, workflow="orders", limits=["*"])
