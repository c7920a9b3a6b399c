from __future__ import annotations

from tests.views.ladder import ReadLadder, UpstreamErrorLadder

PATH = "workflows/orders/versions/"


class TestLadder(ReadLadder):
    path = PATH


class TestUpstreamErrors(UpstreamErrorLadder):
    path = PATH
