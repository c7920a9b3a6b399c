"""One run of an instance: its steps, timers and waiters, moved along in simulated time.

Nothing happens between two calls: `advance(until)` carries out, in order, whatever falls due up to
that moment. The transitions are those of the API reference, section 7.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from workflows_ui.simulator.durations import as_duration
from workflows_ui.simulator.ops import (
    Attempt,
    Do,
    Entry,
    Failure,
    Flow,
    Op,
    Parallel,
    Sleep,
    StepFailed,
    Wait,
    timed_out,
    too_many_steps,
)
from workflows_ui.simulator.slots import Slots
from workflows_ui.simulator.steering import Steering
from workflows_ui.simulator.tasks import Group, Outcome, Task
from workflows_ui.simulator.timers import Timer, Timers

Phase = Literal["queued", "active", "waitingForPause", "paused", "rollingBack", "ended"]
EndStatus = Literal["complete", "errored", "terminated"]
Key = tuple[str, str, int]
STEP_LIMIT = 10_000


@dataclass(slots=True)
class Termination:
    """The entry that a terminate command leaves among the steps."""

    source: str
    type: Literal["termination"] = "termination"


@dataclass(slots=True, eq=False)
class Waiter:
    task: Task
    entry: Entry
    timer: Timer


@dataclass(slots=True)
class Rollback:
    outcome: Literal["complete", "failed"]
    failure: Failure | None


Ready = list[Outcome]


@dataclass(eq=False)
class Run:
    flow: Flow
    queued_at: int
    latency: int = 150
    steering: Steering = field(default_factory=lambda: Steering({}))
    slots: Slots | None = None
    step_limit: int = STEP_LIMIT
    memo: dict[Key, Entry] = field(default_factory=dict)
    on_grant: Callable[[], None] = lambda: None

    def __post_init__(self) -> None:
        self.phase: Phase = "queued"
        self.end_status: EndStatus | None = None
        self.started: int | None = None
        self.ended: int | None = None
        self.changed = self.queued_at
        self.now = self.queued_at
        self.output: Any = None
        self.failure: Failure | None = None
        self.rollback: Rollback | None = None
        # What a restart keeps is seen at once; the replay then records it again.
        self.entries: list[Entry | Termination] = list(self.memo.values())
        self._awake = False  # executing, with a slot
        self._executing = 0
        self._paused_at = 0
        self._ending: tuple[EndStatus, Failure | None] = ("terminated", None)
        self._timers = Timers()
        self._counters: dict[tuple[str, str], int] = defaultdict(int)
        self._steps = 0
        self._waiters: dict[str, deque[Waiter]] = defaultdict(deque)
        self._events: dict[str, deque[Any]] = defaultdict(deque)
        self._root = Task(self.steering.flow(self.flow))
        self._held: list[tuple[Callable[..., None], tuple[Any, ...]]] = [
            (self._drive, (self._root,))
        ]
        self._timers.set(self.queued_at + self.latency, self._request_slot)

    # --- what it looks like ---

    @property
    def status(self) -> str:
        if self.phase == "active":
            return "running" if self._awake else "waiting"
        return self.end_status or self.phase

    @property
    def next_due(self) -> int | None:
        """When something happens by itself, if nobody commands anything."""
        return None if self.phase == "paused" else self._timers.next_due

    def step_entries(self) -> list[Entry]:
        """Steps, sleeps and waits; neither rollbacks nor the termination."""
        return [
            entry for entry in self.entries if isinstance(entry, Entry) and entry.type != "rollback"
        ]

    # --- time ---

    def advance(self, until: int) -> None:
        """Carry out everything that falls due up to and including `until`."""
        while self.phase != "paused" and (found := self._timers.pop(until)):
            self.now, timer = found
            self.changed = self.now
            timer.handle(*timer.args)
            self._settle()
        self.now = max(self.now, until)

    def grant(self, at: int) -> None:
        """A slot became free for this queued run."""
        self._timers.set(at, self._granted)
        self.on_grant()

    # --- commands; the caller has checked that they are allowed and advanced to the moment ---

    def pause(self) -> None:
        self.changed = self.now
        self.phase = "waitingForPause"
        self._settle()

    def resume(self) -> None:
        self.changed = self.now
        if self.phase == "waitingForPause":
            self.phase = "active"
            self._flush()
            self._settle()
            return
        self._timers.shift(self.now - self._paused_at)
        self.phase = "queued"
        self._timers.set(self.now + self.latency, self._request_slot)

    def terminate(self, *, rollback: bool) -> None:
        self.changed = self.now
        self.entries.append(Termination("api"))
        self._stop()
        if rollback and self.phase != "rollingBack":
            self._roll_back("terminated", None)
        else:
            self._end("terminated")

    def send_event(self, event_type: str, payload: Any) -> None:
        """Deliver to the oldest waiter of that type, else keep until one comes."""
        self.changed = self.now
        self._events[event_type].append(payload)
        if self.phase == "active":
            self._deliver()
            self._settle()

    def abandon(self) -> None:
        """Stop without an end, for a restart or a deletion."""
        self._stop()
        self.phase = "ended"

    # --- running, waiting, queued ---

    def _request_slot(self) -> None:
        if self.slots is None or self.slots.enter(self):
            self._granted()

    def _granted(self) -> None:
        self.phase = "active"
        self._awake = True
        if self.started is None:
            self.started = self.now
            self.entries.clear()
        self._flush()

    def _flush(self) -> None:
        held, self._held = self._held, []
        for action, args in held:
            self._proceed(action, *args)
        self._deliver()

    def _proceed(self, action: Callable[..., None], *args: Any) -> None:
        """Go on with something if the run may execute now; else keep it until it may."""
        if self.phase in ("rollingBack", "ended"):
            if self.phase == "rollingBack":
                action(*args)
            return
        if self.phase == "active" and (self._awake or self._wake()):
            action(*args)
        else:
            self._held.append((action, args))

    def _wake(self) -> bool:
        if self.slots is None or self.slots.enter(self):
            self._awake = True
            return True
        self.phase = "queued"
        return False

    def _settle(self) -> None:
        if self._executing or not (self._awake or self.phase == "waitingForPause"):
            return
        if self.phase == "waitingForPause":
            self.phase = "paused"
            self._paused_at = self.now
        if self.phase in ("active", "paused"):
            self._release()

    def _release(self) -> None:
        self._awake = False
        if self.slots is not None:
            self.slots.leave(self, self.now)

    # --- flows ---

    def _drive(self, task: Task, value: Any = None, failure: Failure | None = None) -> None:
        ready: Ready = [Outcome(task, value, failure)]
        while ready:
            last = ready.pop()
            task = last.task
            try:
                if last.failure is not None:
                    op = task.flow.throw(StepFailed(last.failure))
                else:
                    op = task.flow.send(last.value)
            except StopIteration as stop:
                self._task_done(task, stop.value, None, ready)
            except StepFailed as signal:
                self._task_done(task, None, signal.failure, ready)
            except Exception as error:
                # Params nobody foresaw: what a Worker's code would answer to them.
                self._task_done(task, None, Failure("TypeError", str(error)), ready)
            else:
                self._begin(task, op, ready)

    def _task_done(self, task: Task, value: Any, failure: Failure | None, ready: Ready) -> None:
        if task.group is None:
            ready.clear()
            self._root_done(value, failure)
        elif outcome := task.group.join(task.index, value, failure):
            ready.append(outcome)

    def _root_done(self, value: Any, failure: Failure | None) -> None:
        self._stop()
        if self.phase == "rollingBack":
            self.rollback = Rollback("failed" if failure else "complete", failure)
            self._end(*self._ending)
        elif failure is not None:
            self._roll_back("errored", failure)
        else:
            self.output = value
            self._end("complete")

    def _begin(self, task: Task, op: Op, ready: Ready) -> None:
        if isinstance(op, Parallel):
            children = Group.fork(task, op)
            ready.extend(Outcome(child) for child in reversed(children))
            if not children:
                ready.append(Outcome(task, []))
            return
        op = self.steering.op(op, rolling_back=self.phase == "rollingBack")
        match op:
            case Do():
                self._begin_step(task, op, ready)
            case Sleep():
                self._begin_sleep(task, op, ready)
            case Wait():
                self._begin_wait(task, op, ready)

    def _record(
        self,
        kind: Literal["step", "rollback", "sleep", "waitForEvent"],
        op: Do | Sleep | Wait,
        end: int | None,
    ) -> tuple[Entry, bool]:
        """A new entry, or the one an earlier run left (then True: it is not carried out again)."""
        self._counters[kind, op.name] += 1
        key = (kind, op.name, self._counters[kind, op.name])
        known = self.memo.get(key)
        entry = known or Entry(kind, op.name, key[2], self.now, end, op)
        self.entries.append(entry)
        return entry, known is not None

    def _begin_step(self, task: Task, op: Do, ready: Ready) -> None:
        if self.phase == "rollingBack":
            entry, known = self._record("rollback", op, None)
        else:
            if self._steps >= self.step_limit:
                ready.clear()
                self._root_done(None, too_many_steps(self.step_limit))
                return
            self._steps += 1
            entry, known = self._record("step", op, None)
        if known:
            ready.append(Outcome(task, entry.output, entry.failure))
        else:
            self._attempt(task, entry, op)

    def _attempt(self, task: Task, entry: Entry, op: Do) -> None:
        entry.attempts.append(Attempt(self.now))
        self._executing += 1
        number = len(entry.attempts)
        failure = op.failure_of(number) if number <= op.fails else None
        ms = op.ms if failure is None or op.fail_ms is None else op.fail_ms
        timeout = as_duration(op.config.timeout)
        if ms > timeout:
            ms, failure = timeout, timed_out(timeout)
        self._timers.set(self.now + ms, self._attempt_done, task, entry, op, failure)

    def _attempt_done(self, task: Task, entry: Entry, op: Do, failure: Failure | None) -> None:
        self._executing -= 1
        attempt = entry.attempts[-1]
        attempt.end, attempt.success, attempt.failure = self.now, failure is None, failure
        if failure is not None and failure.retryable and len(entry.attempts) <= op.config.limit:
            delay = op.config.retry_delay(attempts=len(entry.attempts))
            self._timers.set(self.now + delay, self._proceed, self._attempt, task, entry, op)
            return
        entry.end, entry.success, entry.failure = self.now, failure is None, failure
        entry.output = op.output if failure is None else None
        self._proceed(self._drive, task, entry.output, failure)

    def _begin_sleep(self, task: Task, op: Sleep, ready: Ready) -> None:
        end = self.now + op.ms if op.until is None else max(op.until, self.now)
        entry, known = self._record("sleep", op, end)
        if known:
            ready.append(Outcome(task))
        else:
            self._timers.set(end, self._sleep_done, task, entry, entry=entry)

    def _sleep_done(self, task: Task, entry: Entry) -> None:
        entry.success = True
        self._proceed(self._drive, task)

    def _begin_wait(self, task: Task, op: Wait, ready: Ready) -> None:
        timeout = as_duration(op.timeout)
        entry, known = self._record("waitForEvent", op, self.now + timeout)
        if known:
            ready.append(Outcome(task, entry.output, entry.failure))
        elif self._events[op.event_type]:
            self._received(entry, self._events[op.event_type].popleft())
            ready.append(Outcome(task, entry.output))
        else:
            timer = self._timers.set(
                self.now + timeout, self._wait_timed_out, op.event_type, timeout, entry=entry
            )
            waiter = Waiter(task, entry, timer)
            timer.args = (waiter, op.event_type, timeout)
            self._waiters[op.event_type].append(waiter)

    def _wait_timed_out(self, waiter: Waiter, event_type: str, timeout: int) -> None:
        self._waiters[event_type].remove(waiter)
        waiter.entry.success = False
        waiter.entry.failure = timed_out(timeout)
        self._proceed(self._drive, waiter.task, None, waiter.entry.failure)

    def _received(self, entry: Entry, payload: Any) -> None:
        entry.end, entry.success, entry.output = self.now, True, payload

    def _deliver(self) -> None:
        for event_type, events in list(self._events.items()):
            waiters = self._waiters[event_type]
            while events and waiters and self.phase == "active":
                waiter = waiters.popleft()
                waiter.timer.cancelled = True
                self._received(waiter.entry, events.popleft())
                self._proceed(self._drive, waiter.task, waiter.entry.output)

    # --- ends ---

    def _stop(self) -> None:
        self._timers.clear()
        self._held.clear()
        self._waiters.clear()
        self._executing = 0
        self._release()

    def _roll_back(self, after: EndStatus, failure: Failure | None) -> None:
        """Run the rollback handlers of finished steps, last started first, then end."""
        undone = [
            entry.op.undo
            for entry in self.step_entries()
            if isinstance(entry.op, Do) and entry.op.undo is not None and entry.success
        ]
        if not undone:
            self._end(after, failure)
            return
        self.phase = "rollingBack"
        self._ending = (after, failure)
        self._root = Task(rollback_flow(undone[::-1]))
        self._drive(self._root)

    def _end(self, status: EndStatus, failure: Failure | None = None) -> None:
        self.phase = "ended"
        self.end_status = status
        self.failure = failure
        self.ended = self.now


def rollback_flow(undone: list[Do]) -> Flow:
    for op in undone:  # noqa: UP028 - a list cannot be sent the results
        yield op
