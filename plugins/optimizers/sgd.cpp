// Stochastic gradient ascent (Robbins & Monro 1951) with heavy-ball momentum (Polyak 1964):
//   v <- μ v + g - λ θ,   θ <- θ + ε_n v,   g an ascent direction of the mean log-likelihood.
// Schedules of ε_n: constant ε; step ε f^⌊n/P⌋; cosine ε (f + (1 - f)(1 + cos π min(n/P, 1))/2)
// (Loshchilov & Hutter 2017, without restarts); inverse ε / (1 + n/P), whose sum diverges while
// that of its squares does not, as stochastic approximation asks for.
#include <cmath>
#include <gibbsite/plugin.hpp>
#include <numbers>

namespace {
using namespace gibbsite;

class Sgd final : public Optimizer {
 public:
  struct Params {
    double step_size = 0.01;
    double momentum = 0;
    double weight_decay = 0;
    std::string schedule = "constant";
    Index period = 10000;
    double decay = 0.1;

    void fields(Fields& f) {
      f.positive("step_size", step_size, "learning rate ε of the first update");
      f.real("momentum", momentum, "share μ of the last step that is kept",
             {.minimum = 0, .maximum = 1});
      f.real("weight_decay", weight_decay, "rate λ of an L2 penalty λ|θ|²/2 on all parameters",
             {.minimum = 0});
      f.choice("schedule", schedule, {"constant", "step", "cosine", "inverse"},
               "how the learning rate falls");
      f.count("period", period,
              "updates P: between two drops (step), until the end (cosine), until half the rate "
              "(inverse)");
      f.fraction("decay", decay, "factor f of one drop (step), share f left at the end (cosine)");
    }
  };

  Sgd(const Params& p, const Context& c) : params_(p) {
    if (p.momentum >= 1)
      throw Error(c.subject + ": momentum must be < 1, got " + number_text(p.momentum));
  }

  void update(Parameters& theta, const Parameters& ascent, Slots& slots,
              std::uint64_t update) const override {
    const double rate = learning_rate(update);
    if (params_.momentum == 0) {
      theta += rate * (ascent - params_.weight_decay * theta);
      return;
    }
    if (slots.empty()) slots.emplace_back(Parameters::Zero(theta.size()));
    slots[0] = params_.momentum * slots[0] + ascent - params_.weight_decay * theta;
    theta += rate * slots[0];
  }

  double learning_rate(std::uint64_t update) const override {
    const double periods = double(update) / double(params_.period);
    if (params_.schedule == "step")
      return params_.step_size * std::pow(params_.decay, std::floor(periods));
    if (params_.schedule == "inverse") return params_.step_size / (1 + periods);
    if (params_.schedule == "constant") return params_.step_size;
    const double wave = (1 + std::cos(std::numbers::pi * std::min(periods, 1.0))) / 2;
    return params_.step_size * (params_.decay + (1 - params_.decay) * wave);
  }

 private:
  Params params_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<Sgd>("sgd", "stochastic gradient ascent with momentum and learning-rate schedules",
                    "Robbins & Monro 1951, Annals of Mathematical Statistics 22(3):400-407");
}
