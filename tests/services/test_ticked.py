from __future__ import annotations

import json
from dataclasses import replace

import pytest

from console.audit.models import Entry
from tests.cloudflare import fault_server as faults
from tests.services.test_batches import (
    DETAIL,
    LIMITED,
    NOT_FOUND,
    outcomes,
    posts,
    trail,
)
from workflows_ui import cloudflare as cf
from workflows_ui.models import Batch, Snapshot
from workflows_ui.services import ticked
from workflows_ui.services.batches import Many
from workflows_ui.services.ticked import JobRunning

pytestmark = pytest.mark.django_db


@pytest.fixture
def many(actor, unsteady_api, batch):
    def make(*ids: str, kind=None) -> Many:
        return Many(
            actor=actor,
            api=kind or unsteady_api,
            workflow="orders",
            ids=ids,
            record=batch,
            reason="why",
        )

    return make


JOB = faults.result({"status": "ok", "instancesTerminated": 2})
BUSY = faults.result({"status": "already_running", "instancesTerminated": 0})


class TestActOnMany:
    def test_copies_are_kept_and_one_call_terminates_all(self, many, batch, fault_upstream):
        fault_upstream.answer(*[faults.result(DETAIL)] * 2, JOB)
        ticked.instances_terminate(many("a", "b"))
        assert [seen.method for seen in fault_upstream.seen] == ["GET", "GET", "POST"]
        assert json.loads(fault_upstream.seen[2].body) == ["a", "b"]
        kept = Snapshot.objects.order_by("instance_id")
        attempt = Entry.objects.last()
        assert [(one.instance_id, one.attempt_sequence) for one in kept] == [
            ("a", attempt.sequence),
            ("b", attempt.sequence),
        ]
        assert trail() == [
            ("batch:terminate", "attempted", False),
            ("instance:terminate", "succeeded", True),
            ("instance:terminate", "succeeded", True),
            ("batch:terminate", "succeeded", False),
        ]
        assert Entry.objects.first().reason == "why"

    def test_one_that_cannot_be_read_is_left_alone_unless_chosen(self, many, batch, fault_upstream):
        broken = faults.failure(403, 10000, "no")
        fault_upstream.answer(broken)
        ticked.instances_delete(many("a"))
        assert not posts(fault_upstream)
        assert "no copy could be kept" in batch.fates["a"][1]
        assert trail()[-1] == ("batch:delete", "failed", False)
        fault_upstream.answer(broken, faults.result({"deleted": [{"id": "a"}], "errors": []}))
        ticked.instances_delete(many("a"), snapshot=False)
        assert outcomes(batch) == {"a": "succeeded"}

    def test_one_that_has_ended_is_not_terminated(self, many, batch, fault_upstream):
        fault_upstream.answer(faults.result(DETAIL | {"status": "complete"}))
        ticked.instances_terminate(many("a"))
        assert not posts(fault_upstream)
        assert batch.fates["a"][1] == "It is complete already."

    def test_ids_of_a_schedule_are_terminated_alone(self, many, batch, fault_upstream):
        cron = "*/30 * * * *-1786001400000"
        fault_upstream.answer(
            *[faults.result(DETAIL)] * 2,
            faults.result({"status": "ok", "instancesTerminated": 1}),
            faults.result({"status": "terminated"}),
        )
        ticked.instances_terminate(many("a", cron))
        post, patch = fault_upstream.seen[2:]
        assert json.loads(post.body) == ["a"]
        assert (patch.method, json.loads(patch.body)) == ("PATCH", {"status": "terminate"})
        assert outcomes(batch) == {"a": "succeeded", cron: "succeeded"}

    def test_a_job_that_counts_fewer_is_looked_at(self, many, batch, fault_upstream):
        fewer = faults.result({"status": "ok", "instancesTerminated": 0})
        after = faults.result(DETAIL | {"status": "terminated"})
        fault_upstream.answer(faults.result(DETAIL), fewer, after)
        ticked.instances_terminate(many("a"))
        assert outcomes(batch) == {"a": "succeeded"}

    @pytest.mark.parametrize(
        ("after", "outcome"),
        [
            (faults.result(DETAIL | {"status": "terminated"}), "succeeded"),
            (faults.result(DETAIL | {"status": "complete"}), "failed"),
            (faults.result(DETAIL), "unknown"),
            (NOT_FOUND, "unknown"),
        ],
    )
    def test_a_lost_terminate_is_looked_at_and_not_sent_again(
        self, many, batch, fault_upstream, after, outcome
    ):
        fault_upstream.answer(faults.result(DETAIL), faults.cut, after)
        ticked.instances_terminate(many("a"))
        assert len(posts(fault_upstream)) == 1
        assert outcomes(batch) == {"a": outcome}
        assert trail()[-1][1] == outcome

    def test_a_job_under_way_is_waited_for(self, many, batch, fault_upstream, monkeypatch):
        monkeypatch.setattr(ticked, "JOB_PAUSE", 0)
        running, over = (faults.result({"status": s}) for s in ("running", "not_running"))
        done = faults.result({"status": "ok", "instancesTerminated": 1})
        fault_upstream.answer(faults.result(DETAIL), BUSY, running, over, done)
        ticked.instances_terminate(many("a"))
        assert outcomes(batch) == {"a": "succeeded"}
        assert len(posts(fault_upstream)) == 2

    def test_a_job_that_does_not_end_is_said_and_counts_nothing(
        self, many, batch, fault_upstream, monkeypatch
    ):
        monkeypatch.setattr(ticked, "JOB_PAUSE", 0)
        running = faults.result({"status": "running"})
        fault_upstream.answer(faults.result(DETAIL), BUSY, running)
        with pytest.raises(JobRunning):
            ticked.instances_terminate(many("a"))
        assert outcomes(batch) == {}
        assert trail()[-1] == ("batch:terminate", "failed", False)

    def test_a_delete_tells_of_each(self, many, batch, fault_upstream):
        answer = {
            "deleted": [{"id": "a"}],
            "errors": [{"id": "b", "code": 10001, "message": "internal"}],
        }
        fault_upstream.answer(*[faults.result(DETAIL)] * 3, faults.result(answer))
        ticked.instances_delete(many("a", "b", "c"))
        assert outcomes(batch) == {"a": "succeeded", "b": "failed", "c": "unknown"}
        part = Entry.objects.get(instance_id="b", part=True)
        assert (part.upstream_code, part.detail) == (10001, {"note": "internal"})

    @pytest.mark.parametrize(
        ("after", "outcome"), [(NOT_FOUND, "succeeded"), (faults.result(DETAIL), "unknown")]
    )
    def test_a_lost_delete_is_looked_at(self, many, batch, fault_upstream, after, outcome):
        fault_upstream.answer(faults.result(DETAIL), faults.cut, after)
        ticked.instances_delete(many("a"))
        assert outcomes(batch) == {"a": outcome}

    def test_restarts_go_one_by_one_and_each_is_told(self, many, batch, fault_upstream):
        changed, refused = faults.result({"status": "queued"}), faults.failure(409, 1, "no")
        fault_upstream.answer(*[faults.result(DETAIL)] * 3, changed, changed, refused)
        ticked.instances_restart(many("a", "b", "c"))
        assert [seen.method for seen in fault_upstream.seen[3:]] == ["PATCH"] * 3
        assert sorted(outcomes(batch).values()) == ["failed", "succeeded", "succeeded"]
        assert trail()[0] == ("batch:restart", "attempted", False)
        assert trail()[-1] == ("batch:restart", "succeeded", False)

    def test_the_second_hundred_is_another_call_and_its_refusal_does_not_hide_the_first(
        self, many, batch, fault_upstream
    ):
        ids = [f"i-{n}" for n in range(120)]
        first = {"deleted": [{"id": one} for one in ids[:100]], "errors": []}
        fault_upstream.answer(*[faults.result(DETAIL)] * 120, faults.result(first), LIMITED)
        ticked.instances_delete(many(*ids))
        assert [len(json.loads(p.body)["instances"]) for p in posts(fault_upstream)] == [100, 20]
        assert list(outcomes(batch).values()) == ["succeeded"] * 100 + ["failed"] * 20
        assert len([row for row in trail() if row[0] == "batch:delete"]) == 2

    def test_a_refused_call_raises_and_leaves_no_batch(self, many, batch, fault_upstream):
        fault_upstream.answer(faults.result(DETAIL), LIMITED)
        target = many("a")
        with pytest.raises(cf.RateLimited):
            ticked.ticked_act(batch, target, ticked.instances_delete, snapshot=True)
        assert not Batch.objects.exists()


@pytest.mark.parametrize(("now", "outcome"), [("complete", "failed"), ("errored", "succeeded")])
def test_those_of_another_status_by_now_are_left_alone(many, batch, fault_upstream, now, outcome):
    changed = faults.result({"status": "queued"})
    fault_upstream.answer(faults.result(DETAIL | {"status": now}), changed)
    asked = replace(many("a"), only="errored")
    ticked.ticked_act(batch, asked, ticked.instances_restart, snapshot=True)
    assert outcomes(batch) == {"a": outcome}


def test_of_whom_nobody_knows_the_status_is_left_alone_too(many, batch, fault_upstream):
    fault_upstream.answer(faults.failure(500, 10001, "internal"))
    asked = replace(many("a"), only="errored")
    ticked.ticked_act(batch, asked, ticked.instances_restart, snapshot=False)
    assert outcomes(batch) == {"a": "failed"}
    assert [seen.method for seen in fault_upstream.seen] == ["GET"] * len(fault_upstream.seen)
