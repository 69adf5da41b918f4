"""One captured answer per row of the table."""

from __future__ import annotations

from typing import Any

import pytest

from b24app.rest.errors import (
    FORBIDDEN_ADDRESS,
    METHOD_PAUSED,
    NO_ANSWER,
    NO_CONNECTION,
    NOT_EXECUTED,
    NOT_JSON,
    PORTAL_MOVED,
    QUEUE_TOO_LONG,
    TABLE,
    TOO_LARGE,
    UNENCODABLE,
    Fate,
    classify,
    error_in,
    make,
)

RETRY, REFRESH, PERSON, GONE, REFUSED = Fate.RETRY, Fate.REFRESH, Fate.PERSON, Fate.GONE, Fate.REFUSED

# (status, error, error_description, fate, may it have taken effect)
ANSWERS: list[tuple[int, Any, str, Fate, bool]] = [
    (401, "expired_token", "The access token provided has expired.", REFRESH, False),
    (400, "expired_token", "The access token provided has expired.", REFRESH, False),
    (401, "invalid_token", "Unable to get application by token", REFRESH, False),
    (401, "NO_AUTH_FOUND", "Wrong authorization data", REFRESH, False),
    (400, "invalid_grant", "Bad or expired refresh token", PERSON, False),
    (401, "invalid_client", "Application not installed", PERSON, False),
    (200, "WRONG_CLIENT", "Unable to find client", PERSON, False),
    (401, "ERROR_OAUTH", "Application not installed", PERSON, False),
    (401, "NOT_INSTALLED", "Application not installed", PERSON, False),
    (401, "APPLICATION_NOT_FOUND", "Application not found", PERSON, False),
    (401, "METHOD_CONFIRM_WAITING", "Waiting for confirmation", PERSON, False),
    (403, "METHOD_CONFIRM_DENIED", "Method call denied", PERSON, False),
    (402, "PAYMENT_REQUIRED", "Payment required", PERSON, False),
    (401, "PAYMENT_REQUIRED", "Payment required", PERSON, False),
    (403, "ACCESS_DENIED", "REST API is available only on commercial plans.", PERSON, False),
    (400, "ACCESS_DENIED", "Доступ запрещен", PERSON, False),
    (400, "Access denied.", "Access denied.", PERSON, False),
    (403, "Access denied!", "", PERSON, False),
    (403, "INVALID_CREDENTIALS", "Invalid request credentials", PERSON, False),
    (403, "user_access_error", "The user does not have access to the application.", PERSON, False),
    (400, "allowed_only_intranet_user", "Only intranet users", PERSON, False),
    (403, "insufficient_scope", "The request requires higher privileges", PERSON, False),
    (400, "invalid_scope", "Invalid scope", PERSON, False),
    (403, "WRONG_AUTH_TYPE", "Current authorization type is denied for this method", PERSON, False),
    (400, 200040300010, "Access Denied", PERSON, False),
    (400, "200040300020", "Недостаточно прав для изменения товара", PERSON, False),
    (400, 200040300030, "Access Denied", PERSON, False),
    (400, 200040300040, "Нет доступа", PERSON, False),
    (400, 200040300043, "Нет доступа", PERSON, False),
    (400, 200040300050, "Нет доступа", PERSON, False),
    (400, 0, "Access Denied", PERSON, False),
    (400, "", "Access denied.", PERSON, False),
    (400, "", "The current method required more scopes. (crm)", PERSON, False),
    (500, "PORTAL_DELETED", "Portal was deleted", PERSON, False),
    (410, "PORTAL_DELETED", "Portal was deleted", PERSON, False),
    (503, "OVERLOAD_LIMIT", "REST API is blocked due to overload.", PERSON, False),
    (503, "QUERY_LIMIT_EXCEEDED", "Too many requests", RETRY, False),
    (429, "OPERATION_TIME_LIMIT", "Method is blocked due to operation time limit.", RETRY, False),
    (500, "INTERNAL_SERVER_ERROR", "Internal server error", RETRY, True),
    (500, "ERROR_UNEXPECTED_ANSWER", "Server returned an unexpected response.", RETRY, True),
    (404, "ERROR_METHOD_NOT_FOUND", "Method not found!", GONE, False),
    (404, "ERROR_MANIFEST_IS_NOT_AVAILABLE", "Manifest is not available", GONE, False),
    (400, "NOT_FOUND", "Элемент не найден", GONE, False),
    (400, "ERROR_NOT_FOUND", "Could not find entity with id `5`", GONE, False),
    (400, "OWNER_NOT_FOUND", "Владелец элемента не найден", GONE, False),
    (400, 200700300030, "Раздела каталога с таким идентификатором не существует", GONE, False),
    (400, 201000000000, "Типа цены с таким идентификатором не существует", GONE, False),
    (400, 201100000000, "Склад с указанным идентификатором не найден", GONE, False),
    (400, 200800000000, "Ставки НДС с таким идентификатором не существует", GONE, False),
    (400, 200600000020, "Единицы измерения с таким идентификатором не существует", GONE, False),
    (400, 0, "productProperty does not exist.", GONE, False),
    (400, "-", "Price is not exists", GONE, False),
    (400, 0, "Document not found", GONE, False),
    (400, "", "Document not found", GONE, False),
    (400, "INVALID_REQUEST", "Https required.", REFUSED, False),
    (405, "ERROR_BATCH_METHOD_NOT_ALLOWED", "Method is not allowed for batch usage", REFUSED, False),
    (400, "ERROR_BATCH_LENGTH_EXCEEDED", "Max batch length exceeded", REFUSED, False),
    (400, 100, "Could not find value for parameter {fields}", REFUSED, False),
    (400, "100", "Invalid value {x} to match with parameter {fields}", REFUSED, False),
    # no row of their own: the status decides, or nothing does
    (400, 0, "Required fields: iblockId", REFUSED, False),
    (400, "", "Не заполнено поле «Название»", REFUSED, False),
    (200, "ERROR_CORE", "Unable to set placement handler: Handler already binded", REFUSED, False),
    (401, "SOMETHING_NEW", "", REFRESH, False),
    (402, "SOMETHING_NEW", "", PERSON, False),
    (403, "SOMETHING_NEW", "", PERSON, False),
    (404, "SOMETHING_NEW", "", GONE, False),
    (410, "SOMETHING_NEW", "", PERSON, False),
    (429, "SOMETHING_NEW", "", RETRY, False),
    (500, "SOMETHING_NEW", "", RETRY, True),
    (502, "SOMETHING_NEW", "", RETRY, True),
    (503, "SOMETHING_NEW", "", RETRY, True),
    (504, "SOMETHING_NEW", "", RETRY, True),
]
# What our own layers report instead of an answer.
OURS = [
    (0, NO_CONNECTION, RETRY, False),
    (0, NO_ANSWER, RETRY, True),
    (200, TOO_LARGE, REFUSED, True),
    (0, FORBIDDEN_ADDRESS, PERSON, False),
    (0, NOT_EXECUTED, RETRY, False),
    (0, METHOD_PAUSED, RETRY, False),
    (0, QUEUE_TOO_LONG, RETRY, False),
    (302, PORTAL_MOVED, RETRY, False),
    (0, UNENCODABLE, REFUSED, False),
    (200, NOT_JSON, RETRY, True),
    (403, NOT_JSON, RETRY, False),
    (404, NOT_JSON, PERSON, False),
    (410, NOT_JSON, PERSON, False),
    (413, NOT_JSON, REFUSED, False),
    (429, NOT_JSON, RETRY, False),
    (502, NOT_JSON, RETRY, True),
    (504, NOT_JSON, RETRY, True),
]


class TestErrorIn:
    @pytest.mark.parametrize(("status", "code", "description", "fate", "sent"), ANSWERS)
    def test_knows_the_fate_of_an_answer(self, status: int, code: Any, description: str, fate: Fate, sent: bool) -> None:
        error = error_in({"error": code, "error_description": description}, status=status, method="m")
        assert error is not None
        assert (error.fate, error.sent) == (fate, sent)
        assert (error.code, error.description, error.status, error.method) == (str(code), description, status, "m")
        assert error.hint

    @pytest.mark.parametrize("code", ["", 0, "0", False, None, [], 200040300010])
    def test_goes_by_the_key_and_never_by_its_value(self, code: Any) -> None:
        assert error_in({"error": code, "result": {"id": 1}}, status=200) is not None

    @pytest.mark.parametrize("result", [None, False, 0, "", [], {}])
    def test_is_none_for_any_result(self, result: Any) -> None:
        assert error_in({"result": result}, status=200) is None

    @pytest.mark.parametrize("body", [[], "text", 5, None, {}, {"time": {}}])
    def test_takes_json_that_is_no_answer_for_none(self, body: Any) -> None:
        error = error_in(body, status=200)
        assert error is not None
        assert (error.code, error.fate, error.sent) == (NOT_JSON, RETRY, True)

    def test_compares_codes_without_case(self) -> None:
        assert classify(503, "query_limit_exceeded").fate is RETRY
        assert classify(401, "EXPIRED_TOKEN").fate is REFRESH


class TestMake:
    @pytest.mark.parametrize(("status", "code", "fate", "sent"), OURS)
    def test_knows_the_fate_of_our_own_codes(self, status: int, code: str, fate: Fate, sent: bool) -> None:
        error = make(code, status=status)
        assert (error.fate, error.sent) == (fate, sent)
        assert error.hint

    def test_lets_the_caller_know_better_how_long_to_wait(self) -> None:
        assert make("QUERY_LIMIT_EXCEEDED", status=503).retry_after == 1.0
        assert make("QUERY_LIMIT_EXCEEDED", status=503, retry_after=7.0).retry_after == 7.0


class TestTable:
    def test_has_an_answer_for_every_row(self) -> None:
        asked = [(status, str(code), description) for status, code, description, *_ in ANSWERS]
        asked += [(status, code, "") for status, code, *_ in OURS]
        used = {id(classify(*answer)) for answer in asked}
        assert [row for row in TABLE if id(row) not in used] == []

    def test_makes_every_wait_follow_from_retry(self) -> None:
        assert all(row.fate is RETRY for row in TABLE if row.retry_after)
