// Unbiased contrastive divergence (Qiu, Zhang & Wang 2020, ICLR). Two Gibbs chains with lag 1 start
// alike, move together by maximal couplings (api/coupled_gibbs.hpp) and meet at
// τ = min{t: X_t = Y_{t-1}}. With h = ∂E/∂θ
//   H_k = h(X_k) + Σ_{t=k+1}^{τ-1} [h(X_t) - h(Y_{t-1})],  E[H_k] = E_p[h]
// for any k >= 0 and any start; the ascent is mean H_k - mean_data h, and the energy gap is
// unbiased likewise. A larger k costs more steps and has less variance, which may exceed that of
// CD-k. Neither the tries of a coupling nor the steps are bounded, as a bound would bring a bias
// back; chains that are cut off by `max_steps` are counted.
#include <gibbsite/api/completion.hpp>
#include <gibbsite/api/contrast.hpp>
#include <gibbsite/api/coupled_gibbs.hpp>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class UnbiasedContrastiveDivergence final : public GradientEstimator {
 public:
  using Needs = Abilities<Parametric>;
  struct Params {
    Index steps = 1;
    std::optional<Index> chains, max_steps;
    std::string start = "data";

    void fields(Fields& f) {
      f.integer("steps", steps, "k, the steps before the first term of H_k");
      f.integer("chains", chains, "pairs of chains per update",
                {.minimum = 1, .unset = "one per observation"});
      f.choice("start", start, {"data", "noise"},
               "where chains start: the update's observations in turn, or noise (fair coins)");
      f.integer("max_steps", max_steps, "cut off chains that have not met by then, with a bias",
                {.minimum = 1, .unset = "never"});
    }
  };

  UnbiasedContrastiveDivergence(const Params& p, const Context& c)
      : params_(p), model_(*c.model), contrast_(c, {}), kernel_(model_, c.subject) {
    if (p.max_steps && *p.max_steps <= p.steps)
      throw Error(c.subject + ": max_steps: must be above steps (" + std::to_string(p.steps) +
                  "), got " + std::to_string(*p.max_steps));
  }

  HiddenCoordinates takes() const override { return HiddenCoordinates::means; }
  std::vector<std::string> statistics() const override {
    std::vector<std::string> names = {"mean_meeting_time", "max_meeting_time"};
    if (params_.max_steps) names.emplace_back("chains_cut_off");
    return names;
  }

  GradientEstimate estimate(const BatchView& data, Saved&, Stream random) const override {
    const Index chains = params_.chains.value_or(data.cols());
    Row times(chains), lengths(chains);
    GradientEstimate result =
        contrast_.gradient(data, chains, [&](Index first, Index count, Contrast::Part& part) {
          Pairs pairs(starts(data, first, count, random));
          // All together for k steps, then each pair alone: how long it takes is its own affair.
          for (Index t = 0; t < params_.steps; ++t) step(pairs, first, random);
          add(pairs.x, 1 / double(chains), part);
          for (Index c = 0; c < count; ++c) {
            Pairs one = pairs.alone(c);
            finish(one, first + c, 1 / double(chains), part, random);
            times(first + c) = one.met(0);
            lengths(first + c) = double(one.t);
          }
        });
    const Row met = (times > 0).select(times, lengths);  // of those cut off, how far they came
    result.mean_chain_age = lengths.mean();
    result.max_chain_age = lengths.maxCoeff();
    result.statistics = {met.mean(), met.maxCoeff()};
    if (params_.max_steps) result.statistics.push_back(double((times == 0).count()));
    return result;
  }

 private:
  struct Pairs {
    explicit Pairs(const Batch& start) : x(start), y(start), met(Row::Zero(start.cols())) {}
    Pairs alone(Index c) const {
      Pairs one(x.col(c));
      one.y = y.col(c);
      one.met(0) = met(c);
      one.t = t;
      return one;
    }
    Batch x, y;  // X_t and Y_{t-1}
    Row met;     // τ, or 0
    Index t = 0;
  };

  Batch starts(const BatchView& data, Index first, Index count, const Stream& random) const {
    Batch x(model_.dim(), count);
    if (params_.start == "noise") {
      Independent::uniform(model_.domain()).draw(random.split("starts").chains_from(first), x);
      return x;
    }
    for (Index c = 0; c < count; ++c) x.col(c) = data.col((first + c) % data.cols());
    return draw_hidden(model_, x, random.split("hidden").chains_from(first));
  }

  // To X_{t+1} and Y_t, for chains `first` … of the update; Y stands still in the first step.
  void step(Pairs& pairs, Index first, const Stream& random) const {
    std::vector<Index> apart;
    for (Index c = 0; c < pairs.x.cols(); ++c)
      if (pairs.t > 0 && pairs.met(c) == 0) apart.push_back(c);
    kernel_.step(pairs.x, pairs.y, apart, random.split(std::uint64_t(pairs.t)).chains_from(first));
    ++pairs.t;
    for (Index c = 0; c < pairs.x.cols(); ++c)
      if (pairs.met(c) == 0 && pairs.x.col(c) == pairs.y.col(c)) pairs.met(c) = double(pairs.t);
  }

  // The terms t > k of one pair.
  void finish(Pairs& one, Index number, double weight, Contrast::Part& part,
              const Stream& random) const {
    while (one.met(0) == 0 && one.t < params_.max_steps.value_or(one.t + 1)) {
      step(one, number, random);
      if (one.met(0) > 0) return;
      add(one.x, weight, part);
      add(one.y, -weight, part);
    }
  }

  void add(const Batch& x, double weight, Contrast::Part& part) const {
    contrast_.add(x, {}, Row::Constant(x.cols(), weight), part);
  }

  Params params_;
  const EnergyModel& model_;
  Contrast contrast_;
  CoupledGibbs kernel_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<UnbiasedContrastiveDivergence>(
      "unbiased_contrastive_divergence",
      "likelihood gradient without bias by pairs of Gibbs chains that meet",
      "Qiu, Zhang & Wang 2020, Unbiased Contrastive Divergence Algorithm, ICLR");
}
