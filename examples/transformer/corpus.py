# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Text to train on, as bytes, from packages of Debian: `python corpus.py FOLDER` prepares all of it.

    mathematics   theorems and their proofs in set theory: set.mm of metamath-databases, without its comments
    code          the modules of Python's standard library: libpython3.*-stdlib

A text is documents: a theorem with what is declared since the one before it, or a module. Each is in one of three
splits, which the SHA-256 of its key says: a theorem's key is its statement (so that a second proof of it is with the
first), a module's its path. A document whose text was there before is left out. FOLDER gets NAME.SPLIT.bin, in which
documents end in a zero byte, and NAME.json, which says what they are.
"""

import hashlib
import json
import os
import pathlib
import re
import sys
import typing

import torch

NAMES = ("mathematics", "code")
SPLITS = {"train": 0.9, "validation": 0.05, "test": 0.05}
METAMATH = pathlib.Path("/usr/share/metamath/databases/set.mm")
LIBRARIES = pathlib.Path("/usr/lib")
LEFT_OUT = {"encodings", "pydoc_data", "test", "tests", "dist-packages", "site-packages"}  # tables; others' packages


class Document(typing.NamedTuple):
    key: bytes
    text: bytes


def split_of(key: bytes) -> str:
    at = int.from_bytes(hashlib.sha256(key).digest()[:8], "big") / 2 ** 64
    for name, share in SPLITS.items():
        at -= share
        if at < 0:
            return name
    return name


def theorems(database: str) -> typing.Iterator[Document]:
    """Of a Metamath database: `label $p statement $= proof $.` and what stands before it, white space as one space."""
    before, at = "", 0
    for match in re.finditer(r"\$\(.*?\$\)|\$p\s.*?\$\.", database, re.S):  # a comment, or a theorem
        before += database[at:match.start()]
        at = match.end()
        if match[0].startswith("$p"):
            statement = " ".join(match[0].partition("$=")[0].split())
            yield Document(statement.encode(), " ".join((before + match[0]).split()).encode())
            before = ""


def modules(library: pathlib.Path) -> typing.Iterator[Document]:
    """Of a folder of Python's, in the order of their names."""
    for path in sorted(library.rglob("*.py")):
        name = path.relative_to(library)
        if not LEFT_OUT & set(name.parts):
            yield Document(str(name).encode(), path.read_bytes())


def documents(name: str) -> typing.Iterator[Document]:
    if name not in NAMES:
        raise SystemExit(f"there is no text {name!r}; there are {', '.join(NAMES)}")
    if name == "mathematics":
        if not METAMATH.exists():
            raise SystemExit(f"there is no {METAMATH}: install metamath-databases, with apt")
        return theorems(METAMATH.read_text())
    libraries = [path for path in LIBRARIES.glob("python3.*") if (path / "ast.py").exists()]
    if not libraries:
        raise SystemExit(f"there is no Python library in {LIBRARIES}: install python3, with apt")
    return modules(max(libraries, key=lambda path: int(path.name.partition(".")[2])))


def split(found: typing.Iterable[Document]) -> dict[str, list[bytes]]:
    """The texts of each split."""
    splits, seen = {name: [] for name in SPLITS}, set()
    for document in found:
        if document.text not in seen:
            seen.add(document.text)
            splits[split_of(document.key)].append(document.text)
    return splits


def write(path: pathlib.Path, data: bytes):
    """All at once: other processes may write the same."""
    part = path.with_suffix(f".{os.getpid()}")
    part.write_bytes(data)
    os.replace(part, path)


def prepare(folder: pathlib.Path, name: str, found: typing.Iterable[Document]):
    folder.mkdir(parents=True, exist_ok=True)
    about = {}
    for part, texts in split(found).items():
        data = b"".join(text + b"\0" for text in texts)
        write(folder / f"{name}.{part}.bin", data)
        about[part] = {"documents": len(texts), "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    write(folder / f"{name}.json", (json.dumps(about, indent=1) + "\n").encode())


class Corpus:
    """A prepared text, on a device."""

    def __init__(self, folder: pathlib.Path, name: str, device: torch.device | str = "cpu"):
        self.name = name
        if not (folder / f"{name}.json").exists():
            prepare(folder, name, documents(name))
        self.about = json.loads((folder / f"{name}.json").read_text())
        self._data = {part: torch.frombuffer(bytearray((folder / f"{name}.{part}.bin").read_bytes()),
                                             dtype=torch.uint8).to(device) for part in SPLITS}

    def draw(self, count: int, length: int, generator: torch.Generator) -> torch.Tensor:
        """[count, length] of the training split, from anywhere."""
        begins = torch.randint(self._room("train", length) + 1, (count,), generator=generator)
        return self._windows("train", begins, length)

    def windows(self, part: str, count: int, length: int) -> torch.Tensor:
        """The same [count, length] each time, evenly from all of a split; fewer if there are not as many."""
        room = self._room(part, length)
        count = min(count, len(self._data[part]) // length)
        return self._windows(part, torch.arange(count) * room // max(1, count - 1), length)

    def _room(self, part, length):
        """The last place where a window begins."""
        if len(self._data[part]) < length:
            raise SystemExit(f"{self.name}.{part} has {len(self._data[part])} bytes, fewer than a sequence's {length}")
        return len(self._data[part]) - length

    def _windows(self, part, begins, length):
        data = self._data[part]
        return data[(begins[:, None] + torch.arange(length)).to(data.device)].long()


if __name__ == "__main__":
    for corpus in NAMES:
        prepare(pathlib.Path(sys.argv[1]), corpus, documents(corpus))
        print(corpus, (pathlib.Path(sys.argv[1]) / f"{corpus}.json").read_text(), end="")
