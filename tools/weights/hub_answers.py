"""What the hub's library raises, told as our own errors. No address and no token stands in a message."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from emoagent.errors import BackendUnreachable, EmoagentError, ExtraMissing, ModelMissing, out_of_space

NETWORK = ("httpx", "httpx2", "httpcore", "httpcore2", "requests", "urllib3")


@contextmanager
def hub_errors(repository: str) -> Iterator[None]:
    """Raises `ModelMissing` where the hub does not give the model, `BackendUnreachable` where it does not answer."""
    try:
        yield
    except EmoagentError:
        raise
    except ModuleNotFoundError as error:
        raise ExtraMissing(error.name or "huggingface_hub", "local") from error
    except Exception as error:  # the library's errors come from one of several HTTP clients, by its version
        if (own := _own(error, repository)) is None:
            raise
        raise own from error


def _own(error: Exception, repository: str) -> EmoagentError | None:
    from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

    if isinstance(error, HfHubHTTPError):
        return _answered(error, repository)
    if isinstance(error, OfflineModeIsEnabled):
        hint = f"emoagent models pull {repository}  (with HF_HUB_OFFLINE and TRANSFORMERS_OFFLINE unset)"
        return ModelMissing(f"{repository} is not here, and HF_HUB_OFFLINE forbids fetching it", hint=hint)
    if isinstance(error, OSError) and (full := out_of_space(error)):
        return full
    return _unreachable(repository, type(error).__name__) if lost_connection(error) else None


def lost_connection(error: Exception) -> bool:
    """Whether it is the network's fault, by whichever HTTP client the library uses."""
    from_network = type(error).__module__.partition(".")[0] in NETWORK
    return from_network or isinstance(error, ConnectionError | TimeoutError) or "Consistency check" in str(error)


def _answered(error: Exception, repository: str) -> EmoagentError:
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError, RevisionNotFoundError

    status = getattr(getattr(error, "response", None), "status_code", 0)
    if isinstance(error, GatedRepoError):
        hint = "accept its terms on its page at the hub, then set HF_TOKEN to a token of that account"
        return ModelMissing(f"{repository} is gated: the hub gives it to those only who accept its terms", hint=hint)
    if isinstance(error, RevisionNotFoundError):
        return ModelMissing(f"{repository} has no such revision", hint="a branch, a tag or a commit of the repository")
    if isinstance(error, RepositoryNotFoundError) or status in (401, 403, 404):
        hint = "check the name; for a private one set HF_TOKEN"
        return ModelMissing(f"the hub has no model {repository} (or does not show it to you: {status})", hint=hint)
    return _unreachable(repository, f"status {status}")


def _unreachable(repository: str, why: str) -> BackendUnreachable:
    hint = "emoagent models pull again goes on where it stopped; without a network: models pull --from BUNDLE.tar"
    return BackendUnreachable(f"the model hub does not answer ({why})", hint=hint, where=repository)
