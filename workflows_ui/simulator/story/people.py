"""Chapters around customers: onboarding, data exports, videos and scores."""

from __future__ import annotations

import random
from typing import Any

from workflows_ui.simulator.account import Account
from workflows_ui.simulator.clock import HOUR, MINUTE, SECOND
from workflows_ui.simulator.definitions import Context
from workflows_ui.simulator.graph import (
    attempt,
    block,
    branch,
    fields,
    graph,
    if_,
    parallel,
    sleep,
    step,
    wait,
)
from workflows_ui.simulator.instance import Command, Instance
from workflows_ui.simulator.ops import DYNAMIC, Config, Do
from workflows_ui.simulator.story.telling import (
    Chapter,
    Deployment,
    Regular,
    Steady,
    Usual,
    chance,
    fail,
    together,
)

# --- user-onboarding: sleeps of days ---


class Onboarding(Usual):
    def step(self, ctx: Context, op: Do) -> Do:
        op = super().step(ctx, op)
        if op.name == "send welcome" and chance(ctx, "mail", 0.04):
            fail(op, "Error", f"550 5.1.1 mailbox {ctx.param('email')} unknown")
        return op

    def branch(self, ctx: Context, conditions: list[str | None], discriminant: str | None) -> int:
        return 0 if chance(ctx, "active", 0.6) else 1


def signup(number: int, rng: random.Random) -> Any:
    plan = rng.choice(["free", "team", "enterprise ✨"])
    return {"user": number, "email": f"user-{number}@example.org", "plan": plan}


def leavers(at: int, rng: random.Random) -> tuple[Command, ...]:
    fate = rng.random()
    if fate < 0.07:
        return (Command(at + rng.randint(1, 90) * HOUR, Instance.terminate),)
    if fate < 0.12:
        paused = at + rng.randint(1, 40) * HOUR
        return Command(paused, Instance.pause), Command(paused + 50 * HOUR, Instance.resume)
    return ()


def onboarding_graph(number: int) -> dict[str, Any]:
    tips = if_(
        branch("user.active", step("send tips")), branch(None, step("send reminder", limit=2))
    )
    nodes = [step("create workspace"), step("send welcome", delay="1 minute", limit=3)]
    nodes += [sleep("let them look around", "3 days"), tips]
    if number > 1:
        nodes += [sleep("trial week", "7 days"), step("offer a plan")]
    return graph("UserOnboarding", *nodes, payload=fields(user=None, email=None, plan=None))


# --- gdpr-export: binary and sensitive outputs ---


class Export(Usual):
    times = {"build archive": (20_000, 90_000)}

    def step(self, ctx: Context, op: Do) -> Do:
        op = super().step(ctx, op)
        if op.name == "collect personal data":
            op.sensitive = True
            op.output = {"address": "1 Sample Street", "iban": "DE00 0000 0000"}
        elif op.name == "build archive":
            op.stream = b"PK\x03\x04" + ctx.draw("zip").randbytes(2_000)
            op.output = None
        elif op.name == "upload archive" and chance(ctx, "upload", 0.2):
            fail(op, "Error", "storage answered 429 SlowDown", times=3)
            op.config = Config(6, DYNAMIC, "constant", "2 minutes", dynamic_delay=45_000)
        return op

    def result(self, ctx: Context) -> Any:
        return {"url": "https://files.example.com/export.zip", "listing": "file\n" * 400}


def export_graph(number: int) -> dict[str, Any]:
    gather = [step("collect personal data"), step("collect audit log")]
    nodes = [parallel(*gather)] if number > 1 else gather
    nodes += [step("build archive"), step("upload archive", limit=6, timeout="2 minutes")]
    nodes += [wait("download confirmed", "downloaded", "5 days"), step("delete archive")]
    return graph("GdprExport", *nodes)


def downloads(at: int, rng: random.Random) -> tuple[Command, ...]:
    payload = {"ip": "203.0.113.9", "agent": "Mozilla/5.0 (<unknown>)"}
    moment = at + rng.randint(1, 150) * HOUR
    return (Command(moment, lambda instance: instance.send_event("downloaded", payload)),)


# --- video-pipeline: parallel work, some paused in the middle ---


class Video(Usual):
    def step(self, ctx: Context, op: Do) -> Do:
        op = super().step(ctx, op)
        if op.name.startswith("transcode"):
            op.ms = ctx.draw(op.name).randint(60_000, 500_000)
            if ctx.param("quality") == "8k" and op.name == "transcode 2160p":
                op.ms = 55 * MINUTE
            op.output = {"frames": op.ms // 40, "codec": "av1"}
            if op.name == "transcode 2160p" and chance(ctx, "codec", 0.06):
                fail(op, "WorkflowInternalError", "Attempt failed due to internal workflows error")
        return op

    def result(self, ctx: Context) -> Any:
        return "https://video.example.com/watch?v=" + str(ctx.param("video"))


def upload(number: int, rng: random.Random) -> Any:
    titles = ["Unboxing 📦", "<marquee>hello</marquee>", "Ein sehr langer Titel " * 20]
    return {"video": number, "title": rng.choice(titles), "quality": "hd"}


def video_graph(number: int) -> dict[str, Any]:
    if number < 3:
        work = [
            parallel(
                step("transcode 720p", timeout="2 hours"),
                step("transcode 2160p", timeout="2 hours"),
            )
        ]
    else:
        work = [
            step("transcode 720p", timeout="2 hours", starts=1),
            step("transcode 2160p", timeout="2 hours", starts=1),
            step("extract audio", starts=1, resolves=2),
            step("write captions", starts=2, resolves=3),
        ]
    mirrors = parallel(step("copy to eu"), step("copy to us"), kind="any")
    thumbs = parallel(step("thumbnail a"), step("thumbnail b"), kind="all_settled")
    nodes = [step("probe file"), *work, attempt(block(thumbs), catch=block(step("use default")))]
    nodes += [mirrors] if number > 1 else []
    nodes += [parallel(step("warm cache"), sleep("at most", "10 seconds"), kind="race")]
    nodes += [block(step("publish"))]
    return graph("VideoPipeline", *nodes, payload=fields(video=None, title=None, quality=None))


def interrupted(at: int, rng: random.Random) -> tuple[Command, ...]:
    return Command(at + 5 * MINUTE, Instance.pause), Command(at + 6 * HOUR, Instance.resume)


# --- ml-scoring: Python, no graph, two at a time ---


class Scoring(Usual):
    """Fills its two slots to the last second, so that some instances always queue."""

    def step(self, ctx: Context, op: Do) -> Do:
        op.ms = {"load features": 10 * MINUTE, "score_batch": 100 * MINUTE}.get(
            op.name, 10 * MINUTE - SECOND
        )
        op.output = {"auc": round(ctx.draw(op.name).uniform(0.7, 0.95), 4)}
        return op

    def result(self, ctx: Context) -> Any:
        return ctx.draw("auc").random()


def scoring_graph() -> dict[str, Any]:
    score = step("score_batch", timeout="3 hours")
    return graph("ScoringWorkflow", step("load features"), score, step("publish", timeout="1 hour"))


def chapters(account: Account) -> list[Chapter]:
    return [
        Chapter(
            name="user-onboarding",
            script="accounts",
            deployments=[
                Deployment(onboarding_graph(1), Onboarding(1), 75 * 24),
                Deployment(onboarding_graph(2), Onboarding(2), 22 * 24),
            ],
            arrivals=Steady("user", signup, 14, 75, source="binding", commands=leavers),
        ),
        Chapter(
            name="gdpr-export",
            script="privacy",
            deployments=[
                Deployment(export_graph(1), Export(1), 65 * 24),
                Deployment(export_graph(2), Export(2), 10 * 24),
            ],
            arrivals=Steady(
                "export", lambda number, rng: {"subject": number}, 2.5, 600, commands=downloads
            ),
        ),
        Chapter(
            name="video-pipeline",
            script="media",
            deployments=[
                Deployment(video_graph(number), Video(number), hours)
                for number, hours in ((1, 45 * 24), (2, 18 * 24), (3, 7 * 24))
            ],
            arrivals=together(
                Steady("video", upload, 7, 200, source="event"),
                Regular(
                    "video-8k",
                    lambda index, rng: upload(index, rng) | {"quality": "8k"},
                    every=40 * MINUTE,
                    from_days=2,
                    commands=interrupted,
                ),
            ),
        ),
        Chapter(
            name="ml-scoring",
            script="scoring",
            deployments=[
                Deployment(scoring_graph(), Scoring(number), hours)
                for number, hours in ((1, 50 * 24), (2, 8 * 24))
            ],
            language="python",
            concurrency=2,
            arrivals=Regular(
                "score",
                lambda index, rng: {"segment": index, "model": "churn-v7"},
                every=2 * HOUR,
                size=2,
                extra=3,
                from_days=7,
                source="unknown",
            ),
        ),
    ]
