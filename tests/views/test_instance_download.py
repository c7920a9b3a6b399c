from __future__ import annotations

from tests.views.ladder import ReadLadder, UpstreamErrorLadder

PATH = "workflows/orders/instances/order-1/download/?what=params"


class TestLadder(ReadLadder):
    path = PATH


class TestUpstreamErrors(UpstreamErrorLadder):
    path = PATH
