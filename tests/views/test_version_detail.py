from __future__ import annotations

from tests.views.ladder import ReadLadder, UpstreamErrorLadder

PATH = "workflows/orders/versions/7be4f0a1-3f0d-4d39-8a1e-5e0c6b0b9e02/"


class TestLadder(ReadLadder):
    path = PATH


class TestUpstreamErrors(UpstreamErrorLadder):
    path = PATH
