// Figures and pictures: what is drawn, in every format, and what is refused.
#include <doctest/doctest.h>

#include <cmath>

#include "support/run_folder.hpp"

using namespace gibbsite::test;

namespace {

RunFolder two_series() {
  std::vector<DraftCell> cells;
  for (const char* kind : {"a", "b"})
    for (const char* steps : {"1", "10", "100"})
      for (int seed = 1; seed <= 3; ++seed)
        cells.push_back({.varying = std::string("train.kind: ") + kind + ", train.steps: " + steps +
                                    ", seed: " + std::to_string(seed),
                         .scalars = {{"estimates/e/value", std::stod(steps) + seed}}});
  return RunFolder(cells);
}

Ending plot(const RunFolder& run, std::vector<std::string> options) {
  options.insert(options.begin(), {"plot", run.path().string()});
  return invoke(options);
}

bool has_modules() {
  for (const char* module : {"h5py", "matplotlib"})
    if (run_program({"/usr/bin/python3", "-c", std::string("import ") + module}).code != 0) {
      skip(std::string("python3 has no module ") + module);
      return false;
    }
  return true;
}

}  // namespace

TEST_CASE("a figure is drawn in every format, with every point and interval of every series") {
  const RunFolder run = two_series();
  const TemporaryFolder folder;
  for (const char* ending : {"svg", "pdf", "png"}) {
    const std::string file = (folder / (std::string("f.") + ending)).string();
    const Ending ending_of_plot = plot(run, {"--metric", "estimates/e/value", "--by", "steps",
                                             "--by", "kind", "--log", "xy", "-o", file});
    CAPTURE(ending_of_plot.err);
    CHECK(ending_of_plot.code == 0);
    CHECK(ending_of_plot.out == "");
  }
  CHECK(text_of(folder / "f.pdf").starts_with("%PDF-"));
  CHECK(text_of(folder / "f.png").starts_with("\x89PNG\r\n"));
  // 4.5 x 2.8 inches at 300 pixels an inch: 1350 x 840.
  CHECK(text_of(folder / "f.png").substr(16, 8) == std::string("\0\0\x05\x46\0\0\x03\x48", 8));
  const std::string svg = text_of(folder / "f.svg");
  // Filled: three points and a mark in the legend; drawn: three intervals and a line.
  for (const char* colour : {"rgb(0%,44.7%,69.8%)", "rgb(83.5%,36.9%,0%)"}) {
    std::string compact;
    for (const char c : svg)
      if (c != ' ') compact += c;
    CHECK(occurrences(compact, std::string("fill:") + colour) +
              occurrences(compact, std::string("fill=\"") + colour) ==
          4);
    CHECK(occurrences(compact, std::string("stroke:") + colour) +
              occurrences(compact, std::string("stroke=\"") + colour) ==
          4);
  }
}

TEST_CASE("what cannot be drawn is refused in one line") {
  const RunFolder run = two_series();
  const TemporaryFolder folder;
  const std::string file = (folder / "f.svg").string();
  const auto refused = [&](const std::vector<std::string>& options, const std::string& why) {
    const Ending ending = plot(run, options);
    CAPTURE(ending.err);
    CHECK(ending.code == 2);
    CHECK(ending.err.find(why) != std::string::npos);
    CHECK(occurrences(ending.err, "\n") == 1);
    CHECK(!fs::exists(file));
  };
  refused({"-o", file}, "--metric is missing");
  refused({"--metric", "estimates/e/value"}, "-o FILE is missing");
  refused({"--metric", "estimates/e/valu", "-o", file}, "did you mean 'estimates/e/value'");
  refused({"--metric", "estimates/e/value", "-o", "f.gif"}, "must end with .svg, .pdf or .png");
  refused({"--metric", "estimates/e/value", "-o", file, "--log", "z"}, "must be x, y or xy");
  refused({"--metric", "estimates/e/value", "-o", file, "--width", "0"}, "between 1 and 40 inches");
  refused({"--metric", "estimates/e/value", "-o", file, "--by", "kind", "--log", "x"},
          "no numbers");
  refused({"--metric", "estimates/e/value/per_update", "-o", file}, "estimates/e/value/per_update");
}

TEST_CASE("pictures show the given pixels, the draws and the filters of a result") {
  if (!has_modules()) return;
  const TemporaryFolder folder;
  const fs::path spec = folder.write(
      "s.yaml",
      "gibbsite: 1\nname: s\ndata: {name: bars_and_stripes, side: 3}\n"
      "model: {name: rbm, hidden: 4, weight_scale: 1}\n"
      "sample: {chains: 2, warmup: 5, draws: 8, clamp: {coordinates: [0, 4], row: 15}}\n");
  const std::string out = (folder / "out").string();
  REQUIRE(invoke({"run", spec.string(), "--out", out}).code == 0);
  std::string cell;
  for (const auto& entry : fs::directory_iterator(fs::path(out) / "cells"))
    cell = entry.path().string();
  const std::string file = (folder / "i.png").string();
  const Ending drawn = invoke({"images", cell, "-o", file});
  CAPTURE(drawn.err);
  REQUIRE(drawn.code == 0);
  const Ending checked =
      run_program({"/usr/bin/python3", GIBBSITE_SOURCE "/tests/readers/read_picture.py", file,
                   cell + "/result.h5"});
  CAPTURE(checked.err);
  CHECK(checked.code == 0);
  const Ending size = invoke({"images", cell, "-o", file, "--size", "4x4"});
  CHECK(size.code == 2);
  CHECK(size.err.find("holds no images") != std::string::npos);
  CHECK(invoke({"images", cell, "-o", file, "--size", "3"}).code == 2);
  CHECK(invoke({"images", cell}).code == 2);
}
