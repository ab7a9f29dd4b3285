// Z from the probability with which a chain comes back to one state (Murray & Salakhutdinov 2009,
// after Chib 1995): a special state x*, Gibbs sampling T and the same read backwards T~,
//   s ~ uniform in 1 … S,  x_s ~ T~(· | x*),
//   x_{s+1} … x_S by T from x_s on,  x_{s-1} … x_1 by T~;
//   Z ≈ e^{-E(x*)} / (1/S) Σ_s T(x* | x_s),
// unbiased for every S and x*, so that 1/Z's own estimate, which Chib's is, need not be. A chain
// that has not left the surroundings of x* takes its probability for too high and Z for too low.
// T draws v and h in turn where the model has a hidden layer, each of which is exact in one step;
// else every coordinate in turn, T~ in the opposite order. x* is the most probable of the states
// that a chain of its own has visited.
#include <gibbsite/api/averages.hpp>
#include <gibbsite/api/gibbs_scan.hpp>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

constexpr double largest_share = .5;

class MurraySalakhutdinov final : public Evaluation {
 public:
  struct Params {
    Index runs = 100, length = 1000, pilot = 100;
    bool per_observation = true;

    void fields(Fields& f) {
      f.count("runs", runs, "independent chains, each giving one weight");
      f.count("length", length, "states S of each chain");
      f.count("pilot", pilot, "states of the chain that finds x*");
      f.flag("per_observation", per_observation,
             "keep the log-likelihood of every observation, of at most 100000");
    }
  };

  MurraySalakhutdinov(const Params& p, const Context& c)
      : params_(p), context_(c), scan_(*c.model, c.subject) {}

  Result evaluate(const Input& input) const override {
    const GibbsScan::State special = find_special(input.random.split("state"));
    Saved& saved = input.saved;
    const Index runs = params_.runs;
    saved.numbers.resize(std::size_t(2 * runs));  // log weights, shares of the first states
    while (Index(saved.position) < runs) {
      const Index first = Index(saved.position), count = std::min(runs - first, runs / 100 + 8);
      context_.workers->run(count, [&](Index k) {
        const auto [weight, share] =
            run(special, input.random.split("chains").chains_from(first + k));
        saved.numbers[std::size_t(first + k)] = weight;
        saved.numbers[std::size_t(runs + first + k)] = share;
      });
      saved.position = std::uint64_t(first + count);
      input.desk.report(double(first + count), double(runs), "chains");
    }
    return conclude({saved.numbers.data(), runs}, {saved.numbers.data() + runs, runs});
  }

 private:
  GibbsScan::State find_special(const Stream& random) const {
    Batch x(context_.model->dim(), 1);
    Independent::uniform(context_.model->domain()).draw(random.split("start"), x);
    GibbsScan::State now = scan_.at(std::move(x), random.split("hidden")), best = now;
    double highest = scan_.log_weight(best);
    for (Index m = 0; m < params_.pilot; ++m) {
      scan_.forwards(now, random.split("pilot").at(std::uint64_t(m)));
      const double found = scan_.log_weight(now);
      if (std::isnan(found)) throw Diverged("the energy of a configuration is NaN");
      if (!(found > highest)) continue;
      best = now;
      highest = found;
    }
    return best;
  }

  // The log weight of one chain, and the share of the state next to x* in its sum.
  std::pair<double, double> run(const GibbsScan::State& special, const Stream& random) const {
    const Index S = params_.length, s = random.split("place").below(S, 1)(0);
    Eigen::ArrayXd log_probability(S);
    GibbsScan::State first = special;
    scan_.backwards(first, random.split("first"));
    for (const bool up : {true, false}) {
      GibbsScan::State now = first;
      for (Index m = s; m >= 0 && m < S; m += up ? 1 : -1) {
        const Stream own = random.split(up ? "up" : "down").at(std::uint64_t(m));
        if (m != s && up) scan_.forwards(now, own);
        if (m != s && !up) scan_.backwards(now, own);
        log_probability(m) = scan_.log_transition(special, now);
      }
    }
    const double sum = log_sum_exp(log_probability);
    return {scan_.log_weight(special) - sum + std::log(double(S)),
            std::exp(log_probability(s) - sum)};
  }

  Result conclude(const Eigen::Map<const Eigen::ArrayXd>& log_weights,
                  const Eigen::Map<const Eigen::ArrayXd>& shares) const {
    Result result = weighted_result(context_, log_weights, 0, params_.per_observation);
    result.scalar("share_of_first_state", shares.mean());
    if (shares.mean() > largest_share && !result.attributes.contains("warning")) {
      result.attributes["reliable"] = false;
      result.attributes["warning"] = "chains do not come back: the state next to x* has " +
                                     number_text(std::round(100 * shares.mean())) +
                                     " % of the sum of " + std::to_string(params_.length) +
                                     ", so that log Z is probably too low";
    }
    return result;
  }

  Params params_;
  Context context_;
  GibbsScan scan_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<MurraySalakhutdinov>(
      "murray_salakhutdinov", "log Z from the probability with which a chain returns to one state",
      "Murray & Salakhutdinov 2009, NeurIPS; Chib 1995, JASA 90:1313-1321");
}
