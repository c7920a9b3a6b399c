from __future__ import annotations

from tests.views.ladder import ReadLadder, UpstreamErrorLadder

PATH = "workflows/orders/instances/order-1/step/?name=charge-1&type=step"


class TestLadder(ReadLadder):
    path = PATH


class TestUpstreamErrors(UpstreamErrorLadder):
    path = PATH
