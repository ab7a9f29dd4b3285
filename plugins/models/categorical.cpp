// Independent categorical units (Bishop 2006, Pattern Recognition and Machine Learning, 2.2).
//   E(x) = -Σ_i a_i(x_i),  x ∈ {0 … K-1}^d,  P(x_i = k) = e^{a_i(k)} / Σ_l e^{a_i(l)}
//   ln Z = Σ_i ln Σ_k e^{a_i(k)};  adding a number to all a_i(k) of a unit changes ln Z alone
#include <cmath>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class Categorical final : public DiscreteUnits {
 public:
  struct Params {
    std::optional<Index> units;
    Index levels = 0;
    std::vector<double> weights;

    void fields(Fields& f) {
      f.integer("units", units, "number d of units",
                {.minimum = 1, .maximum = 1e7, .unset = "the width of the data"});
      f.integer("levels", levels, "number K of states of a unit",
                {.minimum = 2, .maximum = 65536, .required = true});
      f.reals("weights", weights,
              "initial e^{a(k)}, relative probabilities > 0: K values for all units or K per unit",
              {.minimum = 0,
               .above_minimum = true,
               .unset = "the data's rates with one further observation of each state; all alike "
                        "without data"});
    }
  };

  Categorical(const Params& p, const Context& c)
      : DiscreteUnits(domain_of(p, c), "log_weights", log_weights(p, c)) {}

 private:
  static Domain domain_of(const Params& p, const Context& c) {
    return Domain::categorical(p.units ? *p.units : c.require_train().dim(), p.levels);
  }

  static Vector log_weights(const Params& p, const Context& c) {
    const Domain domain = domain_of(p, c);
    const Index size = natural_rows(domain), given = Index(p.weights.size());
    if (given == 0 && c.train != nullptr && c.train->dim() == domain.dim())
      return Independent::from_data(domain, *c.train, 1).natural_parameters();
    if (given != 0 && given != p.levels && given != size)
      throw Error(c.subject + ": weights: must have " + std::to_string(p.levels) + " or " +
                  std::to_string(size) + " values, got " + std::to_string(given));
    Vector a = Vector::Zero(size);
    for (Index k = 0; k < size && given > 0; ++k)
      a(k) = Real(std::log(p.weights[std::size_t(k % given)]));
    return a;
  }
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<Categorical>("categorical", "independent categorical units",
                            "Bishop 2006, Pattern Recognition and Machine Learning, section 2.2");
}
