#!/usr/bin/env python3
"""Runs every recipe of results/README.md as it stands, in a folder that holds results/quickstart.
Usage: run_recipes.py README FOLDER. Prints `ran: ...` and, for what is not installed, `skipped: ...`."""
import os
import pathlib
import re
import shutil
import subprocess
import sys

PROGRAMS = {"python": (["/usr/bin/python3", "-c"], r"^(?:import|from) (\w+)", "import {}"),
            "r": (["Rscript", "-e"], r"^library\((\w+)\)", "library({})"),
            "julia": (["julia", "-e"], r"^using (\w+)", "using {}")}


def run(words, folder):
    environment = {**os.environ, "HDF5_USE_FILE_LOCKING": "FALSE"}
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, env=environment)


def missing(language, text):
    """What a recipe needs and is not installed; empty where nothing is missing."""
    program, pattern, load = PROGRAMS[language]
    if shutil.which(program[0]) is None:
        return f"no program {program[0]}"
    for library in re.findall(pattern, text, re.MULTILINE):
        if run([*program, load.format(library)], "/").returncode != 0:
            return f"{program[0]} has no {library}"
    return ""


def main():
    recipes = re.findall(r"^```(python|r|julia)\n(.*?)^```", pathlib.Path(sys.argv[1]).read_text(),
                         re.MULTILINE | re.DOTALL)
    assert {language for language, _ in recipes} == set(PROGRAMS), "a language has no recipe"
    for number, (language, text) in enumerate(recipes):
        lacking = missing(language, text)
        if lacking:
            print(f"skipped: a {language} recipe of results/README.md: {lacking}")
            continue
        ran = run([*PROGRAMS[language][0], text], sys.argv[2])
        assert ran.returncode == 0, (text, ran.stderr)
        print(f"ran: {language} {number}")


main()
