// R-hat, effective sample sizes and Monte Carlo errors of the recorded draws, per coordinate and
// for the energy (Vehtari et al. 2021, Bayesian Analysis 16(2):667-718). Of M chains of N draws,
// split in halves and their ranks made normal, W the variance within and B/N that of their means:
//   R-hat = √((N-1)/N + (B/N)/W), the larger of draws and of their distances from the median;
//   ESS = MN/τ,  τ = -1 + 2 Σ_t (ρ_2t + ρ_2t+1) while positive and made to fall (Geyer 1992);
//   MCSE = s/√ESS
//
// A chain that never moved, or a coordinate that stands still in a chain where it should move,
// has NaN, never a number, and a sentence in `warning`. A coordinate that has one value in all
// draws of all chains (a border pixel) is counted and left out of the summaries.
#include <algorithm>
#include <gibbsite/core/convergence.hpp>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;
using Numbers = gibbsite::Convergence;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

class ConvergenceReport final : public Evaluation {
 public:
  struct Params {
    double rhat_limit = 1.01;
    double ess_limit = 100;
    void fields(Fields& f) {
      f.real("rhat_limit", rhat_limit, "largest R-hat that raises no warning", {.minimum = 1});
      f.real("ess_limit", ess_limit, "least effective sample size per chain without a warning");
    }
  };

  ConvergenceReport(const Params& p, const Context& c) : params_(p), context_(c) {
    if (!c.has_samples) throw Error(c.subject + ": needs a sample section");
  }

  Result evaluate(const Input& input) const override {
    const Draws& draws = *input.draws;
    const Domain& domain = context_.model->domain();
    std::vector<Numbers> measures(std::size_t(draws.dim()) + 1);  // the energy comes last
    std::vector<bool> moved(std::size_t(draws.chains()), false);
    const auto take = [&](Index first, const std::vector<Eigen::ArrayXXd>& values) {
      context_.workers->run(Index(values.size()), [&](Index i) {
        const bool real = first + i >= domain.dim() || !domain.site(first + i).is_discrete();
        measures[std::size_t(first + i)] = convergence(values[std::size_t(i)], real);
      });
      for (const auto& x : values)
        for (Index m = 0; m < x.cols(); ++m)
          moved[std::size_t(m)] = moved[std::size_t(m)] || !is_constant(x.col(m));
    };
    for (Index first = 0; first < draws.dim(); first += block) {
      take(first, draws.coordinates(first, std::min(block, draws.dim() - first)));
      input.desk.report(double(first), double(draws.dim()), "convergence");
    }
    take(draws.dim(), {draws.energy()});
    // Discrete chains may share an energy without being stuck: their coordinates tell.
    Numbers& energy = measures.back();
    if (energy.state == Numbers::State::stuck && domain.is_discrete())
      energy.state = Numbers::State::constant;

    std::vector<std::string> frozen;
    for (std::size_t m = 0; m < moved.size(); ++m)
      if (!moved[m]) frozen.push_back(std::to_string(m));
    if (!frozen.empty())
      for (Numbers& one : measures) one = {.state = one.state};
    return conclude(measures, frozen, draws);
  }

 private:
  static constexpr Index block = 64;  ///< coordinates in memory at once
  Result conclude(const std::vector<Numbers>& measures, const std::vector<std::string>& frozen,
                  const Draws& draws) const {
    Result result;
    const auto add = [&](const std::string& name, double Numbers::*member) {
      Eigen::ArrayXd values(Index(measures.size()));
      for (std::size_t i = 0; i < measures.size(); ++i) values(Index(i)) = measures[i].*member;
      result.vector(name, "unit", values.head(draws.dim()));
      result.scalar(name + "_energy", measures.back().*member);
    };
    add("rhat", &Numbers::rhat);
    add("ess_bulk", &Numbers::ess_bulk);
    add("ess_tail", &Numbers::ess_tail);
    add("mcse_mean", &Numbers::mcse_mean);

    double highest = -1, bulk = INFINITY, tail = INFINITY, constant = 0;
    std::vector<std::string> stuck, unknown, warnings;
    for (std::size_t i = 0; i < measures.size(); ++i) {
      const Numbers& one = measures[i];
      const bool is_energy = i + 1 == measures.size();
      const std::string name = is_energy ? "the energy" : "unit " + std::to_string(i);
      if (one.state == Numbers::State::stuck) stuck.push_back(name);
      if (one.state == Numbers::State::constant && !is_energy) constant += 1 / double(draws.dim());
      if (one.state == Numbers::State::mixed && std::isnan(one.rhat + one.ess_bulk))
        unknown.push_back(name);
      highest = std::fmax(highest, one.rhat);
      bulk = std::fmin(bulk, one.ess_bulk);
      tail = std::fmin(tail, one.ess_tail);
    }
    const auto warn = [&](bool is_so, const std::string& text) {
      if (is_so) warnings.push_back(text.substr(0, 300));
    };
    warn(!frozen.empty(), "these chains never moved: " + join(frozen));
    warn(!stuck.empty(), "stands still in a chain and differs between chains: " + join(stuck));
    warn(!unknown.empty() && frozen.empty(), "too few draws or not finite: " + join(unknown));
    warn(highest < 0 && warnings.empty(), "nothing varies, so there is nothing to diagnose");
    if (!warnings.empty()) highest = bulk = tail = nan;
    if (std::isinf(tail)) tail = nan;  // two-valued coordinates only
    const double least = params_.ess_limit * double(draws.chains());
    warn(highest > params_.rhat_limit, "the chains do not agree: R-hat " + number_text(highest));
    warn(bulk < least || tail < least, "effective sample size " +
                                           number_text(std::fmin(bulk, tail)) + " is below " +
                                           number_text(least));
    result.scalar("rhat_max", highest);
    result.scalar("ess_bulk_min", bulk);
    result.scalar("ess_tail_min", tail);
    result.scalar("constant_share", constant);
    result.headline = {{"rhat", highest}, {"ess_bulk", bulk}};
    result.attributes = {{"bound", std::string("none")}, {"reliable", warnings.empty()}};
    if (!warnings.empty()) result.attributes["warning"] = join(warnings, "; ");
    return result;
  }

  Params params_;
  Context context_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<ConvergenceReport>(
      "convergence", "R-hat, effective sample sizes and Monte Carlo errors of the recorded draws",
      "Vehtari, Gelman, Simpson, Carpenter & Bürkner 2021, Bayesian Analysis 16(2):667-718");
}
