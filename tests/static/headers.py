#!/usr/bin/env python3
"""Every header of the SDK compiles alone, and all of them in either order, without a warning.

Usage: headers.py SOURCE BUILD. With g++ and, where it is installed, clang++. What includes
api/context.hpp, or else core/types.hpp and so Eigen, is given that header precompiled: a header's
own includes all stand before its code, so this changes nothing but the time.
"""
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

FLAGS = ["-std=c++20", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Werror",
         "-DEIGEN_MAX_ALIGN_BYTES=64", "-DEIGEN_MAX_STATIC_ALIGN_BYTES=16", "-DEIGEN_DONT_PARALLELIZE"]
BASES = ["gibbsite/api/context.hpp", "gibbsite/core/types.hpp"]
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"](gibbsite/[^>"]+)[>"]', re.MULTILINE)


def sdk_headers(include):
    found = [f"gibbsite/{layer}/{path.name}" for layer in ("core", "api")
             for path in (include / "gibbsite" / layer).glob("*.hpp")]
    # *_isa.hpp are not installed.
    return sorted(name for name in found if not name.endswith("_isa.hpp")) + ["gibbsite/plugin.hpp"]


def reached(include, name, seen):
    if name not in seen:
        seen.add(name)
        for other in INCLUDE.findall((include / name).read_text()):
            reached(include, other, seen)
    return seen


def eigen_folders(build):
    text = (build / "CMakeCache.txt").read_text()
    found = re.search(r"^Eigen3_DIR:PATH=(.+)/share/eigen3/cmake$", text, re.MULTILINE)
    prefix = found.group(1) if found else "/usr"
    return ["-isystem", prefix + "/include/eigen3"]


class Compiler:
    def __init__(self, program, include, scratch, flags):
        self.words = [program, *FLAGS, "-I", str(include), *flags]
        self.name = pathlib.Path(program).name
        self.with_base = {None: []}
        for number, base in enumerate(BASES):
            header = scratch / f"{self.name}-{number}.hpp"
            header.write_text(f'#include "{base}"\n')
            is_clang = "clang" in self.name
            precompiled = header.with_suffix(".pch" if is_clang else ".hpp.gch")
            subprocess.run([*self.words, "-x", "c++-header", str(header), "-o", str(precompiled)], check=True)
            self.with_base[base] = ["-include-pch", str(precompiled)] if is_clang else ["-include", str(header)]

    def fault(self, headers, base=None):
        code = "".join(f'#include "{header}"\n' for header in headers)
        words = [*self.words, *self.with_base[base], "-fsyntax-only", "-x", "c++", "-"]
        done = subprocess.run(words, input=code, text=True, capture_output=True)
        if done.returncode == 0 and not done.stderr:
            return ""
        what = headers[0] + (" alone" if len(headers) == 1 else " and all others after it")
        return f"{self.name}: {what} (exit code {done.returncode}):\n{done.stderr}"


def main():
    build = pathlib.Path(sys.argv[2])
    include = build / "include"
    headers = sdk_headers(include)
    assert len(headers) > 60, headers
    programs = ["g++"]
    clang = shutil.which("clang++-14") or shutil.which("clang++")
    if clang:
        programs.append(clang)
    else:
        print("skipped: SDK headers with clang++: it is not installed (Debian: clang)")
    with tempfile.TemporaryDirectory() as scratch, concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        tasks = []
        for program in programs:
            compiler = Compiler(program, include, pathlib.Path(scratch), eigen_folders(build))
            for header in headers:
                seen = reached(include, header, set()) - {header}
                base = next((base for base in BASES if base in seen), None)
                tasks.append(pool.submit(compiler.fault, [header], base))
            for order in (headers, headers[::-1]):
                tasks.append(pool.submit(compiler.fault, order))
        faults = [task.result() for task in tasks if task.result()]
    print("\n".join(faults))
    return 1 if faults else 0


sys.exit(main())
