"""From the name of a checkpoint to a chat model."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import BadInputError
from ..vision import MediaPolicy
from .chat import ChatModel
from .settings import Settings

if TYPE_CHECKING:
    import torch

    from .prompt import VideoMarkers


def load_model(
    name: str = "nano",
    *,
    device: "str | torch.device | None" = None,
    dtype: "str | torch.dtype | None" = None,
    context: int | None = None,
    speculate: int = 0,
    session_bytes: int | None = None,
    vision_bytes: int = 512 << 20,
    cache_folder: "str | Path | None" = None,
    media_tokens: int | None = None,
    media_policy: MediaPolicy = MediaPolicy(),  # noqa: B008  frozen
    video_markers: "VideoMarkers" = "nested",
    **settings: Any,
) -> ChatModel:
    """Loads a model: the bundled `nano`, the folder of a checkpoint, or a repository `org/name` of the hub.

    `settings` are those of `ChatModel`: temperature, max_tokens, thinking and more (`Settings`).

    `context` is in tokens: more than the checkpoint's own turns on YaRN, which reaches four times as far; less is a
    limit. With `speculate`, the checkpoint's draft layer (MTP) guesses that many tokens at a time; the answers are the
    same. Conversations are kept in `session_bytes` of memory (by default a quarter of a GPU's free memory, or an eighth
    of the computer's), so that they are not read again, and encoded pictures in `vision_bytes`; with `cache_folder`
    both are on disk too, for a later start.

    Pictures and videos take `media_tokens` of a prompt at most, by default half of the context: beyond that the oldest
    are shown small, and then only named. `media_policy` limits what one may cost, and says from which hosts addresses
    are fetched. `video_markers` says whether a video's temporal patches stand within an outer vision start and end, as
    transformers leaves them ("nested"), or not, as vLLM has it ("bare").

    Raises:
        ModelNotFoundError: if there is no such checkpoint, or no network to fetch it.
        UnsupportedModelError: if it isn't a Qwen3.5-family checkpoint, or has no draft layer to `speculate` with.
        BadInputError: if a setting is unknown or out of range, or `cache_folder` is another model's.
    """
    from .checkpoint import load_checkpoint
    from .local import LocalEngine

    for key, value, least in (
        ("speculate", speculate, 0),
        ("session_bytes", session_bytes, 1),
        ("vision_bytes", vision_bytes, 1),
        ("media_tokens", media_tokens, 0),
    ):
        if value is not None and value < least:
            raise BadInputError(f"{key}={value} is out of range; give {least} or more")
    Settings.checked(settings)
    checkpoint = load_checkpoint(name, device=device, dtype=dtype, context=context, speculate=speculate > 0)
    engine = LocalEngine(
        checkpoint,
        speculate=speculate,
        session_bytes=session_bytes,
        vision_bytes=vision_bytes,
        cache_folder=Path(cache_folder) if cache_folder is not None else None,
        media_tokens=media_tokens,
        media_policy=media_policy,
        video_markers=video_markers,
    )
    model = ChatModel(engine=engine, **settings)
    model._requests([], None, {})[0].resolve({})  # names a setting out of range now, not at the first question
    return model
