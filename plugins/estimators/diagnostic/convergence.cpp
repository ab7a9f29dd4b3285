// R-hat, effective sample sizes and Monte Carlo errors of the recorded draws, per coordinate and
// for the energy (Vehtari et al. 2021, Bayesian Analysis 16(2):667-718).
//
// A chain that never moved, or a coordinate that stands still in a chain where it should move,
// has NaN, never a number, and a sentence in `warning`. A coordinate that has one value in all
// draws of all chains (a border pixel) is counted and left out of the summaries.
#include <gibbsite/core/diagnostics.hpp>
#include <gibbsite/plugin.hpp>

#include <algorithm>

namespace {
using namespace gibbsite;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

class Convergence final : public Evaluation {
 public:
  struct Params {
    double rhat_limit = 1.01;
    double ess_limit = 100;
    void fields(Fields& f) {
      f.real("rhat_limit", rhat_limit, "largest R-hat that raises no warning", {.minimum = 1});
      f.real("ess_limit", ess_limit, "least bulk and tail effective sample size per chain that raises no warning", {.minimum = 0});
    }
  };

  Convergence(const Params& p, const Context& c) : params_(p), context_(c) {
    if (!c.has_samples) throw Error(c.subject + ": needs a sample section");
  }

  Result evaluate(const Input& input) const override {
    const Draws& draws = *input.draws;
    std::vector<Measure> units(std::size_t(draws.dim()));
    std::vector<bool> moved(std::size_t(draws.chains()), false);
    constexpr Index block = 64;
    for (Index first = 0; first < draws.dim(); first += block) {
      const auto values = draws.coordinates(first, std::min(block, draws.dim() - first));
      context_.workers->run(Index(values.size()), [&](Index i) {
        units[std::size_t(first + i)] = measure(values[std::size_t(i)], is_discrete(first + i));
      });
      for (const auto& x : values) note_moves(x, moved);
      input.desk.report(double(first), double(draws.dim()), "convergence");
    }
    const Eigen::ArrayXXd energies = draws.energy();
    note_moves(energies, moved);
    Measure energy = measure(energies, false);
    // Discrete chains may share an energy without being stuck: their coordinates tell.
    if (energy.state == State::stuck && context_.model->domain().is_discrete()) energy.state = State::constant;

    std::vector<std::string> warnings;
    std::string frozen;
    for (std::size_t m = 0; m < moved.size(); ++m)
      if (!moved[m]) frozen += (frozen.empty() ? "" : ", ") + std::to_string(m);
    if (!frozen.empty()) {
      warnings.push_back("these chains never moved: " + frozen);
      for (Measure& unit : units) unit = {.state = unit.state};
      energy = {.state = energy.state};
    }
    return conclude(units, energy, !frozen.empty(), std::move(warnings), draws);
  }

 private:
  enum class State { mixed, constant, stuck };  ///< stuck: constant in some chains, but not in all alike
  struct Measure {
    State state = State::mixed;
    double rhat = nan, ess_bulk = nan, ess_tail = nan, mcse_mean = nan;
  };

  bool is_discrete(Index site) const {
    const Domain& domain = context_.model->domain();
    return site < domain.dim() && domain.site(site).kind != Domain::Kind::real;
  }

  static void note_moves(const Eigen::ArrayXXd& x, std::vector<bool>& moved) {
    for (Index m = 0; m < x.cols(); ++m)
      if (!is_constant(x.col(m))) moved[std::size_t(m)] = true;
  }

  static Measure measure(const Eigen::ArrayXXd& x, bool discrete) {
    if (is_constant(x)) return {.state = State::constant};
    Index still = 0;
    for (Index m = 0; m < x.cols(); ++m) still += is_constant(x.col(m));
    // A rare state need not turn up in every chain; a real coordinate must move in all.
    if (still == x.cols() || (still > 0 && !discrete)) return {.state = State::stuck};
    const double low = x.minCoeff(), high = x.maxCoeff();
    const bool two_valued = ((x == low) || (x == high)).all();
    // Two values have no tails, and their spread says what their mean says.
    return {.rhat = two_valued ? rhat_basic(x) : rhat(x), .ess_bulk = ess_bulk(x), .ess_tail = two_valued ? nan : ess_tail(x), .mcse_mean = mcse_mean(x)};
  }

  Result conclude(std::vector<Measure>& units, const Measure& energy, bool frozen, std::vector<std::string> warnings, const Draws& draws) const {
    Result result;
    const auto add = [&](const char* name, double Measure::*member) {
      Eigen::ArrayXd values(Index(units.size()));
      for (std::size_t i = 0; i < units.size(); ++i) values(Index(i)) = units[i].*member;
      result.vector(name, "unit", values);
      result.scalar(std::string(name) + "_energy", energy.*member);
    };
    add("rhat", &Measure::rhat);
    add("ess_bulk", &Measure::ess_bulk);
    add("ess_tail", &Measure::ess_tail);
    add("mcse_mean", &Measure::mcse_mean);

    double highest = -1, bulk = INFINITY, tail = INFINITY, constant = 0;
    std::string stuck, unknown;
    units.push_back(energy);
    for (std::size_t i = 0; i < units.size(); ++i) {
      const bool is_energy = i + 1 == units.size();
      const std::string name = is_energy ? "the energy" : "unit " + std::to_string(i);
      if (units[i].state == State::constant) constant += !is_energy;
      else if (units[i].state == State::stuck) stuck += (stuck.empty() ? "" : ", ") + name;
      else if (std::isnan(units[i].rhat) || std::isnan(units[i].ess_bulk)) unknown += (unknown.empty() ? "" : ", ") + name;
      highest = std::fmax(highest, units[i].rhat), bulk = std::fmin(bulk, units[i].ess_bulk), tail = std::fmin(tail, units[i].ess_tail);
    }
    if (!stuck.empty()) warnings.push_back("stands still in a chain and differs from others: " + stuck.substr(0, 200));
    if (!unknown.empty() && !frozen) warnings.push_back("too few draws or not finite: " + unknown.substr(0, 200));
    if (!warnings.empty() || highest < 0) highest = bulk = tail = nan;
    if (std::isinf(tail)) tail = nan;  // two-valued coordinates only
    if (highest > params_.rhat_limit) warnings.push_back("R-hat " + number_text(highest) + " is above " + number_text(params_.rhat_limit) + ": the chains do not agree");
    const double least = params_.ess_limit * double(draws.chains());
    if (bulk < least || tail < least) warnings.push_back("effective sample size " + number_text(std::fmin(bulk, tail)) + " is below " + number_text(least));
    for (const auto& [name, value] : {std::pair{"rhat_max", highest}, {"ess_bulk_min", bulk}, {"ess_tail_min", tail}, {"constant_share", constant / double(draws.dim())}})
      result.scalar(name, value);
    result.headline = {{"rhat", highest}, {"ess_bulk", bulk}};
    if (std::isnan(highest) && warnings.empty()) warnings.push_back("nothing varies: there is nothing to diagnose");
    result.attributes["bound"] = std::string("none");
    result.attributes["reliable"] = warnings.empty();
    if (!warnings.empty()) result.attributes["warning"] = join(warnings, "; ");
    return result;
  }

  Params params_;
  Context context_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<Convergence>("convergence", "R-hat, effective sample sizes and Monte Carlo errors of the recorded draws",
                            "Vehtari, Gelman, Simpson, Carpenter & Bürkner 2021, Bayesian Analysis 16(2):667-718");
}
