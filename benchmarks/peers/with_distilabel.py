"""distilabel, with a task that asks about a pair: `python -m peers.with_distilabel FILE RESULT`."""

import sys
from typing import Any

from distilabel.models import OpenAILLM
from distilabel.pipeline import Pipeline
from distilabel.steps import LoadDataFromDicts
from distilabel.steps.tasks import Task

from peers.task import ADDRESS, IN_FLIGHT, finished, messages, read_pairs, verdict


class Judge(Task):  # type: ignore[misc]  # of a package that is only in its environment
    """Asks about a row's pair."""

    @property
    def inputs(self) -> list[str]:
        """What it reads of a row."""
        return ["prompt", "first", "second"]

    @property
    def outputs(self) -> list[str]:
        """What it adds to a row."""
        return ["winner", "model_name"]

    def format_input(self, input: dict[str, Any]) -> list[dict[str, str]]:  # noqa: A002
        """The judge's messages."""
        return messages(input["prompt"], input["first"], input["second"])

    def format_output(
        self,
        output: str | None,
        input: dict[str, Any] | None = None,  # noqa: A002  # the base's name
    ) -> dict[str, Any]:
        """The row's verdict."""
        return {"winner": verdict(output or "")}


def main(file: str, result: str) -> None:
    """Judges all pairs; a cache beside the result lets the pipeline go on."""
    rows = [pair._asdict() for pair in read_pairs(file)]
    with Pipeline(name="judging", cache_dir=f"{result}.cache") as pipeline:
        load = LoadDataFromDicts(data=rows, batch_size=IN_FLIGHT)
        sampling = {"temperature": 0.6, "max_new_tokens": 4096}
        llm = OpenAILLM(model="judge", base_url=ADDRESS, api_key="none", generation_kwargs=sampling)
        load >> Judge(llm=llm, input_batch_size=IN_FLIGHT)
    found = pipeline.run(use_cache=True)["default"]["train"]
    found.to_json(result)
    finished(len(found))


if __name__ == "__main__":
    main(*sys.argv[1:3])
