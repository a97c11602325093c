"""The server-sent events of one generation of SGLang's `/generate`."""

import msgspec
from msgspec import structs

from rrm_queue.errors import TransientFault
from rrm_queue.judging.engines.http_errors import error_text
from rrm_queue.judging.engines.sglang.logprobs import joined
from rrm_queue.judging.engines.sglang.wire import Generation, MetaInfo, fault_of

_LONGEST_EVENT = 64 * 1024 * 1024


class _StreamError(msgspec.Struct, frozen=True):
    message: str = ""
    code: int = 500


class _Event(msgspec.Struct, frozen=True):
    text: str | None = None
    meta_info: MetaInfo | None = None
    error: _StreamError | None = None


_events = msgspec.json.Decoder(_Event)


class Stream:
    """Reads the server-sent events of one generation, however the network splits them.

    `incremental` when each event brings the text since the last one, not the text from its start.
    """

    def __init__(self, *, incremental: bool) -> None:
        self._incremental = incremental
        self._unread = b""
        self._texts: list[str] = []
        self._meta: MetaInfo | None = None

    def feed(self, data: bytes) -> bool:
        """Takes more bytes; True when they contained more of the text.

        Raises TransientFault for anything but events, and `fault_of` of an error.
        """
        *events, self._unread = (self._unread + data).split(b"\n\n")
        if len(self._unread) > _LONGEST_EVENT:
            raise TransientFault(f"the engine sent more than {_LONGEST_EVENT} bytes in one event")
        news = [self._take(event) for event in events]
        return any(news)

    def end(self) -> Generation:
        """The whole text; raises a JudgeFault when it did not come to its end."""
        if self._meta is None or self._meta.finish_reason is None:
            raise TransientFault("the engine's answer is incomplete")
        finish = self._meta.finish_reason
        if finish.type == "abort":
            raise fault_of(finish.status_code or 500, finish.message or "the request was aborted")
        return Generation("".join(self._texts), self._meta)

    def _take(self, event: bytes) -> bool:
        kind, _, data = event.strip().partition(b":")
        if kind != b"data":
            raise TransientFault(f"not an event of a generation: {error_text(event)}")
        if data.strip() == b"[DONE]":
            return False
        try:
            read = _events.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise TransientFault(f"not an event of a generation: {error_text(event)}") from error
        if read.error is not None:
            raise fault_of(read.error.code, read.error.message)
        if read.text is None or read.meta_info is None:
            raise TransientFault(f"not an event of a generation: {error_text(event)}")
        self._texts = [*self._texts, read.text] if self._incremental else [read.text]
        self._meta = self._continued(read.meta_info)
        return True

    def _continued(self, meta: MetaInfo) -> MetaInfo:
        """The newest figures; of the logprobs an incremental event has only its own tokens'."""
        if self._meta is None or not self._incremental:
            return meta
        names = ("output_token_logprobs", "output_top_logprobs")
        lists = {name: joined(getattr(self._meta, name), getattr(meta, name)) for name in names}
        return structs.replace(meta, **lists)
