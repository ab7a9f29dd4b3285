// Wang-Landau sampling (Wang & Landau 2001) with the 1/t schedule of Belardinelli & Pereyra (2007):
// a walk over single coordinates that accepts E -> E' with min(1, g(E)/g(E')) and multiplies g(E)
// of where it is by f makes all energies alike, and g the number of states at each. ln f starts at
// 1 and is halved whenever all levels have been visited, until it falls below 1/t, t the steps per
// level; from then on it is 1/t. In the last part of the sweeps g stays as it is, so that the walk
// is a Markov chain, and with H(E) visits
//   Z = N Σ_E g(E) H(E) e^{-E} / Σ_E g(E) H(E),  N the number of states.
// Levels are told apart as they are found, each of which starts the schedule anew; bins of energies
// take the mean of e^{-E} of the states that were visited. Independent walks give the error.
#include <gibbsite/api/averages.hpp>
#include <gibbsite/api/flat_walk.hpp>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

constexpr double least_flatness = .5, largest_log_f = .01;

class WangLandau final : public Evaluation {
 public:
  using Needs = Abilities<Conditional>;
  struct Params {
    Index runs = 10, sweeps = 20000;
    double production = .5;
    std::optional<double> bin_width;
    bool per_observation = true;

    void fields(Fields& f) {
      f.integer("runs", runs, "independent walks", {.minimum = 2});
      f.count("sweeps", sweeps, "steps of each walk, per coordinate");
      f.real("production", production, "share of the sweeps in which g stays as it is",
             {.minimum = 0, .maximum = .99, .above_minimum = true});
      f.real("bin_width", bin_width, "energies that count as one level",
             {.minimum = 0, .above_minimum = true, .unset = "those that agree but for rounding"});
      f.flag("per_observation", per_observation,
             "keep the log-likelihood of every observation, of at most 100000");
    }
  };

  WangLandau(const Params& p, const Context& c)
      : params_(p), context_(c), walk_(*c.model, p.bin_width, c.subject) {}

  Result evaluate(const Input& input) const override {
    Saved& saved = input.saved;
    if (saved.position == 0)
      for (Index r = 0; r < params_.runs; ++r)
        saved.chains.push_back(walk_.start(input.random.split("start").chains_from(r)));
    const Index total = params_.sweeps;
    const Index learning = total - Index(std::ceil(params_.production * double(total)));
    while (Index(saved.position) < total) {
      const Index first = Index(saved.position), last = std::min(total, first + total / 100 + 1);
      context_.workers->run(params_.runs, [&](Index r) {
        for (Index m = first; m < last; ++m) {
          if (m == learning) FlatWalk::produce(saved.chains[std::size_t(r)]);
          walk_.sweep(saved.chains[std::size_t(r)],
                      input.random.split("sweeps").at(std::uint64_t(m)).chains_from(r));
        }
      });
      saved.position = std::uint64_t(last);
      input.desk.report(double(last), double(total),
                        "ln f = " + number_text(walk_.found(saved.chains[0]).log_f));
    }
    return conclude(saved.chains);
  }

 private:
  Result conclude(const std::vector<Chains>& walks) const {
    const FlatWalk::Found all = walk_.together(walks);
    Eigen::ArrayXd log_z(params_.runs), flatness(params_.runs);
    std::string warning;
    for (Index r = 0; r < params_.runs; ++r) {
      const FlatWalk::Found one = walk_.found(walks[std::size_t(r)]);
      log_z(r) = one.log_partition;
      flatness(r) = one.flatness();
      if (one.energy.size() < all.energy.size())
        warning = "some walks have found only " + std::to_string(one.energy.size()) + " of " +
                  std::to_string(all.energy.size()) + " levels: use more sweeps";
    }
    if (warning.empty() && all.log_f > largest_log_f)
      warning = "ln f has only come down to " + number_text(all.log_f) + ": use more sweeps";
    if (warning.empty() && !(flatness.minCoeff() >= least_flatness))
      warning = "a level was visited " + number_text(std::round(100 * flatness.minCoeff()) / 100) +
                " times as often as the mean of all: use more sweeps";
    const double value = log_z.mean(), n = double(params_.runs);
    const double error = std::sqrt((log_z - value).square().sum() / (n - 1) / n);
    Result result = log_partition_result(
        context_, estimate_of_runs(value, error, params_.runs, warning), params_.per_observation);
    result.vector("log_partitions", "run", log_z);
    result.vector("flatness", "run", flatness);
    result.vector("log_density_of_states", "energy_level", all.log_density);
    result.vector("histogram", "energy_level", all.visits);
    result.coordinates["energy_level"] = {all.energy.begin(), all.energy.end()};
    result.scalar("log_modification_factor", all.log_f);
    result.headline.emplace_back("smallest_flatness", flatness.minCoeff());
    return result;
  }

  Params params_;
  Context context_;
  FlatWalk walk_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<WangLandau>("wang_landau", "log Z from the number of states at every energy",
                           "Wang & Landau 2001, Phys. Rev. Lett. 86:2050-2053; Belardinelli & "
                           "Pereyra 2007, Phys. Rev. E 75:046701");
}
