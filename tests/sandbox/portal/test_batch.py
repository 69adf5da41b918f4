from __future__ import annotations

from sandbox.portal.batch import substitute
from tests.sandbox.portal.client import Client, command

EMPTY: dict[str, dict[str, object]] = {"result": {}, "result_error": {}, "result_total": {}, "result_next": {}, "result_time": {}}


def parts(**results: object) -> dict[str, dict[str, object]]:
    return {**EMPTY, "result": dict(results)}


class TestSubstitution:
    def test_replaces_a_whole_value_with_what_it_points_at_of_any_type(self) -> None:
        assert substitute("$result[a][sku][id]", parts(a={"sku": {"id": 7}})) == 7
        assert substitute("$result[a]", parts(a=[1, 2])) == [1, 2]

    def test_runs_to_the_next_white_space_and_loses_what_follows(self) -> None:
        assert substitute("$result[a][id]_x", parts(a={"id": 7})) == 7
        assert substitute("№ $result[a][id] за $result[b]", parts(a={"id": 7}, b="вчера")) == "№ 7 за вчера"

    def test_stops_at_the_last_level_it_can_resolve(self) -> None:
        assert substitute("$result[a][sku][id]", parts(a={"sku": None})) is None
        assert substitute("$result[gone][sku][id]", parts(a=1)) == {"a": 1}

    def test_rewrites_text_that_only_looks_like_a_reference(self) -> None:
        assert substitute("Цена $total[сумма]", EMPTY) == "Цена Array"

    def test_leaves_other_text_alone(self) -> None:
        assert substitute("100 $ за штуку, $res", EMPTY) == "100 $ за штуку, $res"


class TestBatch:
    def test_answers_php_arrays_for_empty_maps_and_a_list_for_a_list(self, rest: Client) -> None:
        result = rest.batch(["profile", "user.admin"])
        assert isinstance(result["result"], list)
        assert result["result"][1] is True
        assert result["result_error"] == []
        assert result["result_next"] == []

    def test_gives_each_command_its_result_total_and_time(self, rest: Client) -> None:
        result = rest.batch({"lists": command("catalog.vat.list"), "who": "profile"})
        assert list(result["result"]) == ["lists", "who"]
        assert result["result_total"] == {"lists": 4}
        assert set(result["result_time"]) == {"lists", "who"}

    def test_chains_commands_through_their_results(self, rest: Client) -> None:
        result = rest.batch(
            {
                "parent": command("catalog.product.sku.add", fields={"iblockId": 23, "name": "Кофта & шарф"}),
                "offer": command(
                    "catalog.product.offer.add", fields={"iblockId": 24, "name": "M", "parentId": "$result[parent][sku][id]"}
                ),
            },
            halt=1,
        )
        parent, offer = result["result"]["parent"]["sku"], result["result"]["offer"]["offer"]
        assert offer["parentId"]["value"] == str(parent["id"])
        assert parent["name"] == "Кофта & шарф"

    def test_goes_on_after_an_error_or_halts_leaving_later_keys_in_neither_map(self, rest: Client) -> None:
        commands = {"bad": command("catalog.product.get", id=9999), "good": "profile"}
        went_on, halted = rest.batch(commands), rest.batch(commands, halt=1)
        assert set(went_on["result"]) == {"good"}
        assert went_on["result_error"]["bad"] == {"error": 0, "error_description": "Товар не существует"}
        assert halted["result"] == []
        assert set(halted["result_error"]) == {"bad"}

    def test_refuses_nesting_and_more_than_fifty_commands(self, rest: Client) -> None:
        assert rest.batch({"inner": "batch?cmd[a]=profile"})["result_error"]["inner"]["error"] == "ERROR_BATCH_METHOD_NOT_ALLOWED"
        status, error, _ = rest.error("batch", cmd={f"k{n}": "profile" for n in range(51)})
        assert (status, error) == (400, "ERROR_BATCH_LENGTH_EXCEEDED")

    def test_skips_commands_that_are_no_strings(self, rest: Client) -> None:
        assert set(rest.ok("batch", cmd={"a": {"method": "profile"}, "b": "profile"})["result"]) == {"b"}

    def test_decodes_values_once_and_reads_brackets_as_php_does(self, rest: Client) -> None:
        key = rest.batch(
            {"a": command("catalog.product.add", fields={"iblockId": 23, "name": "50% [новый] + «да»", "xmlId": "a#b"})}
        )
        product = key["result"]["a"]["element"]
        assert (product["name"], product["xmlId"]) == ("50% [новый] + «да»", "a#b")
        found = rest.batch(
            {
                "l": "catalog.product.list?select[]=id&select[]=iblockId&select[]=name&filter[iblockId]=23"
                "&filter[xmlId][]=a%23b&filter[xmlId][]=zz"
            }
        )
        assert [row["id"] for row in found["result"]["l"]["products"]] == [product["id"]]

    def test_counts_as_one_request_with_many_commands(self, rest: Client) -> None:
        rest.server.calls.reset()
        rest.batch({f"k{n}": "profile" for n in range(50)})
        assert rest.server.calls.snapshot()["requests"] == 1
        assert rest.server.calls.commands == 50
