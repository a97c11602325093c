"""A platform of SGLang 0.5.16 and newer: any CPU, with PyTorch's own operations.

Since 0.5.16 SGLang's own CPU platform imports kernels (`sgl_kernel`) that no wheel has for a CPU.
With a platform from outside, SGLang's documented way to add hardware, PyTorch computes every
operation. All else is SGLang's own: scheduler, radix cache, grammars, sampling, HTTP. See
https://docs.sglang.io/docs/hardware-platforms/plugin.
"""

from sglang.srt.platforms.cpu import CpuDeviceMixin
from sglang.srt.platforms.device_mixin import PlatformEnum
from sglang.srt.platforms.interface import SRTPlatform


def activate() -> str:
    """The platform's class, for SGLang's entry point."""
    return "sglang_torch_cpu:TorchCpu"


class TorchCpu(CpuDeviceMixin, SRTPlatform):  # type: ignore[misc]  # SGLang is in .engine only
    """A CPU that SGLang has no kernels for."""

    _enum = PlatformEnum.OOT

    def get_default_attention_backend(self) -> str:
        """PyTorch's attention."""
        return "torch_native"
