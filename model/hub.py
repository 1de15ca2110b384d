"""Where a checkpoint lies: a folder on this machine, the hub's cache, or the hub."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ModelNotFoundError, UnsupportedModelError

if TYPE_CHECKING:
    from .weights import Stored

_SMALL_FILES = ("config.json", "preprocessor_config.json", "video_preprocessor_config.json", "generation_config.json")
_ALL_FILES = ("*.json", "*.jinja", "*.safetensors")


def find(name: str) -> Path:
    """The folder of `nano`, of a path, or of a repository `org/name` of the hub with its settings downloaded.

    Raises:
        ModelNotFoundError: if there is no such folder, and the hub has no such repository or can't be reached.
    """
    folder = Path(str(files("quintet.model.nano"))) if name == "nano" else Path(name).expanduser()
    if folder.is_dir():
        if not (folder / "config.json").is_file():
            raise ModelNotFoundError(f"{name!r} is a folder without config.json; give the folder of a checkpoint")
        return folder
    return _download_settings(name)


def read_settings(name: str, folder: Path) -> Mapping[str, Mapping[str, Any]]:
    """The parsed settings of a checkpoint by file name; `config.json` is always among them.

    Raises:
        UnsupportedModelError: if one of them is damaged.
    """
    paths = [folder / file for file in _SMALL_FILES if (folder / file).is_file()]
    try:
        return {path.name: json.loads(path.read_text(encoding="utf-8")) for path in paths}
    except ValueError as error:
        raise UnsupportedModelError(f"{name!r} has a damaged configuration file: {error}") from error


def download(name: str, folder: Path) -> None:
    """Brings the weights and the tokenizer into `folder`, if `find` gave one of the hub's and they aren't there yet.

    Raises:
        ModelNotFoundError: if the hub can't provide them.
    """
    from huggingface_hub import snapshot_download

    from .weights import weight_files

    if _is_local(name) or all((folder / file).exists() for file in ("tokenizer.json", *weight_files(folder))):
        return
    with _hub(name):
        snapshot_download(name, revision=folder.name, allow_patterns=[*_ALL_FILES])


def headers(name: str, folder: Path) -> "Mapping[str, Stored]":
    """What the headers of the weights say, by name: in `folder`, else on the hub, without downloading the weights.

    Raises:
        UnsupportedModelError: if the files in a folder of one's own are missing or damaged.
        ModelNotFoundError: if the hub can't be reached.
    """
    from huggingface_hub import get_safetensors_metadata

    from .weights import Stored, Weights

    try:
        return Weights(folder).stored
    except UnsupportedModelError:
        if _is_local(name):
            raise
    with _hub(name):
        files = get_safetensors_metadata(name, revision=folder.name).files_metadata.values()
    return {name: Stored(one.dtype, tuple(one.shape)) for file in files for name, one in file.tensors.items()}


def _is_local(name: str) -> bool:
    return name == "nano" or Path(name).expanduser().is_dir()


def _download_settings(name: str) -> Path:
    from huggingface_hub import HfApi, hf_hub_download, try_to_load_from_cache

    if name.count("/") != 1 or name.startswith((".", "/", "~")):
        raise ModelNotFoundError(
            f"no model {name!r}: give 'nano', the folder of a checkpoint, or a hub repository as 'org/name'"
        )
    cached = try_to_load_from_cache(name, "config.json")
    if isinstance(cached, str):
        return Path(cached).parent
    with _hub(name):  # asked once and without the retries of a download, so that a missing network is told at once
        offered = {one.rfilename for one in HfApi().model_info(name, timeout=10).siblings or ()}
        for file in _SMALL_FILES[1:]:
            if file in offered:
                hf_hub_download(name, file)
        return Path(hf_hub_download(name, "config.json")).parent


@contextmanager
def _hub(name: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # the hub client's errors have no common base across its versions
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ModelNotFoundError(
            f"no model {name!r}: it is no folder here, not whole in the cache, and the hub can't provide it "
            f"({reason}); check the name and the network, or use 'nano'"
        ) from error
