from __future__ import annotations

from workflows_ui.cloudflare import Branch, Graph, Node
from workflows_ui.presenters.outline import outline, shape_of


def only(node: Node):
    return outline(Graph(version=1, class_name="X", nodes=(node,)))[0]


def test_a_step_shows_its_retry_policy_and_timeout():
    config = {"retries": {"limit": 5, "delay": 1000, "backoff": "linear"}, "timeout": "10 minutes"}
    item = only(Node(type="step_do", name="charge", fields={"config": config}))
    assert (item.kind, item.name) == ("do", "charge")
    assert item.detail == "5 retries, 1 s, linear, timeout 10 minutes"


def test_a_wait_names_its_event_and_deadline():
    options = {"event_type": "approve", "timeout": "24 hours"}
    item = only(Node(type="step_wait_for_event", name="ok", fields={"options": options}))
    assert item.detail == "approve within 24 hours"


def test_branches_name_their_conditions():
    step = Node(type="step_do", name="a")
    branches = (Branch(condition="x > 1", nodes=(step,)), Branch(condition=None, nodes=()))
    chosen = only(Node(type="if", branches=branches)).children
    assert [(child.kind, child.name) for child in chosen] == [("when", "x > 1"), ("else", "")]
    switch = Node(type="switch", branches=branches, fields={"discriminant": "kind"})
    cases = [(child.kind, child.name) for child in only(switch).children]
    assert cases == [("case", "x > 1"), ("default", "")]
    assert only(switch).detail == "on kind"


def test_try_blocks_and_functions_are_shown():
    step = Node(type="step_do", name="a")
    item = only(Node(type="try", blocks={"try": (step,), "finally": (step,)}))
    assert [child.kind for child in item.children] == ["try", "finally"]
    function = Node(type="function_def", name="notify", nodes=(step,))
    shown = outline(Graph(version=1, class_name="X", nodes=(), functions={"n": function}))
    assert (shown[0].kind, shown[0].children[0].name) == ("function def", "a")


def test_a_node_nobody_knows_is_shown_with_its_children():
    item = only(Node(type="wormhole", name="w", nodes=(Node(type="step_do", name="a"),)))
    assert (item.kind, item.children[0].name) == ("wormhole", "a")


def test_strange_fields_break_nothing():
    for kind in ("step_do", "step_sleep", "step_wait_for_event", "parallel", "switch", "start"):
        assert only(Node(type=kind, fields={"config": 7, "options": [], "kind": {}})).kind


def test_the_shape_of_params_is_told_by_field():
    inner = {"type": "object", "fields": {"city": {"type": "unknown"}}}
    payload = {"type": "object", "fields": {"order": {"type": "unknown"}, "to": inner}}
    assert shape_of(payload) == {"order": "unknown", "to": {"city": "unknown"}}
    assert shape_of({"type": "unknown"}) == "unknown"
    assert shape_of({"type": "list", "of": 1}) == {"type": "list", "of": 1}
    assert shape_of(None) is None
