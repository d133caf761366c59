"""How much memory is left for a model, on the graphics card or in the machine."""

from __future__ import annotations

from pathlib import Path

UNKNOWN = 4 << 30  # bytes that are assumed where the system does not tell
CGROUP = Path("/sys/fs/cgroup")


def free_memory(device: str = "cpu") -> int:
    """Bytes that can still be used: of the card for `cuda`, else of the machine, or of the container where that has
    less."""
    if device.startswith("cuda"):
        import torch

        return int(torch.cuda.mem_get_info()[0])
    return min(_available(Path("/proc/meminfo")), _left_in_container(CGROUP))


def _available(path: Path) -> int:
    """`MemAvailable` of the kernel's figures: what can be had without swapping."""
    try:
        lines = dict(line.split(":", 1) for line in path.read_text().splitlines() if ":" in line)
        return int(lines["MemAvailable"].split()[0]) << 10
    except (OSError, KeyError, ValueError, IndexError):
        return UNKNOWN


def _left_in_container(folder: Path) -> int:
    """The limit of the control group (version 2) less what is in use; a lot where there is no limit. What is kept of
    files that were read can be given up, so it does not count."""
    try:
        limit, used = (int((folder / name).read_text()) for name in ("memory.max", "memory.current"))
        stat = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
        return max(0, limit - used + int(stat.get("inactive_file", 0)))
    except (OSError, ValueError):  # no such file, or "max"
        return 1 << 62
