"""The console with a call budget that no run of tests uses up.

One console serves test after test, and together they may make more than 600 calls in five minutes:
then pages would be refreshed at half their pace, and whether a test sees that would hang on those
that ran before it.
"""

from __future__ import annotations

from limits import RateLimitItemPerSecond

from workflows_ui import budget

budget.CALLS = 12_000
budget.WINDOW = RateLimitItemPerSecond(budget.CALLS, budget.SECONDS)

# only now: what is loaded with it takes the number as it is
from console.wsgi import application  # noqa: E402

__all__ = ["application"]
