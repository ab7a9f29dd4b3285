#include "gibbsite/run/diagnosis.hpp"

#include <algorithm>
#include <cmath>

#include "gibbsite/core/convergence.hpp"
#include "gibbsite/core/error.hpp"
#include "gibbsite/core/numerics.hpp"
#include "gibbsite/io/yaml.hpp"
#include "gibbsite/run/findings.hpp"
#include "gibbsite/run/grid.hpp"
#include "gibbsite/run/quantities.hpp"

namespace gibbsite {
namespace {

const auto shown = judged_digits;
constexpr double rhat_limit = 1.01, ess_limit = 100, e_bfmi_limit = 0.3;
constexpr double acceptance_tolerance = 0.2;
constexpr std::size_t coordinates_at_once = 64;

class Diagnosis {
 public:
  explicit Diagnosis(const std::filesystem::path& path) : file_(path) {
    chains();
    kernel();
    replicas();
    const auto take = [&](const std::vector<Finding>& more) {
      findings.insert(findings.end(), more.begin(), more.end());
    };
    take(training_findings(file_));
    for (const std::string& label : file_.names("/estimates"))
      take(estimate_findings(file_, "/estimates/" + label));
  }
  std::vector<Finding> findings;

 private:
  void add(const std::string& part, std::string what, std::string advice) {
    findings.push_back({part, std::move(what), std::move(advice)});
  }

  bool has_statistic(const std::string& name) const { return file_.has("/sample_stats/" + name); }

  Eigen::ArrayXXd statistic(const std::string& name) const { return statistic_of(file_, name); }

  // The acceptance rate that warm-up aimed at, or nothing.
  std::optional<double> target_acceptance() const {
    const std::string spec = file_.text_attribute("/", "spec");
    if (spec.empty()) return {};
    const Node root = parse_yaml(spec, "spec", trusted_yaml);
    const Node* sampler = find_path(root, "sample.sampler");
    const Node* adapt = sampler == nullptr ? nullptr : sampler->find("adapt");
    const Node* target = sampler == nullptr ? nullptr : sampler->find("target_acceptance");
    if (target == nullptr || (adapt != nullptr && !adapt->as_boolean().value_or(true))) return {};
    return target->as_real();
  }

  // What the coordinates of all draws say together: the worst of each number, and names.
  struct Worst {
    double rhat = 0, ess = INFINITY;
    std::string rhat_of, ess_of;
    std::vector<std::string> stuck, unknown;
    Index mixed = 0;

    void take(const std::string& name, const Convergence& one) {
      if (one.state == Convergence::State::stuck) stuck.push_back(name);
      if (one.state != Convergence::State::mixed) return;
      ++mixed;
      if (std::isnan(one.rhat + one.ess_bulk)) unknown.push_back(name);
      if (one.rhat > rhat) rhat = one.rhat, rhat_of = name;
      const double least = std::fmin(one.ess_bulk, one.ess_tail);
      if (least < ess) ess = least, ess_of = name;
    }
  };

  void chains() {
    Worst worst;
    double number = 0;
    if (file_.has("/posterior/x")) {
      const auto shape = file_.shape("/posterior/x");
      number = double(shape[0]);
      const bool real = file_.is_floating("/posterior/x");
      for (std::size_t first = 0; first < shape[2]; first += coordinates_at_once) {
        const std::size_t count = std::min(coordinates_at_once, shape[2] - first);
        const auto values = file_.read("/posterior/x", {0, 0, first}, {shape[0], shape[1], count});
        for (std::size_t i = 0; i < count; ++i) {
          Eigen::ArrayXXd x = Eigen::ArrayXXd::Zero(Index(shape[1]), Index(shape[0]));
          for (Index m = 0; m < x.cols(); ++m)
            for (Index t = 0; t < x.rows(); ++t)
              x(t, m) = values[(std::size_t(m) * shape[1] + std::size_t(t)) * count + i];
          worst.take("x[" + std::to_string(first + i) + "]", convergence(x, real));
        }
      }
    }
    for (const Quantity& one : functionals_of(file_)) {
      number = double(one.values.cols());
      worst.take("the " + one.name, convergence(one.values, one.is_real));
    }
    if (number == 0) return;
    if (!worst.stuck.empty())
      add("chains", "stands still in a chain that should move: " + join(worst.stuck).substr(0, 200),
          "look at the acceptance rate; take smaller steps, or a kernel that reaches other modes "
          "(parallel_tempering)");
    if (!worst.unknown.empty())
      add("chains",
          "too few draws, or not finite, for any diagnostic: " + join(worst.unknown).substr(0, 200),
          "record at least 8 draws per chain, and look for infinite energies");
    if (worst.mixed == 0 && worst.stuck.empty())
      add("chains", "nothing varies, so there is nothing to diagnose", "record more draws");
    if (worst.rhat > rhat_limit)
      add("chains",
          "the chains do not agree: R-hat of " + worst.rhat_of + " is " + shown(worst.rhat) +
              ", above " + shown(rhat_limit),
          "run a longer warm-up and more draws; if it stays, the law has modes that chains do not "
          "leave");
    if (worst.ess < ess_limit * number)
      add("chains",
          "few effective draws: " + worst.ess_of + " has " + shown(std::round(worst.ess)) +
              " in all, below " + shown(ess_limit) + " per chain",
          "draw more, or use a kernel that moves further per step");
  }

  void kernel() {
    if (has_statistic("diverging")) {
      const double count = statistic("diverging").sum();
      if (count > 0)
        add("kernel", shown(count) + " trajectories diverged",
            "raise target_acceptance or scale the coordinates: draws near such places are missing");
    }
    if (has_statistic("hamiltonian")) {
      const Eigen::ArrayXXd energy = statistic("hamiltonian");
      double least = INFINITY;
      for (Index m = 0; m < energy.cols(); ++m) least = std::fmin(least, e_bfmi(energy.col(m)));
      if (least < e_bfmi_limit)
        add("kernel", "E-BFMI is " + shown(least) + ", below " + shown(e_bfmi_limit),
            "momenta do not explore the energies: heavy tails, or a mass matrix far off");
    }
    if (has_statistic("tree_depth")) {
      const Eigen::ArrayXXd depth = statistic("tree_depth");
      const double share = (depth == depth.maxCoeff()).cast<double>().mean();
      if (depth.maxCoeff() >= 10 && share > 0.05)
        add("kernel",
            shown(std::round(100 * share)) + " % of trees end at depth " + shown(depth.maxCoeff()),
            "raise the largest depth, or let warm-up find a mass matrix");
    }
    if (has_statistic("acceptance_rate")) acceptance(statistic("acceptance_rate"));
    if (has_statistic("step_size")) steps(statistic("step_size"));
  }

  void acceptance(const Eigen::ArrayXXd& rate) {
    const auto target = target_acceptance();
    for (Index m = 0; m < rate.cols(); ++m) {
      const std::string chain = "chain " + std::to_string(m) + " accepts ";
      const double mean = rate.col(m).mean();
      if (!(mean > 0.01))
        add("kernel", chain + "almost nothing: " + shown(mean),
            "take a smaller step, or warm up with adaptation");
      else if (mean > 0.999)
        add("kernel", chain + "everything: " + shown(mean), "take a larger step: the chain creeps");
      else if (target && std::abs(mean - *target) > acceptance_tolerance)
        add("kernel", chain + shown(mean) + ", but warm-up aimed at " + shown(*target),
            "warm up longer: the step size was still on its way, or its scale differs by place");
    }
  }

  void steps(const Eigen::ArrayXXd& size) {
    const double smallest = size.minCoeff(), largest = size.maxCoeff();
    if (!size.isFinite().all() || smallest < 1e-8 || largest > 1e8)
      add("kernel", "step sizes reach from " + shown(smallest) + " to " + shown(largest),
          "the scale of the coordinates is far from 1, or adaptation has run away");
  }

  void replicas() {
    std::vector<std::string> slow;
    for (const std::string& name : file_.names("/sample_stats"))
      if (name.starts_with("swap_rate_")) {
        const Eigen::ArrayXXd rate = statistic(name);
        // Pairs take turns: a rate is recorded whenever it was theirs.
        if (rate.maxCoeff() < 0.05) slow.push_back(name);
      }
    if (!slow.empty())
      add("kernel", "neighbouring temperatures hardly ever exchange: " + join(slow),
          "use more temperatures, or let warm-up place them (adapt: true)");
    if (has_statistic("round_trips") && (statistic("round_trips").bottomRows(1) == 0).any())
      add("kernel", "in some chain no replica has gone down to the lowest temperature and back",
          "run longer, or use more temperatures");
  }

  Hdf5Reader file_;
};

}  // namespace

std::vector<Finding> diagnose(const std::filesystem::path& result) {
  return Diagnosis(result).findings;
}

}  // namespace gibbsite
