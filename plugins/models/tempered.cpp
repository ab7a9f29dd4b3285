// A model at inverse temperature β (Kirkpatrick, Gelatt & Vecchi 1983, Science 220:671).
//   p(x) ∝ e^{-βE(x)};  of a latent model p(v, h) ∝ e^{-βE(v, h)}
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

struct Inner {
  std::unique_ptr<EnergyModel> owned;
};

class Tempered final : private Inner, public WeightedSum {
 public:
  struct Params {
    PluginSpec model;
    double beta = 1;

    void fields(Fields& f) {
      f.plugin("model", model, Kind::model, "the model to temper", {.required = true});
      f.positive("beta", beta, "inverse temperature β");
    }
  };
  Tempered(const Params& p, const Context& c)
      : Inner{c.energy_model(p.model)}, WeightedSum({{p.beta, owned.get()}}) {}
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<Tempered>("tempered", "another model at an inverse temperature",
                         "Kirkpatrick, Gelatt & Vecchi 1983, Science 220:671-680");
}
