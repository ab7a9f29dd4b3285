// Cells that train small restricted Boltzmann machines, and what is left of them.
#pragma once

#include <gibbsite/io/hdf5.hpp>
#include <gibbsite/io/yaml.hpp>
#include <gibbsite/run/cell.hpp>
#include <gibbsite/run/stages.hpp>

#include "support/make.hpp"
#include "support/program.hpp"
#include "support/results.hpp"

namespace gibbsite::test {

/// Bars and stripes of side 2 in one batch: 4 visible units, so W has 12 entries, b 4 and c 3.
inline std::string spec(const std::string& train, const std::string& more = "") {
  return "gibbsite: 1\nname: x\ndata: {name: bars_and_stripes, side: 2}\n"
         "model: {name: rbm, hidden: 3, weight_scale: 0.5}\ntrain: {batch: 8, " +
         train + "}\n" + more;
}
inline const std::string exact = "gradient: exact, optimizer: {name: sgd, step_size: 0.1}, ";

inline std::unique_ptr<Experiment> build(const std::string& yaml, Faults& faults) {
  DataCache cache;
  return build_experiment(parse_yaml(yaml, "s.yaml"), registry(), workers(), cache, faults);
}

inline std::string faults_of(const std::string& train) {
  Faults faults;
  CHECK_FALSE(build(spec(train), faults));
  return join(faults.lines(), "\n");
}

/// The state after training alone, from the model's own parameters or from others.
inline Checkpoint trained(const std::string& train, const Parameters& from = {}) {
  Faults faults;
  const auto experiment = build(spec(train), faults);
  CAPTURE(join(faults.lines(), "\n"));
  REQUIRE(experiment);
  if (from.size() > 0) experiment->model->capability<Parametric>()->set_parameters(from);
  const TemporaryFolder folder;
  Session session(*experiment, workers(), folder.path(), -1);
  gibbsite::train(session);
  session.account();
  return session.state;
}

inline Parameters theta(const std::string& train) { return trained(train).training.theta; }

/// Where the cell starts.
inline const Parameters& start() {
  static const Parameters at = theta(exact + "updates: 0");
  return at;
}

/// A cell's results file, in a folder that goes with it.
struct Cell {
  explicit Cell(const std::string& yaml) {
    folder.write("cell.yaml", yaml);
    outcome = run_cell(folder.path(), registry(), 2, -1);
  }
  std::vector<double> read(const std::string& path) const {
    return Hdf5Reader((folder / "result.h5").string()).read(path);
  }
  Parameters parameters(const std::string& group) const {
    std::vector<double> all;
    for (const char* block : {"/W", "/b", "/c"})
      for (const double value : read(group + block)) all.push_back(value);
    return Eigen::Map<const Parameters>(all.data(), Index(all.size()));
  }
  bool has(const std::string& path) const {
    return Hdf5Reader((folder / "result.h5").string()).has(path);
  }
  TemporaryFolder folder;
  Outcome outcome;
};

/// Trains a cell whose every attempt is gone when it is about to save for the n-th time, `after`,
/// and then runs it to its end: the results must be those of `whole`, bit for bit. Returns how
/// often it was gone.
inline int kills_without_effect(const std::string& yaml, const Cell& whole, int after) {
  struct Killed {};
  const TemporaryFolder folder;
  folder.write("cell.yaml", yaml);
  int kills = 0;
  for (bool done = false; !done;) {
    Faults faults;
    const auto experiment = build(yaml, faults);
    Session session(*experiment, workers(), folder.path(), -1);
    int saves = 0;
    session.before_save = [&] {
      if (++saves == after) throw Killed();
    };
    try {
      gibbsite::train(session);
      done = true;
    } catch (const Killed&) {
      ++kills;
    }
  }
  CHECK(run_cell(folder.path(), registry(), 1, -1).status == "complete");
  CHECK(differences(reproducible_part(whole.folder / "result.h5"),
                    reproducible_part(folder / "result.h5")) == std::vector<std::string>{});
  return kills;
}

inline double gap(const Parameters& a, const Parameters& b) {
  return (a - b).cwiseAbs().maxCoeff();
}

}  // namespace gibbsite::test
