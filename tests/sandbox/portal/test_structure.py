"""Every method's answer has the keys and JSON types of the documented example, and refuses a call that lacks what it needs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import sandbox.portal.methods  # noqa: F401 — registers them
from sandbox.portal.registry import METHODS
from sandbox.portal.server import PortalServer
from tests.sandbox.portal.client import Client
from tests.sandbox.portal.scenario import furnish, parameters
from tests.sandbox.portal.shapes import FACTS, differences

# Examples that are known to differ from what the same page describes, or that show only a part.
PARTIAL = {
    "app.info": "ours also tells what the authorisation server does",
    "user.get": "portals show more or fewer of a user's fields",
    "user.search": "portals show more or fewer of a user's fields",
    "user.current": "portals show more or fewer of a user's fields",
    "user.fields": "portals have other fields",
    "crm.currency.get": "a portal has its own languages",
    "catalog.productProperty.getFields": "the example is cut short",
}
LOOSE = {"user.get", "user.search", "user.current", "user.fields", "crm.currency.get"}
# Wrong in the documents, right by the rest of them: an option that is not shown in an example.
NOT_COMPARED = {
    "app.option.get": "the keys are the application's own",
    "user.option.get": "the keys are the application's own",
    "catalog.documentcontractor.add": "needs a company: tested with the CRM",
    "catalog.documentcontractor.list": "needs a company: tested with the CRM",
}
STOCK = frozenset({"conduct", "conductList", "cancel", "cancelList"})


@pytest.fixture(scope="module")
def world() -> Iterator[tuple[Client, dict[str, int]]]:
    """One furnished portal for all the questions that change nothing."""
    with PortalServer(installed=True, bucket=(100_000, 100_000)) as server:
        rest = Client(server)
        yield rest, furnish(rest)


def read_only(name: str) -> bool:
    return not METHODS[name.lower()].write


COMPARED = sorted(name for name, fact in FACTS.items() if "result" in fact and name not in NOT_COMPARED)


@pytest.mark.parametrize("name", COMPARED)
class TestAnswer:
    def test_has_the_keys_and_types_of_the_documented_example(self, name: str, world: tuple[Client, dict[str, int]]) -> None:
        rest, one = world
        given = parameters(one).get(name, {})
        if read_only(name):
            self.compare(rest, name, given)
            return
        with PortalServer(installed=True, bucket=(100_000, 100_000)) as server:
            fresh = Client(server)
            given = parameters(furnish(fresh)).get(name, {})
            server.portal.set_accounting(name.rpartition(".")[2] in STOCK)
            self.compare(fresh, name, given)

    def compare(self, rest: Client, name: str, given: dict[str, object]) -> None:
        body = rest.body(name, **given)
        assert "error" not in body, body
        found = differences(FACTS[name]["result"], body["result"], extra=name not in PARTIAL)
        if name in LOOSE:
            found = [one for one in found if not one.endswith("missing")]
        found = [
            one for one in found if ".layout." not in one or name != "crm.activity.configurable.get"
        ]  # what was sent comes back
        # The examples show `false` where an event without data stands; ours has the object's id.
        found = [one for one in found if "EVENT_DATA: bool" not in one and "EVENT_ADDITIONAL: bool" not in one]
        assert found == []
        assert ("total" in body) == FACTS[name].get("total", False)


@pytest.mark.parametrize("name", sorted(name for name, fact in FACTS.items() if fact.get("required")))
class TestRequired:
    def test_parameters_are_insisted_on(self, name: str, world: tuple[Client, dict[str, int]]) -> None:
        rest, one = world
        given = parameters(one).get(name, {})
        for lacking in FACTS[name]["required"]:
            less = {key: value for key, value in given.items() if key.lower() != lacking.lower()}
            if name == "event.bind" and lacking == "handler":
                less.pop("event_type", None)
            if name == "event.unbind" and lacking == "handler":
                continue  # the page marks it required, the text allows to leave it out
            assert "error" in rest.body(name, **less), lacking


JUNK: tuple[object, ...] = (
    *(
        1,
        -5,
        "x",
        True,
        [1],
        ["a", "b"],
        {"a": 1},
        {"id": [1]},
        [[["x"]]],
        {"0": {"logic": "OR"}},
        {"iblockId": {"a": 1}, "name": ["x"]},
    ),
    {"iblockId": 23, "name": "q", "property98": {"a": {}}, "previewPicture": "x", "parentId": {"a": 1}},
    {"product": {"id": [1], "prices": ["x"]}},
    {"title": ["x"], "fm": "x", "stageId": [1], "contactIds": {"a": "b"}},
    {"ENTITY_TYPE_ID": 4, "ENTITY_ID": [1]},
)


class TestJunk:
    def test_never_breaks_a_method(self) -> None:
        with PortalServer(installed=True, bucket=(1e9, 1e9)) as server:
            rest = Client(server)
            given = parameters(furnish(rest))
            for method in METHODS.values():
                for param in method.params:
                    for junk in JUNK:
                        answer = rest.post(method.name, **{**given.get(method.name, {}), param.name: junk})
                        assert answer.status_code < 500, (method.name, param.name, junk)


class TestStrictness:
    def test_refuses_unknown_methods_and_parameters(self, world: tuple[Client, dict[str, int]]) -> None:
        rest, _ = world
        assert rest.error("catalog.product.create")[:2] == (404, "ERROR_METHOD_NOT_FOUND")
        assert rest.error("catalog.vat.list", filters={})[:2] == (400, 100)

    def test_refuses_other_types(self, world: tuple[Client, dict[str, int]]) -> None:
        rest, _ = world
        assert rest.error("catalog.vat.list", filter="x")[2].endswith("Should be value of type array.")
        assert rest.error("catalog.vat.get", id="x")[2].endswith("Should be value of type int.")

    def test_knows_parameters_of_the_transport(self, world: tuple[Client, dict[str, int]]) -> None:
        rest, _ = world
        rest.ok("catalog.vat.list", start=-1, auth_connector="onec", bx24_request_id="1")

    def test_implements_what_the_documents_name_with_the_documents_parameters(self) -> None:
        for name, fact in FACTS.items():
            known = {param.name.lower() for param in METHODS[name.lower()].params} | {"start", "auth_connector"}
            documented = {one.lower() for one in [*fact.get("required", []), *fact.get("optional", [])]}
            assert documented <= known, name
