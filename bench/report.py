#!/usr/bin/env python3
"""Measures the kernels beside their peers, and prints one table.

Each shape and each setting of LibTorch has a process of its own; inside it reft and its peers take turns, and every
ratio is formed there, between the fastest repetitions: CPU time for one thread, wall time for more.
"""
import argparse
import json
import pathlib
import sys

from report_parts import chart, document, rows, running, sessions, tables

ROOT = pathlib.Path(__file__).resolve().parent.parent


def arguments():
    parser = argparse.ArgumentParser(prog="./run bench", description=__doc__.partition("\n")[0], allow_abbrev=False)
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument("--quick", action="store_true", help="fewer shapes and repetitions: two minutes")
    kind.add_argument("--tiny", action="store_true", help="to test the report itself: the numbers mean nothing")
    parser.add_argument("--json", metavar="FILE", type=pathlib.Path, help="also write the rows there")
    parser.add_argument("--picture", metavar="FILE", type=pathlib.Path, default=ROOT / "build/bench/performance.svg",
                        help="where the bar chart goes (default: build/bench/performance.svg)")
    parser.add_argument("--update-docs", metavar="FILE", nargs="?", type=pathlib.Path,
                        const=ROOT / "docs/performance.md",
                        help="write the tables into docs/performance.md, or FILE, and the picture beside it")
    parser.add_argument("--programs", metavar="FOLDER", type=pathlib.Path, default=ROOT / "build/release/bin",
                        help="where the benchmark programs are (default: build/release/bin)")
    parser.add_argument("--parse-only", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def chosen_sessions(asked):
    if asked.tiny:
        known = [*sessions.PROGRAMS, "logits_plain_bench"]
        return sessions.tiny([p for p in known if (asked.programs / p).exists()])
    return sessions.quick() if asked.quick else sessions.full()


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def main():
    asked = arguments()
    if asked.parse_only:
        return
    results, absent, failures = running.run_all(asked.programs, chosen_sessions(asked))
    if not results:
        raise running.Failure("\n".join(failures) or f"there are no benchmark programs in {asked.programs}")
    all_rows = rows.rows_of(results)
    errors = tables.errors_text(asked.programs) if asked.update_docs else tables.NOTHING
    sections = tables.sections(all_rows, results, absent, errors)
    for title, text in sections:
        if text != tables.NOTHING:
            print(f"\n== {title}\n\n{text}")
    write(asked.picture, chart.bar_chart(all_rows))
    print(f"\nThe bar chart is {asked.picture}")
    if asked.json:
        write(asked.json, json.dumps([row.as_json() for row in all_rows], indent=1) + "\n")
    if failures:
        raise running.Failure("not everything could be measured\n" + "\n".join(failures))
    if asked.update_docs:
        document.update(asked.update_docs, sections)
        write(asked.update_docs.with_suffix(".svg"), chart.bar_chart(all_rows))


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        running.progress("")
        print("bench: interrupted, nothing was written", file=sys.stderr)
        sys.exit(130)
    except (running.Failure, OSError) as error:
        running.progress("")
        sys.exit(f"bench: {error}")
