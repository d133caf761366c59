"""The OpenAPI document: every route is in it with its errors and examples, and whatever it allows gives no 5xx."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from http_serving import ALL, ANN, Serving, serving
from hypothesis import HealthCheck, Phase, given, settings

SLOW = (HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large)
ERRORS = {"400", "401", "403", "413", "421", "422", "429"}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    with serving(tmp_path_factory.mktemp("served"), (ANN,), jobs_waiting=2, job_hours=0.0005) as found:
        found.session("call-1")
        found.turn("call-1", "Hello.")
        yield found


def test_every_route_tells_its_errors_and_what_it_needs(served: Serving) -> None:
    document: dict[str, Any] = served.client.get("/openapi.json").json()
    assert document["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert operation["summary"], path
            if path.startswith("/health"):
                assert "security" not in operation
                continue
            assert operation["security"] == [{"key": []}], (method, path)
            assert set(operation["responses"]) >= ERRORS, (method, path)
            for status in ERRORS & set(operation["responses"]):
                schema = operation["responses"][status]["content"]["application/json"]["schema"]
                assert schema["$ref"].endswith("/Problem"), (method, path, status)
    for name in ("NewSession", "TurnInput", "ReplyInput", "Agreed"):
        assert document["components"]["schemas"][name]["examples"], name


def test_nothing_that_the_document_allows_gives_a_5xx(served: Serving) -> None:
    import schemathesis
    from schemathesis.checks import not_a_server_error

    headers = {"Authorization": f"Bearer {ANN}"}
    schema: Any = schemathesis.openapi.from_url(f"http://127.0.0.1:{served.port}/openapi.json", headers=headers)
    asked = set[str]()
    for found in schema.get_all_operations():
        operation = found.ok()

        @settings(max_examples=3, phases=(Phase.explicit, Phase.generate), suppress_health_check=SLOW)
        @given(case=operation.as_strategy())
        def ask(case: Any) -> None:
            answer = case.call(headers=headers)
            case.validate_response(answer, checks=[not_a_server_error])
            asked.add(case.operation.label)

        ask()
    assert len(asked) > 20
    assert served.client.get("/health").json()["turns"] == 0


@pytest.mark.slow
def test_schemathesis_at_length(tmp_path: Path) -> None:
    """Its own command, all phases: examples, edges, fuzzing, and sequences of requests that follow from each other."""
    with serving(tmp_path, (ANN,), jobs_waiting=2, job_hours=0.0005) as served:
        served.client.post("/v1/sessions", json={"id": "call-1", "consent": ALL})
        command = [str(Path(sys.executable).with_name("schemathesis")), "run", f"http://127.0.0.1:{served.port}/openapi.json",
                   "-H", f"Authorization: Bearer {ANN}", "--checks", "not_a_server_error,status_code_conformance",
                   "--max-examples", "15", "--seed", "7", "--no-color"]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stdout[-4000:]
