"""Datasets of the Hugging Face Hub by name: the Parquet files that the Hub keeps of every public one, fetched once."""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlsplit
from urllib.request import Request, urlopen

from workbench.catalogue import Params, param
from workbench.data.arrow import Part, dataset_of, pyarrow
from workbench.data.arrow import read_table as read_arrow
from workbench.data.base import Dataset, Format
from workbench.data.tables.columns import Reading
from workbench.data.tables.types import SPLIT_NAMES, ColumnType
from workbench.errors import DataError, Text

PREFIX = "hf:"
ENDPOINT = "https://huggingface.co"
_SECONDS = 5
_BLOCK = 1 << 20
_NAME = re.compile(r"[\w.-]+(/[\w.-]+)?")


class HubParams(Params):
    """Which part of a dataset is taken."""

    config: str = param("", label="Configuration", help="Such as en or default; empty takes the first.")
    split: str = param("", label="Split", help="Fetches only this split; empty: all.", main=False)
    largest: int = param(4, label="At most", help="Stops before more than this is fetched.", unit="GiB", ge=1, le=1000, main=False)
    types: dict[str, ColumnType] = param(
        {}, label="Types", help="The type of a column, by its name, where another is wanted than was found.", main=False,
    )


class Hub(Format):
    """A dataset by its name on the Hub."""

    name = "hub"
    label = "Hugging Face Hub"
    category = "file"
    summary = "A public dataset by its name, as in hf:stanfordnlp/imdb; it is fetched once and then read from disk."
    aliases = ("hf:", "huggingface", "datasets", "load_dataset", "HF_ENDPOINT", "抱抱脸", "在线数据集")
    Params = HubParams

    def open(self, source: str, params: Any) -> Dataset:
        name = source.removeprefix(PREFIX).strip("/")
        if not _NAME.fullmatch(name) or ".." in name:
            raise DataError(Text("{name} is no name of a dataset.", name=name[:80]), Text("Names look like hf:stanfordnlp/imdb."))
        pyarrow(source)
        listed = _listed(name)
        config = params.config or next(iter(listed))
        if config not in listed:
            raise DataError(
                Text("{name} has no configuration called {config}.", name=name, config=config[:80]),
                Text("It has {names}.", names=", ".join(list(listed)[:20])),
            )
        splits = {split: urls for split, urls in listed[config].items() if params.split in ("", split)}
        if not splits:
            raise DataError(
                Text("{name} has no split called {split}.", name=name, split=params.split[:80]),
                Text("It has {names}.", names=", ".join(listed[config])),
            )
        room = params.largest << 30
        parts: list[Part] = []
        for split, urls in splits.items():
            for number, url in enumerate(urls):
                path = _fetched(url, _folder() / _safe(name) / _safe(config), room)
                room -= path.stat().st_size
                parts.append(Part(f"{split}/{number}", str(SPLIT_NAMES.get(split.lower(), "train")), read_arrow(path), path))
        given = len({part.split for part in parts}) > 1
        parts = parts if given else [replace(part, split="") for part in parts]
        return dataset_of(self.name, source, parts, Reading(params.types))


def endpoint() -> str:
    """Returns the address of the Hub: HF_ENDPOINT where it is set."""
    return (os.environ.get("HF_ENDPOINT") or ENDPOINT).rstrip("/")


def _folder() -> Path:
    from platformdirs import user_cache_path

    return user_cache_path("model-workbench") / "hub"


def _safe(name: str) -> str:
    return re.sub(r"[^\w.-]", "--", name).strip(".") or "default"


def _listed(name: str) -> dict[str, dict[str, list[str]]]:
    """Returns the addresses of the Parquet files by configuration and split; without a network, what was fetched before.

    Raises:
        DataError: The Hub cannot be reached, or has no such dataset.
    """
    kept = _folder() / _safe(name) / "files.json"
    try:
        with _opened(f"{endpoint()}/api/datasets/{quote(name)}/parquet") as answer:
            text = answer.read(64 << 20).decode("utf-8")
        listed = _checked(json.loads(text), name)
    except HTTPError as error:
        raise _refusal(name, error) from error
    except (URLError, OSError, TimeoutError) as error:
        if kept.is_file():
            return _checked(json.loads(kept.read_text("utf-8")), name)
        raise _unreachable(error) from error
    except (ValueError, RecursionError) as error:
        raise DataError(Text("{address} does not answer as the Hub does.", address=endpoint()), Text("Check HF_ENDPOINT.")) from error
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(text, "utf-8")
    return listed


def _checked(listed: Any, name: str) -> dict[str, dict[str, list[str]]]:
    good = isinstance(listed, dict) and listed and all(
        isinstance(splits, dict) and all(isinstance(urls, list) and all(isinstance(url, str) for url in urls) for urls in splits.values())
        for splits in listed.values()
    )
    if not good:
        raise DataError(Text("The Hub keeps no Parquet files of {name}.", name=name), Text("Download the dataset and open its folder."))
    return listed


def _refusal(name: str, error: HTTPError) -> DataError:
    error.close()
    if error.code in (401, 403, 404):
        return DataError(
            Text("The Hub has no public dataset called {name}.", name=name),
            Text("Check the name; private ones can be downloaded and opened as a folder."),
        )
    return DataError(Text("The Hub answered with error {code}.", code=error.code), Text("Try again later."))


def _unreachable(error: Exception) -> DataError:
    reason = getattr(error, "reason", None) or error
    return DataError(
        Text("{address} is not reachable: {reason}.", address=endpoint(), reason=str(reason)[:120]),
        Text("Check the network, set HF_ENDPOINT to a mirror, or open a downloaded folder."),
    )


def _opened(url: str) -> Any:
    if urlsplit(url).scheme not in ("http", "https"):
        raise URLError("only http and https are fetched")
    return urlopen(Request(url, headers={"User-Agent": "model-workbench"}), timeout=_SECONDS)


def _fetched(url: str, folder: Path, room: int) -> Path:
    """Returns the file of an address, fetched where it is not there yet; a broken download leaves nothing.

    Raises:
        DataError: It cannot be reached, or is too large.
    """
    path = folder / f"{blake2b(url.encode(), digest_size=12).hexdigest()}.parquet"
    if path.is_file():
        return path
    folder.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(f".{os.getpid()}.part")
    try:
        with _opened(url) as answer, partial.open("wb") as file:
            while block := answer.read(_BLOCK):
                room -= len(block)
                if room < 0:
                    raise DataError(Text("The dataset is larger than was allowed."), Text("Allow more with largest, or take one split."))
                file.write(block)
        partial.replace(path)
    except HTTPError as error:
        raise _refusal(url, error) from error
    except (URLError, OSError, TimeoutError) as error:
        raise _unreachable(error) from error
    finally:
        partial.unlink(missing_ok=True)
    return path
