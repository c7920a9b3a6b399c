from __future__ import annotations

import doctest

from workflows_ui.presenters import panels


def test_the_examples_in_the_module_hold():
    assert doctest.testmod(panels).failed == 0
