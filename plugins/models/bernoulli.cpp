// Independent binary units (Bishop 2006, Pattern Recognition and Machine Learning, section 2.1).
//   E(x) = -Σ_i b_i x_i,  x ∈ {0,1}^d,  P(x_i = 1) = σ(b_i),  ln Z = Σ_i ln(1 + e^{b_i})
#include <cmath>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class Bernoulli final : public DiscreteUnits {
 public:
  struct Params {
    std::optional<Index> units;
    std::vector<double> probabilities;

    void fields(Fields& f) {
      f.integer(
          "units", units, "number d of units",
          {.minimum = 1, .maximum = 1e7, .unset = "one per probability, or the data's width"});
      f.reals("probabilities", probabilities,
              "initial P(x_i = 1), above 0 and below 1: one value for all units or one per unit",
              {.minimum = 0,
               .maximum = 1,
               .above_minimum = true,
               .unset = "the data's rates with one further observation of each state; 1/2 without "
                        "data"});
    }
  };

  Bernoulli(const Params& p, const Context& c)
      : DiscreteUnits(Domain::binary(width(p, c)), "logits", logits(p, c)) {}

 private:
  static Index width(const Params& p, const Context& c) {
    if (p.units) return *p.units;
    return p.probabilities.size() > 1 ? Index(p.probabilities.size()) : c.require_train().dim();
  }

  static Vector logits(const Params& p, const Context& c) {
    const Index units = width(p, c), given = Index(p.probabilities.size());
    if (given == 0 && c.train != nullptr && c.train->dim() == units)
      return Independent::from_data(Domain::binary(units), *c.train, 1).natural_parameters();
    if (given > 1 && given != units)
      throw Error(c.subject + ": probabilities: must have 1 or " + std::to_string(units) +
                  " values, got " + std::to_string(given));
    Vector b = Vector::Zero(units);
    for (Index i = 0; i < units && given > 0; ++i) {
      const double probability = p.probabilities[given == 1 ? 0 : std::size_t(i)];
      if (!(probability < 1)) throw Error(c.subject + ": probabilities: must be < 1, got 1");
      b(i) = Real(logit(probability));
    }
    return b;
  }
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<Bernoulli>("bernoulli", "independent binary units",
                          "Bishop 2006, Pattern Recognition and Machine Learning, section 2.1");
}
