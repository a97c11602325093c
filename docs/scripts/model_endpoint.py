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

ANSWERS = (
    r"(?:### |\()Assistant ([12])\)?:?\s*(.*?)(?=### |## |Second answer|Say in)",
    r"\[Start of Assistant ([AB])'s answer\]\s*(.*?)\[End",
    r"# Answer ([AB])\s*(.*?)(?=# Answer|# Task)",
    r"Answer ([AB]): (.*?) \(end of",
)
"""An answer in RRM's prompt and `examples/concise.jinja`, in two judges that come with rrmq, and in
`examples/terse.toml`."""


class Model(BaseHTTPRequestHandler):
    """Reads the two answers below their headings, reasons in a sentence, and marks one."""

    think = 0.0
    """Seconds before it answers."""

    def do_POST(self) -> None:
        """Answers one request for a completion."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        text = asked["messages"][-1]["content"]
        answers = next(dict(found) for form in ANSWERS if (found := re.findall(form, text, re.S)))
        time.sleep(self.think)
        better = max(answers, key=lambda name: (len(answers[name]), name))
        mark = f"[[{better}]]" if "[[A]]" in text else f"\\boxed{{Assistant {better}}}"
        said = f"Assistant {better} explains more.\n\n{mark}"
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
