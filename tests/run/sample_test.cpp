// Where the chains of a cell start.
#include <doctest/doctest.h>

#include <gibbsite/io/hdf5.hpp>
#include <gibbsite/io/yaml.hpp>
#include <gibbsite/run/stages.hpp>

#include "support/make.hpp"
#include "support/program.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

std::unique_ptr<Experiment> build(const std::string& init, const std::string& more,
                                  Faults& faults) {
  DataCache cache;
  return build_experiment(
      parse_yaml("gibbsite: 1\nname: x\n" + more +
                     "sample: {sampler: {name: ula, drift: 1e-12, noise: 0}, chains: 3, warmup: 0, "
                     "draws: 1, init: " +
                     init + "}\n",
                 "s.yaml"),
      registry(), workers(), cache, faults);
}

// The only draws of three chains that hardly move: where they started, 2 x 3.
Eigen::MatrixXd starts(const std::string& init, const std::string& model, const fs::path& folder) {
  Faults faults;
  const auto experiment = build(init, model, faults);
  CAPTURE(join(faults.lines(), "\n"));
  REQUIRE(experiment);
  fs::create_directories(folder / "segments");
  Session session(*experiment, workers(), folder, -1);
  sample(session);
  const auto x = Hdf5Reader(segment_file(folder, 0)).read("/posterior/x", {0, 0, 0}, {3, 1, 2});
  return Eigen::Map<const Eigen::MatrixXd>(x.data(), 2, 3);
}

const std::string normal = "model: {name: gaussian, mean: [100, 0]}\n";

}  // namespace

TEST_CASE("chains start from the lines of a text file, or from the last draws of another run") {
  const TemporaryFolder folder;
  const std::string csv = folder.write("starts.csv", "1,2\n3,4\n5,6\n7,8\n");
  const Eigen::MatrixXd expected = (Eigen::MatrixXd(2, 3) << 1, 3, 5, 2, 4, 6).finished();
  CHECK(distance(starts("{from: file, path: " + csv + "}", normal, folder / "one"), expected) <
        1e-9);
  const std::string draws = segment_file(folder / "one", 0);
  CHECK(distance(starts("{from: file, path: " + draws + "}", normal, folder / "two"), expected) <
        1e-9);
}

TEST_CASE("chains start from exact draws of the model, from noise, from data or from one value") {
  const TemporaryFolder folder;
  const Eigen::MatrixXd model = starts("{from: model}", normal, folder / "model");
  CHECK((model.row(0).array() - 100).abs().maxCoeff() < 6);
  CHECK(model(0, 0) != model(0, 1));
  const std::string other = folder.write("other.csv", "5,6\n5,6\n");
  const Eigen::MatrixXd translated = starts(
      "{from: data, data: {name: csv, path: " + other + "}}",
      "data: {name: csv, path: " + folder.write("own.csv", "7,8\n7,8\n").string() + "}\n" + normal,
      folder / "other");
  CHECK(distance(translated, Eigen::MatrixXd(Eigen::Vector2d(5, 6).replicate(1, 3))) < 1e-9);
  CHECK(starts("{from: noise}", normal, folder / "noise").cwiseAbs().maxCoeff() < 6);
  const std::string csv = folder.write("data.csv", "7,8\n7,8\n");
  const Eigen::MatrixXd data =
      starts("{from: data}", "data: {name: csv, path: " + csv + "}\n" + normal, folder / "data");
  CHECK(distance(data, Eigen::MatrixXd(Eigen::Vector2d(7, 8).replicate(1, 3))) < 1e-9);
  CHECK(distance(starts("{from: value, value: 3}", normal, folder / "value"),
                 Eigen::MatrixXd(Eigen::MatrixXd::Constant(2, 3, 3))) < 1e-9);
}

TEST_CASE("a text file of starts that does not fit is refused before anything runs") {
  const TemporaryFolder folder;
  const auto refusal = [&](const std::string& content) {
    Faults faults;
    const std::string csv = folder.write("starts.csv", content);
    CHECK_FALSE(build("{from: file, path: " + csv + "}", normal, faults));
    return join(faults.lines(), "\n");
  };
  CHECK(refusal("1,2\n3,4\n")
            .find("sample.init.path: must have a line for each of 3 chains, got 2") !=
        std::string::npos);
  CHECK(refusal("1\n2\n3\n").find("has 1 values per line, but the model has 2 coordinates") !=
        std::string::npos);
  CHECK(refusal("1,two\n3,4\n5,6\n").find("sample.init.path") != std::string::npos);
}

TEST_CASE("starts from other data need from: data and data as wide as the model") {
  const TemporaryFolder folder;
  const auto refusal = [&](const std::string& init) {
    Faults faults;
    CHECK_FALSE(build(init, normal, faults));
    return join(faults.lines(), "\n");
  };
  CHECK(refusal("{from: data, data: digits}")
            .ends_with("sample.init.data: has 64 coordinates, but the model has 2"));
  CHECK(refusal("{from: noise, data: {name: two_moons}}")
            .ends_with("sample.init: a data section of its own needs from: data"));
  CHECK(refusal("{from: data, data: {name: digits, thresold: 1}}").find("did you mean") !=
        std::string::npos);
}
