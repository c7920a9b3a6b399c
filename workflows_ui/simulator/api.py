"""The API as one function: a request in, a response out."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from urllib.parse import unquote

from workflows_ui.simulator import errors
from workflows_ui.simulator.access import TOKENS, Budget, Token, label, may, presented
from workflows_ui.simulator.account import Account
from workflows_ui.simulator.clock import DAY, iso
from workflows_ui.simulator.http import ApiError, Request, Response, success
from workflows_ui.simulator.instance import Refused
from workflows_ui.simulator.instance_routes import InstanceRoutes
from workflows_ui.simulator.paging import page_info
from workflows_ui.simulator.routing import Route, match
from workflows_ui.simulator.validation import Query
from workflows_ui.simulator.workflow_routes import WorkflowRoutes

ROOT = "/client/v4"
ACCOUNT = re.compile(r"[0-9a-f]{32}")
VALID = {"code": 10000, "message": "This API Token is valid and active", "type": None}


class Api:
    def __init__(self, account: Account, budget: Budget) -> None:
        self.account = account
        self.budget = budget
        self.instances = InstanceRoutes(account)
        self.workflows = WorkflowRoutes(account)
        self._served = 0

    def answer(self, request: Request) -> Response:
        """Answer one request; every answer carries the gateway's headers."""
        now = self.account.now()
        budget_key = ""
        try:
            secret = presented(request)
            budget_key = label(secret)
            self.budget.count(budget_key, now)
            response = self._routed(request, TOKENS.get(secret))
        except ApiError as error:
            response = error.response()
        except Refused as refusal:
            response = errors.of_refusal(refusal).response()
        response.headers = {
            "cf-ray": self._ray(now),
            **self.budget.headers(budget_key, now),
            **response.headers,
        }
        return response

    def _routed(self, request: Request, token: Token | None) -> Response:
        path = request.path.removeprefix(ROOT)
        if path == request.path:
            raise errors.no_route(request.path)
        parts = path.removesuffix("/").split("/")[1:]
        if parts in (["user", "tokens", "verify"], ["accounts"]):
            self._only_get(request)
            return self._verify(token) if parts[0] == "user" else self._accounts(request, token)
        if parts in (["user"], ["memberships"]):
            self._only_get(request)  # wrangler asks who it is after a refusal
            raise ApiError(403, (9109, "Unauthorized to access requested resource"))
        if not parts or parts[0] != "accounts":
            raise errors.no_route(request.path)
        account_id = unquote(parts[1])
        if ACCOUNT.fullmatch(account_id) is None:
            raise errors.bad_account(request.path)
        return self._in_account(request, token, account_id, parts[2:])

    def _in_account(
        self, request: Request, token: Token | None, account_id: str, parts: list[str]
    ) -> Response:
        own = account_id == self.account.id
        if parts == ["tokens", "verify"]:
            self._only_get(request)
            return self._verify(token if own else None)
        if not own:
            raise errors.not_permitted(401 if token is None or token.expired else 403)
        if not parts:
            self._only_get(request)
            if token is None or token.expired:
                raise ApiError(403, (9109, "Invalid access token"))
            return success(self._account_json())
        may(token, request.method)
        route = match(parts, self._handlers())
        if route is None:
            raise errors.no_route(request.path)
        return self._handled(request, route)

    def _handlers(self) -> dict[str, dict[str, Callable[..., Response]]]:
        return self.workflows.handlers() | self.instances.handlers()

    def _handled(self, request: Request, route: Route) -> Response:
        method = "GET" if request.method == "HEAD" else request.method
        handler = route.methods.get(method)
        if handler is None:
            raise errors.wrong_method(request.method, sorted(route.methods))
        return handler(request, *route.args)

    def _only_get(self, request: Request) -> None:
        if request.method not in ("GET", "HEAD"):
            raise errors.wrong_method(request.method, ["GET"])

    # --- tokens and accounts (1.5) ---

    def _verify(self, token: Token | None) -> Response:
        if token is None:
            raise ApiError(401, (1000, "Invalid API Token"))
        messages = [] if token.expired else [VALID]
        return success(token.verified(self.account.now()), messages=messages)

    def _accounts(self, request: Request, token: Token | None) -> Response:
        if token is None or token.expired:
            raise ApiError(403, (9109, "Invalid access token"))
        query = Query(request)
        page = query.integer("page") or 1
        per_page = query.integer("per_page", least=5, most=50) or 20
        query.one_of("direction", ("asc", "desc"))
        name = query.text("name")
        found = [self._account_json()] if not name or name in self.account.name else []
        shown = found[(page - 1) * per_page : page * per_page]
        return success(shown, info=page_info(shown, page, per_page, len(found)))

    def _account_json(self) -> dict[str, object]:
        return {
            "id": self.account.id,
            "name": self.account.name,
            "type": "standard",
            "settings": {"enforce_twofactor": False, "api_access_enabled": None},
            "created_on": iso(self.account.created - 400 * DAY),
        }

    def _ray(self, now: int) -> str:
        self._served += 1
        digest = hashlib.sha256(f"{self.account.seed}/{self._served}/{now}".encode())
        return f"{digest.hexdigest()[:16]}-AMS"
