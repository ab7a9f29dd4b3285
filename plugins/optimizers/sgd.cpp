// Stochastic gradient ascent (Robbins & Monro 1951) with heavy-ball momentum (Polyak 1964):
//   v <- μ v + g - λ θ,   θ <- θ + ε_n v,   g an ascent direction of the mean log-likelihood,
// or Nesterov's, which looks one step of momentum ahead (Sutskever et al. 2013, ICML, in the form
// that keeps the parameters at the point where gradients are taken):
//   v <- μ v + g - λ θ,   θ <- θ + ε_n (g - λ θ + μ v).
#include <gibbsite/api/schedule.hpp>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class Sgd final : public ElementwiseOptimizer {
 public:
  struct Params {
    double step_size = 0.01;
    double momentum = 0;
    bool nesterov = false;
    double weight_decay = 0;
    ScheduleParams schedule;

    void fields(Fields& f) {
      f.positive("step_size", step_size, "learning rate ε before its schedule");
      f.real("momentum", momentum, "share μ of the last step that is kept",
             {.minimum = 0, .maximum = 1});
      f.flag("nesterov", nesterov, "Nesterov's momentum instead of the heavy ball");
      f.real("weight_decay", weight_decay, "rate λ of an L2 penalty λ|θ|²/2 on all parameters",
             {.minimum = 0});
      schedule.fields(f);
    }
  };

  Sgd(const Params& p, const Context& c) : params_(p) {
    if (p.momentum >= 1)
      throw Error(c.subject + ": momentum must be < 1, got " + number_text(p.momentum));
    if (p.nesterov && p.momentum == 0)
      throw Error(c.subject + ": nesterov: needs a momentum > 0, got 0");
    p.schedule.check(c.subject);
  }

  std::size_t slot_count() const override { return params_.momentum == 0 ? 0 : 1; }

  void step(Entries theta, ConstEntries ascent, std::span<Entries> slots,
            std::uint64_t update) const override {
    const double rate = learning_rate(update);
    if (params_.momentum == 0) {
      theta += rate * (ascent - params_.weight_decay * theta);
      return;
    }
    Entries& v = slots[0];
    const Eigen::ArrayXd pull = ascent - params_.weight_decay * theta;
    v = params_.momentum * v + pull;
    if (params_.nesterov)
      theta += rate * (pull + params_.momentum * v);
    else
      theta += rate * v;
  }

  double learning_rate(std::uint64_t update) const override {
    return params_.step_size * params_.schedule.factor(update);
  }

 private:
  Params params_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<Sgd>("sgd", "stochastic gradient ascent with heavy-ball or Nesterov momentum",
                    "Robbins & Monro 1951, Annals of Mathematical Statistics 22(3):400-407; "
                    "Sutskever et al. 2013, ICML");
}
