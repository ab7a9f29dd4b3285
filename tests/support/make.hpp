// Builds plugins in tests by name, as a spec would.
#pragma once

#include <doctest/doctest.h>

#include <gibbsite/plugin.hpp>
#include <memory>
#include <string>

namespace gibbsite::test {

/// The registry over the plugins of this build.
Registry& registry();

/// Two threads, shared by all tests.
const Workers& workers();

/// A context with the shared registry and workers, random numbers of seed 1, and no model.
Context context(EnergyModel* model = nullptr);

/// A plugin from one line of YAML such as `{name: rbm, visible: 4, hidden: 3}`, read by the same
/// strict rules as a spec.
std::unique_ptr<EnergyModel> make_model(const std::string& yaml,
                                        const Context& context = test::context());
std::unique_ptr<Sampler> make_sampler(const std::string& yaml, EnergyModel& model);
std::unique_ptr<GradientEstimator> make_gradient(const std::string& yaml, const Context& context);
std::unique_ptr<Evaluation> make_evaluation(const std::string& yaml, const Context& context);
std::unique_ptr<Optimizer> make_optimizer(const std::string& yaml);
std::unique_ptr<Dataset> make_dataset(const std::string& yaml,
                                      const Context& context = test::context());

/// RBM(D, M, s) of the ground-truth tables: W_ij = s sin(1 + .7 i + 1.3 j + .11 i j),
/// b_i = .3 cos(1 + i), c_j = .3 sin(2 + j).
std::unique_ptr<EnergyModel> recipe_rbm(Index visible, Index hidden, double scale);
/// Fully visible Boltzmann machine(d, s): W_ij = s sin(1 + .7 (i + j) + .37 i j) off the diagonal,
/// b_i = .3 cos(1 + i) if `with_bias`, else 0; E = -xᵀWx - bᵀx.
std::unique_ptr<EnergyModel> recipe_boltzmann(Index units, double scale, bool with_bias);

/// A Desk that neither saves nor interrupts.
class QuietDesk final : public Desk {
 public:
  void report(double, double, const std::string&) override {}
};

/// The scalar or first entry of a named variable of a result; fails the test where it is missing.
double value_of(const Result& result, const std::string& name);

}  // namespace gibbsite::test
