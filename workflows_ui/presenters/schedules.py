"""When schedules fire."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice

from cronsim import CronSim, CronSimError

RUNS_SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class CronRuns:
    """A schedule and its next runs; `problem` instead where it can't be read."""

    cron: str
    runs: tuple[datetime, ...] = ()
    problem: str = ""


def cron_runs(crons: Iterable[str]) -> tuple[CronRuns, ...]:
    """The next runs of each schedule, counted in UTC from now on."""
    return tuple(runs_of(cron) for cron in crons)


def runs_of(cron: str) -> CronRuns:
    try:
        coming = CronSim(cron, datetime.now(UTC))
        runs = tuple(islice(coming, RUNS_SHOWN))
    except CronSimError as error:
        return CronRuns(cron=cron, problem=str(error))
    return CronRuns(cron=cron, runs=runs, problem="" if runs else "It never fires")
