// Another model's law of some coordinates given the others (Besag 1974, J. R. Stat. Soc. B 36:192).
//   E_held(x_free) = E(x_free, x_held),  p(x_free | x_held) = e^{-E(x_free, x_held)} / Z(x_held)
// Configurations are the free coordinates alone, in their order.
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

struct Inner {
  std::unique_ptr<EnergyModel> owned;
};

class ClampedModel final : private Inner, public Clamped {
 public:
  struct Params {
    PluginSpec model;
    std::vector<Index> coordinates;
    std::vector<double> values;

    void fields(Fields& f) {
      f.plugin("model", model, Kind::model, "the model of all coordinates", {.required = true});
      f.integers("coordinates", coordinates, "coordinates held fixed, from 0",
                 {.minimum = 0, .required = true});
      f.reals("values", values, "their values, in that order", {.required = true});
    }
  };
  ClampedModel(const Params& p, const Context& c)
      : Inner{c.energy_model(p.model)},
        Clamped(*owned, p.coordinates,
                Eigen::Map<const Eigen::VectorXd>(p.values.data(), Index(p.values.size()))
                    .cast<Real>()) {}
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<ClampedModel>("clamped", "another model with some coordinates held fixed",
                             "Besag 1974, J. R. Stat. Soc. B 36:192-236");
}
