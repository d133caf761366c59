"""Every error a user can meet, with its code and exit status.

    EmoagentError
    ├── UsageError          2   usage                arguments or settings that make no sense
    │   ├── OutputError     2   output               the output folder cannot be used
    │   ├── NotFound        2   not_found            there is no such session, turn, job or result
    │   └── Clash           2   clash                it contradicts what is there already
    ├── MediaError          4   bad_media            the file is not usable audio or video
    │   └── TranscriptError 4   bad_transcript       the subtitle file cannot be read
    ├── ModelMissing        5   model_missing        a model file is not there and cannot be had
    │   └── ExtraMissing    5   extra_missing        an optional package is not installed
    ├── BackendUnreachable  6   backend_unreachable  a server does not answer
    ├── ResourceLimit       7   resource_limit       memory, disk or time ran out
    ├── Incomplete          3   incomplete           an agent did its work but for a part
    ├── Refused             8   refused              the policy forbids it
    │   └── NoConsent       8   no_consent           the person has not agreed to it
    └── InternalError       1   internal             a mistake of ours

Exit 0: all well. 3: some files or agents failed, the rest is there. 130: interrupted, can be resumed.
"""

from __future__ import annotations

import errno
from typing import ClassVar

EXIT_OK, EXIT_PARTIAL, EXIT_INTERRUPTED = 0, 3, 130


class EmoagentError(Exception):
    """What happened (`message`), what to do (`hint`), and in which file or part (`where`)."""

    code: ClassVar[str] = "error"
    exit_status: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str = "", where: str = "") -> None:
        super().__init__(message)
        self.message, self.hint, self.where = message, hint, where

    def envelope(self) -> dict[str, str]:
        """The one shape in which errors leave the program: `{code, message, hint, where}`."""
        return {"code": self.code, "message": self.message, "hint": self.hint, "where": self.where}


class UsageError(EmoagentError):
    """Arguments or settings that make no sense."""

    code, exit_status = "usage", 2


class OutputError(UsageError):
    """The output folder cannot be used."""

    code = "output"


class NotFound(UsageError):
    """There is no such session, turn, job or result."""

    code = "not_found"


class Clash(UsageError):
    """It contradicts what is there already."""

    code = "clash"


class MediaError(EmoagentError):
    """The file is not usable audio or video."""

    code, exit_status = "bad_media", 4


class TranscriptError(MediaError):
    """The subtitle file cannot be read."""

    code = "bad_transcript"


class ModelMissing(EmoagentError):
    """A model file is not there and cannot be had."""

    code, exit_status = "model_missing", 5


class ExtraMissing(ModelMissing):
    """An optional package is not installed."""

    code = "extra_missing"

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(f"the package {package!r} is not installed", hint=f"pip install 'emoagent[{extra}]'")


class BackendUnreachable(EmoagentError):
    """A server does not answer."""

    code, exit_status = "backend_unreachable", 6


class ResourceLimit(EmoagentError):
    """Memory, disk or time ran out."""

    code, exit_status = "resource_limit", 7


def out_of_space(error: OSError, where: str = "") -> ResourceLimit | None:
    """The error to raise if `error` says that the disk, or what one may use of it, is full; else `None`."""
    if error.errno not in (errno.ENOSPC, errno.EDQUOT):
        return None
    return ResourceLimit("no space left on the disk", hint="free some space, then use --resume", where=where)


class Incomplete(EmoagentError):
    """An agent did its work but for a part: raised when it is through, so that the rest is kept."""

    code, exit_status = "incomplete", 3


class Refused(EmoagentError):
    """The policy forbids it."""

    code, exit_status = "refused", 8


class NoConsent(Refused):
    """The person has not agreed to it."""

    code = "no_consent"


class InternalError(EmoagentError):
    """A mistake of ours: something that no part expected."""

    code, exit_status = "internal", 1

    def __init__(self, cause: Exception) -> None:
        hint = "please report it, with what EMOAGENT_DEBUG=1 prints; the run can be resumed with --resume"
        super().__init__(f"{type(cause).__name__}: {cause}", hint=hint)
