"""Requests made out of the OpenAPI document: none is a fault, and answers are as it describes."""

from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from kit.http_server import WRITE, HttpServer, http_server, settings_of
from kit.jobs import lines, submit_file
from kit.waiting import PATIENCE
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
)

from rrm_queue.domain import JobId
from rrm_queue.local.stack import Addresses
from rrm_queue.store.database import Database

HELD = ("/v1/jobs/{job}/events", "/v1/rewards/sample")
"""Routes whose answers take as long as the caller has patience."""


@pytest.fixture(scope="module")
def server(module_database: Database, servers: Addresses) -> Iterator[HttpServer]:
    with http_server(settings_of(module_database, servers)) as server:
        yield server


@pytest.fixture(scope="module")
def job(module_database: Database) -> JobId:
    return submit_file(module_database, lines([3]))


def test_no_described_request_is_a_fault_of_the_server(server: HttpServer, job: JobId) -> None:
    described = schemathesis.openapi.from_url(f"{server.url}/openapi.json")
    found = [one for one in described.get_all_operations() if isinstance(one, Ok)]
    operations = [one.ok() for one in found if one.ok().path not in HELD]
    assert len(operations) >= 18
    seen = set()

    @settings(
        max_examples=8,
        phases=[Phase.generate],
        derandomize=True,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def ask(data: st.DataObject) -> None:
        for operation in operations:
            case = data.draw(operation.as_strategy())
            if data.draw(st.booleans()) and "job" in case.path_parameters:
                case.path_parameters["job"] = job
            if operation.path == "/v1/rewards" and isinstance(case.body, dict):
                case.body["wait"] = 0
            answer = case.call(headers={"Authorization": f"Bearer {WRITE}"}, timeout=PATIENCE)
            seen.add(answer.status_code)
            assert answer.status_code < 500, (operation.label, answer.text)
            if answer.status_code >= 400:
                assert answer.headers["content-type"] == ["application/problem+json"]
            else:
                checks = [response_schema_conformance, content_type_conformance]
                case.validate_response(answer, checks=checks)

    ask()
    assert {200, 404, 422} <= seen
    assert server.client(None).get("/health").status_code == 200
