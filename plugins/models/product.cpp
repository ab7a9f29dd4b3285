// Product of experts (Hinton 2002, Neural Computation 14:1771): densities multiply, energies add.
//   E(x) = Σ_k w_k E_k(x)
// One part may be a reference measure, such as a gaussian or a bernoulli model.
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

struct Experts {
  std::vector<std::unique_ptr<EnergyModel>> owned;
};

class Product final : private Experts, public WeightedSum {
 public:
  struct Params {
    std::vector<PluginSpec> models;
    std::vector<double> weights;

    void fields(Fields& f) {
      f.plugins("models", models, Kind::model, "the experts, all on the same coordinates",
                {.required = true});
      f.reals("weights", weights, "weight w_k of each expert's energy", {.unset = "all 1"});
    }
  };
  Product(const Params& p, const Context& c)
      : Experts{build(p, c)}, WeightedSum(parts(owned, p.weights)) {}

 private:
  static std::vector<std::unique_ptr<EnergyModel>> build(const Params& p, const Context& c) {
    if (!p.weights.empty() && p.weights.size() != p.models.size())
      throw Error(c.subject + ": weights: must have one value per model, got " +
                  std::to_string(p.weights.size()) + " for " + std::to_string(p.models.size()));
    std::vector<std::unique_ptr<EnergyModel>> models;
    for (std::size_t k = 0; k < p.models.size(); ++k) {
      Context own = c;  // experts of one kind start from different parameters
      own.random = c.random.split(k);
      models.push_back(own.energy_model(p.models[k]));
    }
    return models;
  }
  static std::vector<Part> parts(const std::vector<std::unique_ptr<EnergyModel>>& models,
                                 const std::vector<double>& weights) {
    std::vector<Part> all;
    for (std::size_t k = 0; k < models.size(); ++k)
      all.push_back({weights.empty() ? 1 : weights[k], models[k].get()});
    return all;
  }
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<Product>("product", "weighted sum of energies: a product of experts",
                        "Hinton 2002, Neural Computation 14(8):1771-1800");
}
