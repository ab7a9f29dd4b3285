// Independent draws from a model whose law can be sampled exactly: data with a known truth
// (Hyvärinen 2006, Neural Computation 18:2283, compares estimators on such).
//   x_n ~ p(x) = e^{-E(x)}/Z, n = 1 … N;  E[ln q(x_n)] <= E[ln p(x_n)] = -H(p) for any law q
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class FromModel final : public StoredDataset {
 public:
  struct Params {
    PluginSpec model;
    Index size = 0;
    std::optional<Index> seed;

    void fields(Fields& f) {
      f.plugin("model", model, Kind::model,
               "the model to draw from; it needs exact draws, or at "
               "most 2^20 states of its units or of its hidden units",
               {.required = true});
      f.integer("size", size, "number of draws", {.minimum = 1, .maximum = 1e8, .required = true});
      f.integer("seed", seed, "seed of the model's own random parameters and of the draws",
                {.minimum = 0, .unset = "the run's seed"});
    }
  };

  FromModel(const Params& p, const Context& c) {
    Context own = c;
    if (p.seed) own.random = Stream(std::uint64_t(*p.seed)).split("from_model");
    const auto model = own.energy_model(p.model);
    points_ = exact_draws(*model, p.size, own.random.split("draws"));
  }
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<FromModel>("from_model", "independent draws from a model with a tractable law",
                          "Devroye 1986, Non-Uniform Random Variate Generation");
}
