"""Steering an instance through its params, for tests and demonstrations.

`{"simulate": {...}}` inside the params of any instance:

| key | effect |
|---|---|
| `step_seconds` | how long every step takes |
| `sleep_seconds` | how long every sleep takes, whatever the workflow says |
| `wait_seconds` | the timeout of every waitForEvent |
| `fail_step` | name of the step (without counter) that fails |
| `error` | its error: a message, or `{"name": ..., "message": ...}` |
| `fail_attempts` | how many attempts fail (all of them when left out) |
| `fail_rollback` | name of the step whose rollback handler fails, with the same `error` |
| `retry_limit`, `retry_delay_seconds`, `backoff` | the retry configuration of every step |
| `steps` | the run is this many steps named `step 1`, `step 2`, … instead of the workflow's own |
| `output` | what the run returns |
| `sensitive`, `stream_bytes` | every step is sensitive / returns a binary stream of that size |
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, cast

from workflows_ui.simulator.clock import SECOND
from workflows_ui.simulator.ops import Backoff, Config, Do, Failure, Flow, Op, Sleep, Wait

ALWAYS = 1_000_000
LIVE_STEP = (700, 4_000)
LIVE_SLEEP = 8_000
BULK_STEP, LIVE_BULK_STEP = 100, 15
MOST = 50_000_000  # of seconds, steps or bytes


@dataclass(frozen=True, slots=True)
class Steering:
    """The `simulate` object of the params, or an empty one."""

    options: dict[str, Any]
    human_scale: bool = False

    @classmethod
    def of(cls, params: object, *, human_scale: bool) -> Steering:
        found = params.get("simulate") if isinstance(params, dict) else None
        return cls(found if isinstance(found, dict) else {}, human_scale)

    @property
    def idle(self) -> bool:
        return not self.options and not self.human_scale

    def flow(self, own: Flow) -> Flow:
        """The workflow's own flow, or the plain one that `steps` asks for."""
        steps = self._number("steps")
        if steps is None and "output" not in self.options:
            return own
        return self._replaced(own, steps)

    def _replaced(self, own: Flow, steps: float | None) -> Flow:
        result: Any = None
        if steps is None:
            result = yield from own
        else:
            for index in range(int(steps)):
                yield Do(f"step {index + 1}", ms=BULK_STEP - 1, output={"index": index})
            result = {"steps": int(steps)}
        return self.options.get("output", result)

    def op(self, op: Op, *, rolling_back: bool) -> Op:
        """The operation as this instance carries it out."""
        if self.idle:
            return op
        match op:
            case Do():
                return self._step(op, "fail_rollback" if rolling_back else "fail_step")
            case Sleep():
                return self._sleep(op)
            case Wait():
                seconds = self._number("wait_seconds")
                return op if seconds is None else replace(op, timeout=round(seconds * SECOND))
        return op

    def _step(self, op: Do, fail_key: str) -> Do:
        seconds = self._number("step_seconds")
        if seconds is not None:
            op = replace(op, ms=round(seconds * SECOND), fail_ms=None)
        elif self.human_scale and op.ms <= BULK_STEP:
            op = replace(op, ms=min(op.ms, LIVE_BULK_STEP), fail_ms=None)
        elif self.human_scale:
            op = replace(op, ms=min(max(op.ms, LIVE_STEP[0]), LIVE_STEP[1]), fail_ms=None)
        if {"retry_limit", "retry_delay_seconds", "backoff"} & self.options.keys():
            op = replace(op, config=self._config(op.config))
        if self.options.get("sensitive"):
            op = replace(op, sensitive=True)
        size = self._number("stream_bytes")
        if size is not None:
            op = replace(op, stream=bytes(index % 256 for index in range(int(size))))
        if self.options.get(fail_key) == op.name:
            fails = self._number("fail_attempts")
            op = replace(op, fails=ALWAYS if fails is None else int(fails), failure=self._failure())
        return op

    def _sleep(self, op: Sleep) -> Sleep:
        seconds = self._number("sleep_seconds")
        if seconds is not None:
            return Sleep(op.name, round(seconds * SECOND))
        if not self.human_scale:
            return op
        return Sleep(op.name, LIVE_SLEEP if op.until is not None else min(op.ms, LIVE_SLEEP))

    def _config(self, config: Config) -> Config:
        limit = self._number("retry_limit")
        delay = self._number("retry_delay_seconds")
        backoff = self.options.get("backoff")
        known = backoff in ("constant", "linear", "exponential")
        return replace(
            config,
            limit=config.limit if limit is None else int(limit),
            delay=config.delay if delay is None else round(delay * SECOND),
            backoff=cast(Backoff, backoff) if known else config.backoff,
        )

    def _failure(self) -> Failure:
        error = self.options.get("error", "simulated failure")
        if isinstance(error, dict):
            name, message = error.get("name", "Error"), error.get("message", "")
            return Failure(str(name), str(message))
        return Failure("Error", str(error))

    def _number(self, key: str) -> float | None:
        value = self.options.get(key)
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            return None
        return min(value, MOST)
