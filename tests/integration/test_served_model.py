"""What a worker says its engine judges with, as a real HTTP server tells it."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from rrm_worker import served_model as served_model_module
from rrm_worker.served_model import Served, served_model

INFO = {
    "version": "0.5",
    "max_req_input_len": 1,
    "max_total_num_tokens": 1,
    "model_path": "/models/one/tiny",
}
SEEDED = "enable_deterministic_inference"


class Server(ThreadingHTTPServer):
    """Tells `body` of itself, or answers 503 if it is empty, and counts how often it was asked.

    `model` is what it says of its model, None for a server without that page.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Info)
        self.body = json.dumps(INFO).encode()
        self.model: dict[str, str] | None = None
        self.asked = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/"


class Info(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        if self.path == "/model_info":
            model = self.server.model
            self._answer(404 if model is None else 200, json.dumps(model).encode())
            return
        assert self.path == "/server_info"
        self.server.asked += 1
        self._answer(200 if self.server.body else 503, self.server.body)

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Says nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    thread = Thread(target=server.serve_forever, args=[0.01])
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_it_names_the_judge_the_version_and_the_checkpoint(server: Server) -> None:
    model = served_model(server.url, "sglang:tiny")().model
    assert model.startswith("tiny (sglang 0.5, tiny ")
    server.body = json.dumps(INFO | {"model_path": "/models/two/tiny"}).encode()
    assert served_model(server.url, "sglang:tiny")().model != model, "the path tells them apart"
    server.body = json.dumps(INFO | {"weight_version": "2"}).encode()
    newer = served_model(server.url, "sglang:tiny")().model
    assert newer != model, "so do weights that were replaced"
    server.body = json.dumps(INFO).encode()
    server.model = {"model_path": str(INFO["model_path"]), "weight_version": "2"}
    assert served_model(server.url, "sglang:tiny")().model == newer, "as SGLang 0.5.23 says it"


@pytest.mark.parametrize(
    ("said", "ignored"), [({}, False), ({SEEDED: True}, False), ({SEEDED: False}, True)]
)
def test_it_says_when_seeds_are_known_to_have_no_effect(
    server: Server, said: dict[str, bool], ignored: bool
) -> None:
    server.body = json.dumps(INFO | said).encode()
    assert served_model(server.url, "sglang:tiny")().ignores_seeds is ignored


def test_it_is_asked_again_only_after_a_while(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    say = served_model(server.url, "sglang:tiny")
    before = say()
    server.body = json.dumps(INFO | {"weight_version": "2"}).encode()
    assert (say(), server.asked) == (before, 1)
    monkeypatch.setattr(served_model_module, "ASK_EVERY", 0.0)
    assert say() != before


@pytest.mark.parametrize("body", [b"", b"<html>", b"{}"], ids=["503", "no JSON", "another server"])
def test_a_server_that_does_not_say_it_is_asked_again_at_once(server: Server, body: bytes) -> None:
    known, server.body = server.body, body
    say = served_model(server.url, "sglang:tiny")
    assert say() == Served()
    server.body = known
    assert say().model.startswith("tiny (")


def test_what_is_known_stands_while_the_server_does_not_answer(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    say = served_model(server.url, "sglang:tiny")
    known, server.body = say(), b""
    monkeypatch.setattr(served_model_module, "ASK_EVERY", 0.0)
    assert say() == known
