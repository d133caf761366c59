"""How our errors reach a client: a result that failed, in words for a model and as `{code, message, hint, where}`."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, cast

from emoagent.errors import EmoagentError
from emoagent.viewer.visible import visible

F = TypeVar("F", bound=Callable[..., Awaitable[Any]])


def answering(tool: F) -> F:
    """The tool, with our errors as answers. What nobody expected is left to the SDK, which tells nothing of it."""

    @functools.wraps(tool)
    async def answered(*args: Any, **given: Any) -> Any:
        try:
            return await tool(*args, **given)
        except EmoagentError as error:
            return failure(error)

    return cast("F", answered)


def failure(error: EmoagentError) -> Any:
    """The result of a call that failed."""
    from mcp_types import CallToolResult, TextContent

    envelope = {name: visible(value) for name, value in error.envelope().items()}
    hint = f" ({envelope['hint']})" if error.hint else ""
    text = f"{envelope['code']}: {envelope['message']}{hint}"
    return CallToolResult(content=[TextContent(type="text", text=text)], structured_content=envelope, is_error=True)
