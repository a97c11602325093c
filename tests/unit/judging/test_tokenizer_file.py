import json
from pathlib import Path

from rrm_queue.judging.engines.sglang.tokenizer_file import control_tokens


def write(folder: Path, *tokens: str) -> None:
    folder.mkdir(parents=True)
    added = [{"id": number, "content": token} for number, token in enumerate(tokens)]
    (folder / "tokenizer.json").write_text(json.dumps({"version": "1.0", "added_tokens": added}))


def test_the_tokens_of_a_folder_are_read(tmp_path: Path) -> None:
    write(tmp_path / "model", "<|im_end|>", "<tool_call>", " ")
    found = control_tokens(str(tmp_path / "model"), str(tmp_path))
    assert found == {"<|im_end|>", "<tool_call>"}


def test_the_tokens_of_a_downloaded_model_are_read(tmp_path: Path) -> None:
    write(tmp_path / "models--Some--Judge" / "snapshots" / "abc", "[JUDGE]")
    assert control_tokens("Some/Judge", str(tmp_path)) == {"[JUDGE]"}


def test_a_tokenizer_that_is_elsewhere_or_broken_has_none(tmp_path: Path) -> None:
    assert control_tokens("Some/Judge", str(tmp_path)) == frozenset()
    assert control_tokens("", str(tmp_path)) == frozenset()
    (tmp_path / "tokenizer.json").write_text("{broken")
    assert control_tokens(str(tmp_path), str(tmp_path)) == frozenset()
