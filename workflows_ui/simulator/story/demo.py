"""The demonstration account: a shop with thousands of instances over four weeks.

Everything follows from the seed and the moment of the start; new instances keep coming.
"""

from __future__ import annotations

import gc

from workflows_ui.simulator.account import Account
from workflows_ui.simulator.clock import DAY
from workflows_ui.simulator.definitions import Retention
from workflows_ui.simulator.story import backoffice, commerce, people


def tell(account: Account) -> None:
    account.retention = Retention(success=30 * DAY, error=30 * DAY)
    for chapters in (commerce.chapters, backoffice.chapters, people.chapters):
        for chapter in chapters(account):
            chapter.tell(account)
    # Thousands of small objects are made here; the collector would look at them in vain.
    gc.disable()
    try:
        account.all_workflows()
    finally:
        gc.enable()
