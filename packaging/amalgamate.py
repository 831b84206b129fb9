#!/usr/bin/env python3
"""Makes one header of <reft/reft.hpp> and all that it includes.

    amalgamate.py OUTPUT [HEADER]

HEADER is another header of reft to begin with, reft/reft.hpp if none is given. The result needs the standard library
alone. The same sources give the same file.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
INCLUDE = re.compile(r"#include <([^>]+)>")
LOOPS = re.compile(r"#define REFT_LOOPS <([^>]+)>")


def lines_of(header):
    return (ROOT / "include" / header).read_text(encoding="utf-8").splitlines()


def inlined(file, loops):
    """The text of a file without `#pragma once`, which is included again and again; `loops` is the file REFT_LOOPS."""
    for line in lines_of(file):
        include = INCLUDE.match(line)
        if line == "#include REFT_LOOPS":
            yield from inlined(loops, None)
        elif include and include[1].endswith(".inl"):
            yield from inlined(include[1], loops)
        elif line != "#undef REFT_LOOPS" and not line.startswith("//"):
            yield line


def flattened(header, standard, seen):
    """The text of a header of reft with those it includes in front; adds standard headers to `standard`."""
    if header in seen:
        return ""
    seen.add(header)
    before, own, depth, loops = "", [], 0, None
    for line in lines_of(header):
        include = INCLUDE.match(line)
        if line.startswith("#if"):
            depth += 1
        elif line.startswith("#endif"):
            depth -= 1
        if line == "#pragma once":
            continue
        if LOOPS.match(line):
            loops = LOOPS.match(line)[1]
        elif include and include[1].endswith(".inl"):
            own.extend(inlined(include[1], loops))
        elif include and include[1].startswith("reft/"):
            if depth:
                raise SystemExit(f"{header}: a header of reft is included by condition: {line}")
            before += flattened(include[1], standard, seen)
        elif include and not depth:
            if not re.fullmatch(r"[a-z_]+", include[1]):
                raise SystemExit(f"{header}: {line} is not of the standard library")
            standard.add(include[1])
        else:
            own.append(line)  # an include of intrinsics, by condition, stays where it is
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(own).strip("\n"))
    return f"{before}\n// ---- {header} ----\n\n{text}\n"


def version():
    config = (ROOT / "include/reft/core/config.hpp").read_text(encoding="utf-8")
    return ".".join(re.search(rf"#define REFT_VERSION_{part} (\d+)", config)[1] for part in ("MAJOR", "MINOR", "PATCH"))


def amalgamated(header):
    standard = set()
    body = flattened(header, standard, set())
    licence = (ROOT / "LICENSE").read_text(encoding="utf-8").strip("\n")
    top = [f"reft {version()}: <{header}> in one file, made by packaging/amalgamate.py. Do not edit.", ""]
    comment = "".join(f"// {line}".rstrip() + "\n" for line in top + licence.split("\n"))
    includes = "".join(f"#include <{name}>\n" for name in sorted(standard))
    return f"{comment}#pragma once\n\n{includes}{body}"


def main():
    if len(sys.argv) not in (2, 3):
        raise SystemExit(__doc__.split("\n\n")[1].strip())
    output = pathlib.Path(sys.argv[1])
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(amalgamated(sys.argv[2] if len(sys.argv) == 3 else "reft/reft.hpp"), encoding="utf-8")


if __name__ == "__main__":
    main()
