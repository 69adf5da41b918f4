"""REST: from a request's method and parameters to its JSON, through limits, authorisation, faults and the methods' table."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import sandbox.portal.methods  # noqa: F401 — importing registers every method
from sandbox.portal import batch
from sandbox.portal.calls import Command
from sandbox.portal.clock import iso
from sandbox.portal.errors import CutAnswer, CutConnection, PlainAnswer, RestError
from sandbox.portal.registry import METHODS, Call, Method, Page, admitted, unknown

if TYPE_CHECKING:
    from sandbox.portal.portal import Portal
    from sandbox.portal.store import Row

logger = logging.getLogger(__name__)
Answer = dict[str, Any]
PORTAL_PAGE = "<html><body>Bitrix24</body></html>"
GATEWAY_PAGE = "<html><head><title>{0}</title></head><body><center><h1>{0}</h1></center><hr><center>nginx</center></body></html>"


class Rest:
    """Answers requests of one portal."""

    def __init__(self, portal: Portal) -> None:
        self.portal = portal

    def answer(self, name: str, params: dict[str, Any], *, source: str, path: str, host: str = "") -> tuple[int, Answer]:
        """The status and body of one HTTP request; raises PlainAnswer, CutAnswer or CutConnection where a fault says so."""
        started, name = time.monotonic(), name.removesuffix(".json")
        self.portal.calls.request(self.portal.clock())
        struck = self.portal.faults.strikes()
        self._moved(path, host)
        if struck:
            self._whole_faults()
        try:
            with self.portal.lock:
                token = self._admitted(source, params, struck=struck)
            status, body = self._run(name, params, token, started)
        except RestError as error:
            status, body = error.status, error.body()
        if "error" not in body:
            body.setdefault("time", self._time(self.portal.clock(), started, name))
        if struck:
            self._after_faults(status, body)
        return status, body

    def _moved(self, path: str, host: str) -> None:
        target = self.portal.faults.moved_to
        if target and urlsplit(target).netloc != host:
            raise PlainAnswer(302, "", {"Location": target.rstrip("/") + path})

    def _whole_faults(self) -> None:
        faults = self.portal.faults
        if faults.take("redirect"):
            raise PlainAnswer(302, "", {"Location": f"{self.portal.base_url}/auth/?backurl=%2F"})
        if faults.take("cut_before"):
            raise CutConnection
        if faults.take("down"):
            raise PlainAnswer(502, GATEWAY_PAGE.format("502 Bad Gateway"))
        if faults.take("html"):
            raise PlainAnswer(200, PORTAL_PAGE)
        if faults.take("not_json"):
            raise PlainAnswer(200, '{"result":{"products":[{"id":1,', {"Content-Type": "application/json; charset=utf-8"})

    def _after_faults(self, status: int, body: Answer) -> None:
        faults = self.portal.faults
        if faults.take("cut_after"):
            raise CutConnection
        if faults.take("cut_middle"):
            raise CutAnswer(status, body)
        if faults.take("html_after"):
            raise PlainAnswer(200, PORTAL_PAGE)
        if faults.take("timeout_after"):
            time.sleep(faults.stall)
            raise CutConnection
        if faults.take("error_after"):
            raise RestErrorAnswer

    def _admitted(self, source: str, params: dict[str, Any], *, struck: bool) -> Row:
        portal = self.portal
        if (struck and portal.faults.take("query_limit")) or not portal.bucket.admits(source):
            portal.calls.reject(503)
            raise RestError("QUERY_LIMIT_EXCEEDED", "Too many requests", 503)
        if portal.faults.deleted:
            raise RestError("PORTAL_DELETED", "Portal was deleted", 410)
        if portal.faults.rest_off:
            raise RestError("ACCESS_DENIED", "REST API is available only on commercial plans.", 403)
        return portal.oauth.check(params.get("auth") or params.get("access_token"))

    def _run(self, name: str, params: dict[str, Any], token: Row, started: float) -> tuple[int, Answer]:
        if name.lower() != "batch":
            return self._single(name, params, token, started)
        self._broken("batch")
        connector = params.get("auth_connector")
        begun = self.portal.clock()

        def execute(command: str, arguments: dict[str, Any]) -> Answer:
            if connector:
                arguments = {**arguments, "auth_connector": connector}
            return self.command(command, arguments, token, batched=True, started=started)[1]

        body = {"result": batch.run(params, execute)}
        body["time"] = self._time(begun, started, "batch")
        return 200, body

    def _single(self, name: str, params: dict[str, Any], token: Row, started: float) -> tuple[int, Answer]:
        return self.command(name, params, token, batched=False, started=started)

    def command(self, name: str, params: dict[str, Any], token: Row, *, batched: bool, started: float) -> tuple[int, Answer]:
        """Answer one method call; an error is part of the answer."""
        name = name.removesuffix(".json")
        method = METHODS.get(name.lower())
        self._take_time(method, started)
        with self.portal.lock:
            # A portal charges a method for running. Waiting for this double's one lock is no part of that: a real portal has none.
            begun, clock = time.monotonic(), self.portal.clock()
            try:
                body = self._result(method, name, params, token)
                status = 200
            except RestError as error:
                status, body = error.status, error.body()
            except (PlainAnswer, CutConnection):
                raise
            except Exception:
                # A hole in the double, not a documented answer: seen in its log, and as a portal's own 500.
                logger.exception("%s failed", name)
                status, body = 500, {"error": "INTERNAL_SERVER_ERROR", "error_description": "Internal server error"}
            self.portal.store.commit()
            spent = time.monotonic() - begun
            known = method.name if method else name
            command = Command(clock, known, without_secrets(params), body.get("error"), batched)
            self.portal.calls.command(command, write=bool(method and method.write))
        if "error" not in body:
            self.portal.operating.charge(known, spent)
            body["time"] = self._time(clock, begun, known)
        return status, body

    def _take_time(self, method: Method | None, started: float) -> None:
        costs = self.portal.options.answer_time
        if method is not None and costs:
            time.sleep(costs.get(method.name, costs.get("*", 0.0)))
        if time.monotonic() - started > self.portal.options.request_limit:
            raise PlainAnswer(504, GATEWAY_PAGE.format("504 Gateway Time-out"))

    def _result(self, method: Method | None, name: str, params: dict[str, Any], token: Row) -> Answer:
        portal = self.portal
        if method is None:
            raise RestError("ERROR_METHOD_NOT_FOUND", "Method not found!", 404)
        self._allowed(method, token)
        given = without_secrets(params)
        extra = unknown(method, given)
        for one in extra:
            portal.calls.unknown_params[f"{method.name}:{one}"] += 1
        if extra and not portal.faults.lenient:
            raise RestError(100, f"Unknown parameter {{{extra[0]}}} of {name}: a portal would ignore it, the sandbox does not")
        call = Call(portal, admitted(method, given), portal.user(token["user_id"]), str(params.get("auth_connector") or ""))
        result = method.run(call)
        if not isinstance(result, Page):
            return {"result": result}
        body: Answer = {"result": result.result}
        if result.next is not None:
            body["next"] = result.next
        if result.total is not None:
            body["total"] = result.total
        return body

    def _broken(self, name: str) -> None:
        fault = self.portal.faults.method_error(name)
        if fault is not None:
            raise RestError(fault.get("error", ""), fault.get("error_description", ""), fault.get("status", 400))

    def _allowed(self, method: Method, token: Row) -> None:
        portal = self.portal
        self._broken(method.name)
        if method.scope and method.scope not in token["scope"].split(",") and not _covered(method.scope, token["scope"]):
            text = "The request requires higher privileges than provided by the access token"
            raise RestError("insufficient_scope", text, 403)
        if method.name in portal.faults.operation_limit or portal.operating.exceeded(method.name):
            portal.calls.reject(429)
            raise RestError("OPERATION_TIME_LIMIT", "Method is blocked due to operation time limit.", 429)

    def _time(self, begun: float, started: float, method: str) -> dict[str, Any]:
        duration = time.monotonic() - started
        operating = self.portal.operating
        return {
            "start": begun,
            "finish": begun + duration,
            "duration": duration,
            "processing": duration,
            "date_start": iso(begun),
            "date_finish": iso(begun + duration),
            "operating_reset_at": operating.resets_at(method),
            "operating": operating.used(method),
        }


class RestErrorAnswer(PlainAnswer):
    """500 after the effect took place."""

    def __init__(self) -> None:
        body = '{"error":"INTERNAL_SERVER_ERROR","error_description":"Internal server error"}'
        super().__init__(500, body, {"Content-Type": "application/json; charset=utf-8"})


def without_secrets(params: dict[str, Any]) -> dict[str, Any]:
    """A call's parameters without its credentials."""
    return {key: value for key, value in params.items() if key not in {"auth", "access_token"}}


def _covered(scope: str, granted: str) -> bool:
    return scope == "user" and bool({"user_basic", "user_brief"} & set(granted.split(",")))
