"""Pages of the trail at a thousand and at a million entries."""

from __future__ import annotations

import statistics
import time

import django
from django.core.management import call_command
from django.db import connection
from django.test import Client

VACUUM = "VACUUM ANALYZE audit_entry"
SMALL, LARGE, RUNS = 1_000, 1_000_000, 15
FACTS = """
    CASE WHEN i % 2 = 1 THEN 'attempted' WHEN i % 12 = 0 THEN 'failed' ELSE 'succeeded' END,
    CASE WHEN i % 2 = 0 THEN i - 1 END,
    {at}, {account}, 'Bench', {first} + ((i + 1) / 2) % 7, 'person-' || (((i + 1) / 2) % 7),
    CASE WHEN i % 4 < 2 THEN 'instance:restart' ELSE 'instance:create' END,
    'flow-' || ((i / 20) % 20), 'run-' || (i / 20),
    CASE WHEN i % 5000 = 1 THEN 'needle' ELSE 'as usual' END
"""
COLUMNS = """
    sequence, outcome, attempt_sequence, at, account_id, account_name, actor_id, actor_name, action,
    workflow, instance_id, reason
"""
EMPTY = (
    "address, session, target, params_text, params_digest, token_label, token_last_four, "
    "token_owner, ray_id, detail_text, previous_hash, hash"
)
MOMENTS = {
    "sqlite": "strftime('%Y-%m-%d %H:%M:%S', 1760000000 + i, 'unixepoch')",
    "postgresql": "to_timestamp(1760000000 + i)",
}


def main() -> None:
    django.setup()
    call_command("migrate", verbosity=0)
    from console.team.models import Account
    from tests.factories import make_account, make_membership, make_user

    account = make_account(slug="bench", kind=Account.Kind.LOCAL)
    people = [make_user() for _ in range(7)]
    make_membership(account, people[0], "admin")
    client = Client(SERVER_NAME="127.0.0.1")
    measured = {}
    done = 0
    for size in (SMALL, LARGE):
        fill(done, size, account=account.pk, first=people[0].pk)
        done = size
        if size == SMALL:
            client.force_login(people[0])  # the log-in is an entry too
            done += 1
        measured[size] = {name: page(client, query) for name, query in queries(people).items()}
    tell(measured)


def queries(people: list) -> dict[str, str]:
    return {
        "unfiltered": "",
        "by_person": f"?person={people[3].pk}",
        "by_action_and_person": f"?person={people[3].pk}&action=instance:restart",
        "by_workflow": "?workflow=flow-3",
        "by_instance": "?workflow=flow-3&instance=run-23",
        "failed": "?outcome=failed",
        "by_text": "?q=needle",
        "by_text_not_there": "?q=haystack",
    }


def fill(done: int, size: int, *, account: int, first: int) -> None:
    """Acts of two rows each up to `size` rows, beside the chain."""
    facts = FACTS.format(at=MOMENTS[connection.vendor], account=account, first=first)
    blank = ", ".join("''" for _ in EMPTY.split(","))
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH RECURSIVE n(i) AS "  # noqa: S608 - numbers of our own
            f"(SELECT {done + 1} UNION ALL SELECT i + 1 FROM n WHERE i < {size}) "
            f"INSERT INTO audit_entry ({COLUMNS}, {EMPTY}, part) "
            f"SELECT i, {facts}, {blank}, 1 = 0 FROM n"
        )
        if VACUUM and connection.vendor == "postgresql":
            cursor.execute(VACUUM)


def page(client: Client, query: str) -> float:
    """The median of several tries, in milliseconds."""
    times = []
    for _ in range(RUNS + 1):
        began = time.perf_counter()
        answer = client.get(f"/a/bench/trail/{query}")
        times.append((time.perf_counter() - began) * 1000)
        assert answer.status_code == 200, answer
    return statistics.median(times[1:])


def tell(measured: dict[int, dict[str, float]]) -> None:
    suffix = "" if connection.vendor == "sqlite" else f"_{connection.vendor}"
    ratios = {name: measured[LARGE][name] / small for name, small in measured[SMALL].items()}
    print(f"trail_page_ratio_1m{suffix}: {max(ratios.values()):.2f}")  # noqa: T201
    for name, ratio in ratios.items():
        print(f"trail_page_ratio_1m_{name}{suffix}: {ratio:.2f}")  # noqa: T201
        print(f"trail_page_ms_1m_{name}{suffix}: {measured[LARGE][name]:.0f}")  # noqa: T201


if __name__ == "__main__":
    main()
