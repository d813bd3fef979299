"""Contracts: operations by name and by route, and a handler for everything that needs one."""

from collections.abc import Callable
from typing import Any

import pytest

from mockserver.engine.contract import Contract, MethodNotAllowed, NoSuchPath
from mockserver.engine.errors import ContractError

Edit = Callable[[dict[str, Any]], Any]


def test_a_contract_has_operations_controls_and_webhooks_by_name(shop: Contract) -> None:
    assert (shop.name, shop.title, shop.base_path) == ("shop", "Shop", "/v2")
    assert set(shop.operations) == {
        "listTasks",
        "createTask",
        "getTask",
        "deleteTask",
        "listDelivered",
    }
    assert set(shop.controls) == {"finishTask"}
    assert set(shop.webhooks) == {"task.done"}


def test_the_base_path_of_the_server_is_part_of_every_path(shop: Contract) -> None:
    assert shop.match("GET", "/v2/tasks")[0].id == "listTasks"
    with pytest.raises(NoSuchPath):
        shop.match("GET", "/tasks")


@pytest.mark.parametrize("servers", [[], [{"url": "https://api.example.com/"}], [{"url": "/"}]])
def test_a_server_without_a_path_adds_nothing(
    shop_with: Callable[[Edit], Contract], servers: list[Any]
) -> None:
    shop = shop_with(lambda document: document.update(servers=servers))
    assert (shop.base_path, shop.match("GET", "/tasks")[0].id) == ("", "listTasks")


def test_controls_have_routes_of_their_own(shop: Contract) -> None:
    operation, values = shop.match_control("POST", "/tasks/7/finish")
    assert (operation.id, values) == ("finishTask", {"id": "7"})
    with pytest.raises(MethodNotAllowed):
        shop.match_control("GET", "/tasks/7/finish")
    with pytest.raises(NoSuchPath):
        shop.match("POST", "/v2/tasks/7/finish")


def test_the_nearest_operation_is_named_as_it_is_called(shop: Contract) -> None:
    assert shop.nearest("GET", "/v2/taks/7.json") == "GET /v2/tasks/{task_id}.json"


def test_handlers_for_some_operations_are_enough_where_examples_answer_the_rest(
    shop: Contract,
) -> None:
    shop.check_handlers(["getTask"], [])


def test_a_handler_without_an_operation_is_refused_with_a_guess(shop: Contract) -> None:
    with pytest.raises(ContractError, match=r"shop\.yaml: the handler 'getTsk'.*'getTask'"):
        shop.check_handlers(["getTsk"], [])
    with pytest.raises(ContractError, match="the control 'getTask'"):
        shop.check_handlers([], ["getTask"])


def test_an_operation_that_nothing_can_answer_is_refused(
    shop_with: Callable[[Edit], Contract],
) -> None:
    def edit(document: dict[str, Any]) -> None:
        operation = document["paths"]["/tasks/delivered.json"]["get"]
        operation["responses"] = {"400": {"description": "Never"}}

    shop = shop_with(edit)
    shop.check_handlers(["listDelivered"], [])
    with pytest.raises(ContractError, match=r"shop\.yaml: GET /tasks/delivered.*listDelivered"):
        shop.check_handlers([], [])


def test_a_path_can_be_shared_through_the_components(
    shop_with: Callable[[Edit], Contract],
) -> None:
    def edit(document: dict[str, Any]) -> None:
        item = document["paths"].pop("/tasks/delivered.json")
        document["components"]["pathItems"] = {"delivered": item}
        shared = {"$ref": "#/components/pathItems/delivered"}
        document["paths"]["/tasks/delivered.json"] = shared

    assert shop_with(edit).match("GET", "/v2/tasks/delivered.json")[0].id == "listDelivered"


def test_the_security_of_an_operation_is_the_documents_unless_it_has_its_own(
    shop_with: Callable[[Edit], Contract],
) -> None:
    def edit(document: dict[str, Any]) -> None:
        document["paths"]["/tasks"]["get"]["security"] = [{"key": []}, {"token": [], "key": []}]
        document["paths"]["/tasks/{task_id}.json"]["get"]["security"] = [{"key": []}, {}]

    operations = shop_with(edit).operations
    assert operations["listTasks"].security == ("key", "token")
    assert operations["getTask"].security == ()
    assert operations["deleteTask"].security == ("key",)
