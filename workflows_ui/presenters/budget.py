"""The call budget as the bar and its page show it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from workflows_ui.budget import CALLS, Budget
from workflows_ui.presenters.words import duration, number

AREA_LABELS = {
    "workflows": "Workflows",
    "lists": "Lists of instances",
    "instances": "Instances",
    "versions": "Versions",
    "acts": "Acts",
    "connection": "Connection",
    "sampling": "Background sampling",
    "walls": "Wall screens",
}


@dataclass(frozen=True, slots=True)
class BudgetLook:
    """`label` is empty while there is plenty; `title` says it in full."""

    left: int
    tone: str
    label: str
    title: str
    pace: str

    most = CALLS


def budget_look(budget: Budget) -> BudgetLook:
    left = f"{number(budget.left)} of {number(CALLS)} calls left"
    if budget.pause:
        pause = duration(timedelta(seconds=budget.pause))
        said = f"No calls for {pause}: the API asked to be left alone"
        return BudgetLook(0, "bad", f"paused {pause}", said, "Nothing is sent.")
    if budget.stretch == 1:
        return BudgetLook(budget.left, "", "", left, "Pages refresh at their usual pace.")
    tone = "warn" if budget.stretch == 2 else "bad"
    rate = "half" if budget.stretch == 2 else "a quarter"
    slower = f"Pages refresh {rate} as often."
    return BudgetLook(budget.left, tone, f"{number(budget.left)} left", f"{left}. {slower}", slower)
