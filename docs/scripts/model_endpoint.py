"""A model at an OpenAI-compatible address, as a user's own server would be.

It takes the longer answer for the better one, as models are known to do; the pages show how that
comes to light.
"""

import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

ANSWER = re.compile(
    r"(?:### |\()Assistant ([12])\)?:?\s*(.*?)(?=### |## |Second answer|Say in)", re.S
)
"""An answer in RRM's prompt, and in that of `examples/concise.jinja`."""


class Model(BaseHTTPRequestHandler):
    """Reads the two answers below their headings, reasons in a sentence, and boxes one."""

    think = 0.0
    """Seconds before it answers."""

    def do_POST(self) -> None:
        """Answers one request for a completion."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        text = asked["messages"][-1]["content"]
        answers = dict(ANSWER.findall(text))
        time.sleep(self.think)
        better = max(answers, key=lambda number: (len(answers[number]), number))
        said = f"Assistant {better} explains more.\n\n\\boxed{{Assistant {better}}}"
        body = json.dumps(
            {
                "model": asked["model"],
                "choices": [{"message": {"content": said}, "finish_reason": "stop"}],
                "usage": {"prompt_tokens": len(text) // 4, "completion_tokens": 20},
            }
        ).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base's name
        """Says nothing of it."""


@contextmanager
def model_endpoint(think: float = 0.0) -> Iterator[str]:
    """The base URL of the model."""
    thinking = type("Thinking", (Model,), {"think": think})
    server = ThreadingHTTPServer(("127.0.0.1", 0), thinking)
    thread = Thread(target=server.serve_forever, args=[0.01])
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
