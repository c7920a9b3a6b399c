from __future__ import annotations

import json
import uuid

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from console.audit.models import Entry
from tests.cloudflare import fault_server as faults
from tests.views.ladder import ReadLadder
from tests.views.simulated import SimulatedPage, soup
from workflows_ui.models import Batch
from workflows_ui.simulator import Simulator, SimulatorServer

PATH = "workflows/checkout/batch/"
URL = f"/a/acme/{PATH}"
LIMITED = faults.failure(429, 10429, "slow down", Retry_After="77")


def sent(text: str = "", do: str = "preview", **values) -> dict[str, object]:
    return {"text": text, "do": do, "key": str(uuid.uuid4()), "kind": "", "id_column": "", **values}


def confirmed(page) -> dict[str, object]:
    """What the preview's form would send."""
    form = soup(page).find("form", enctype="multipart/form-data")
    values = {field["name"]: field.get("value", "") for field in form.select("input[name]")}
    return values | {"do": "create"}


@pytest.fixture(scope="module")
def simulator():
    """One of its own, as hundreds of instances are made here."""
    with SimulatorServer(Simulator(story="small", rate_limit=False)) as server:
        yield server


class TestLadder(ReadLadder):
    path = PATH


class TestPage(SimulatedPage):
    path = PATH
    calls = 0

    @pytest.fixture
    def viewer_client(self, operator_client):
        return operator_client


@pytest.mark.django_db
class TestTheDoor:
    def test_a_viewer_may_neither_see_nor_send_it(self, viewer_client, fault_upstream):
        assert viewer_client.get(URL).status_code == 403
        for do in ("preview", "create"):
            assert viewer_client.post(URL, sent("n\n1\n", do)).status_code == 403
        assert fault_upstream.seen == []
        assert not Batch.objects.exists()

    def test_an_outsider_finds_nothing(self, account, outsider_client):
        assert outsider_client.post(URL, sent("n\n1\n", "create")).status_code == 404

    def test_a_form_without_the_token_against_forgery_is_refused(self, operator):
        strict = Client(enforce_csrf_checks=True)
        strict.force_login(operator)
        assert strict.post(URL, sent("n\n1\n", "create")).status_code == 403


@pytest.mark.django_db
class TestOnTheSimulator:
    @pytest.fixture
    def upstream_url(self, simulator) -> str:
        return simulator.base_url

    def names(self, text: str) -> str:
        return text.replace("ID", f"b{uuid.uuid4().hex[:8]}")

    def test_rows_are_looked_at_and_then_created(self, operator_client, simulator):
        text = self.names('[{"n": 1}, {"instance_id": "ID", "params": {"n": 2}}]')
        simulator.simulator.calls.reset()
        page = operator_client.post(URL, sent(text))
        assert page.status_code == 200
        assert "Trigger 2 instances of checkout?" in page.content.decode()
        assert len(simulator.simulator.calls) == 0
        answer = operator_client.post(URL, confirmed(page))
        assert answer.status_code == 302
        told = soup(operator_client.get(answer.url))
        assert [row.find_all("td")[2].text.strip() for row in told.select("tbody tr")] == [
            "created",
            "created",
        ]
        link = told.select_one("tbody a.row-link")["href"]
        assert operator_client.get(link).status_code == 200

    def test_a_list_that_was_just_read_is_read_again(self, operator_client):
        listed = "/a/acme/workflows/checkout/"
        operator_client.get(listed)
        page = operator_client.post(URL, sent('[{"instance_id": "seen-at-once"}]'))
        operator_client.post(URL, confirmed(page))
        assert soup(operator_client.get(listed)).find(id="i-seen-at-once")

    def test_a_form_sent_twice_makes_every_instance_once(self, operator_client):
        form = confirmed(operator_client.post(URL, sent("n\n1\n2\n")))
        first = operator_client.post(URL, form)
        again = operator_client.post(URL, form)
        assert again.url == first.url
        assert Entry.objects.filter(action="instance:create_batch").count() == 2

    def test_a_file_is_taken_here(self, operator_client):
        file = SimpleUploadedFile("rows.csv", b"\xef\xbb\xbfn;who\r\n1;ada\r\n")
        page = operator_client.post(URL, sent(file=file))
        assert confirmed(page)["text"] == "n;who\n1;ada\n"
        assert "&quot;who&quot;: &quot;ada&quot;" in page.content.decode()

    def test_params_of_half_a_megabyte_survive_the_way(self, operator_client):
        big = "x" * 500_000
        page = operator_client.post(URL, sent(json.dumps([{"text": big}])))
        assert len(page.content) < 700_000
        answer = operator_client.post(URL, confirmed(page))
        link = soup(operator_client.get(answer.url)).select_one("tbody a.row-link")["href"]
        got = operator_client.get(f"{link}download/?what=params")
        assert json.loads(got.content) == {"text": big}

    def test_an_id_that_exists_is_shown_as_such(self, operator_client):
        text = self.names("instance_id,n\nID,1\n")
        operator_client.post(URL, confirmed(operator_client.post(URL, sent(text))))
        answer = operator_client.post(
            URL, confirmed(operator_client.post(URL, sent(text + ",2\n")))
        )
        page = soup(operator_client.get(answer.url))
        first, second = page.select("tbody tr")
        assert "exists" in first.text
        assert "created" in second.text
        wrong = soup(operator_client.get(f"{answer.url}?show=errors"))
        assert len(wrong.select("tbody tr")) == 1

    def test_250_go_in_three_acts(self, operator_client):
        page = operator_client.post(URL, sent("n\n" + "1\n" * 250))
        assert "in 3 rounds of 100" in page.content.decode()
        operator_client.post(URL, confirmed(page))
        acts = Entry.objects.filter(action="instance:create_batch", outcome="succeeded")
        assert acts.count() == 3

    def test_what_became_of_250_is_told_a_hundred_at_a_time(
        self, account, operator, operator_client
    ):
        ids = [f"o-{number}" for number in range(250)]
        fates = dict.fromkeys(ids, ("succeeded", "")) | {"o-249": ("failed", "no room")}
        Batch.objects.create(
            key=(key := uuid.uuid4()),
            account=account,
            workflow="checkout",
            actor=operator,
            action="instance:create",
            ids=ids,
            fates=fates,
            ended=timezone.now(),
        )
        url = f"/a/acme/workflows/checkout/batches/{key}/"
        pages = [soup(operator_client.get(f"{url}?page={page}")) for page in (1, 2, 3)]
        rows = [[row["id"] for row in page.select("tbody tr")] for page in pages]
        assert [len(page) for page in rows] == [100, 100, 50]
        assert len({row for page in rows for row in page}) == 250
        assert rows[0][0] == "f-250"  # what went wrong comes first
        assert "249 of 250" in pages[2].h1.text
        first, second, third = (page.select_one(".pager") for page in pages)
        assert "250 rows" in first.text
        assert [link["href"] for link in second.select("a")] == ["?page=1", "?page=3"]
        assert not third.find("a", rel="next")
        assert soup(operator_client.get(f"{url}?page=99")).select("tbody tr")[0]["id"] == rows[2][0]
        wrong = soup(operator_client.get(f"{url}?show=errors&page=2"))
        assert [row["id"] for row in wrong.select("tbody tr")] == ["f-250"]

    def test_a_viewer_sees_what_became_of_it_and_an_outsider_does_not(
        self, operator_client, viewer_client, outsider_client
    ):
        form = confirmed(operator_client.post(URL, sent("n\n1\n")))
        url = operator_client.post(URL, form).url
        assert viewer_client.get(url).status_code == 200
        assert outsider_client.get(url).status_code == 404
        assert viewer_client.post(url).status_code == 405
        assert viewer_client.get(url.replace("checkout", "orders")).status_code == 404

    def test_it_is_linked_from_the_workflow(self, operator_client, viewer_client):
        page = "/a/acme/workflows/checkout/"
        assert URL in operator_client.get(page).content.decode()
        assert URL not in viewer_client.get(page).content.decode()


@pytest.mark.django_db
class TestProblems:
    def test_each_is_named_at_its_row_and_nothing_is_lost(self, operator_client):
        text = "instance_id,n\nx,1\nx,2\n-y,3\nz\n"
        page = operator_client.post(URL, sent(text))
        assert page.status_code == 422
        told = soup(page)
        assert told.find("textarea", {"name": "text"}).text.strip() == text.strip()
        lines = [line.text for line in told.select(".problems li")]
        assert lines[2].startswith("Row 4, line 5:")
        assert "Row 2, line 3: The id is that of row 1 too." in lines
        assert len(lines) == 3

    def test_to_change_leads_back_with_the_rows(self, operator_client):
        page = operator_client.post(URL, sent("n\n1\n", "change"))
        assert page.status_code == 200
        assert soup(page).find("textarea", {"name": "text"}).text.strip() == "n\n1"

    def test_markup_in_a_row_stays_text(self, operator_client):
        page = operator_client.post(URL, sent('["</textarea><script>x</script>"]'))
        assert b"<script>x" not in page.content

    def test_broken_rows_are_not_created(self, operator_client):
        assert operator_client.post(URL, sent("a,b\n1\n", "create")).status_code == 422
        assert not Entry.objects.filter(action="instance:create_batch").exists()

    def test_a_file_over_4_mib_is_said_at_its_field(self, operator_client):
        file = SimpleUploadedFile("rows.csv", b"x" * (4 * 1024 * 1024 + 1))
        page = operator_client.post(URL, sent("kept", file=file))
        assert page.status_code == 422
        assert "over 4 MiB" in page.content.decode()
        assert "kept" in soup(page).find("textarea", {"name": "text"}).text


@pytest.mark.django_db
class TestTrouble:
    @pytest.fixture
    def upstream_url(self, fault_upstream, settings) -> str:
        settings.UPSTREAM_TIMEOUT = (0.5, 0.3)
        return f"{fault_upstream.url}/client/v4"

    def test_a_lost_answer_keeps_the_ids_and_can_be_sent_again(
        self, operator_client, fault_upstream
    ):
        form = confirmed(operator_client.post(URL, sent("n\n1\n2\n")))
        missing = faults.failure(404, 10400, "workflows.api.error.instance.not_found")
        fault_upstream.answer(faults.cut, missing)
        page = operator_client.post(URL, form)
        assert page.status_code == 422
        assert "Not all of it was done" in page.content.decode()
        assert confirmed(page)["key"] == form["key"]
        first = json.loads(fault_upstream.seen[0].body)
        fault_upstream.seen.clear()
        fault_upstream.answer(faults.result([{"id": one["instance_id"]} for one in first]))
        answer = operator_client.post(URL, confirmed(page))
        assert answer.status_code == 302
        assert json.loads(fault_upstream.seen[0].body) == first

    def test_a_pause_in_round_2_says_when_and_goes_on(self, operator_client, fault_upstream):
        form = confirmed(operator_client.post(URL, sent("n\n" + "1\n" * 150)))
        seen = fault_upstream.seen

        def echo(talk) -> None:
            ids = [{"id": one["instance_id"]} for one in json.loads(seen[-1].body)]
            faults.result(ids)(talk)

        fault_upstream.answer(echo, LIMITED)
        page = operator_client.post(URL, form)
        assert "1 m 17 s" in page.content.decode()
        batch = Batch.objects.get()
        assert len(batch.fates) == 150
        fault_upstream.answer(echo)
        cache.clear()  # the pause is over
        assert operator_client.post(URL, confirmed(page)).status_code == 302
        assert len(json.loads(seen[-1].body)) == 50

    def test_a_refusal_says_nothing_was_done(self, operator_client, fault_upstream):
        form = confirmed(operator_client.post(URL, sent("n\n1\n")))
        fault_upstream.answer(faults.failure(403, 10000, "Authentication error"))
        page = operator_client.post(URL, form)
        assert page.status_code == 422
        assert "Nothing was done" in page.content.decode()
