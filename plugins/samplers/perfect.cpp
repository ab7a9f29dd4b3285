// Exact draws by monotone coupling from the past (Propp & Wilson 1996, Random Structures &
// Algorithms 9:223). With a sweep x_{t+1} = φ(x_t, u_t) that keeps the order x <= y of
// configurations, chains from the top (all units up) and the bottom (all down) are run from time -T
// to 0 with the same u_t; T doubles until they meet, and x_0 is then a draw from p itself.
//   pairs:  unit by unit, x_i = up where ln(u/(1 - u)) < log-odds of up given the others (heat
//   bath) layers: all h given v in the same way, then all v given h
// φ keeps the order where no coupling is negative. u_t belongs to the time t < 0: another attempt
// from further back must use it again, or the draws are biased towards states that meet early.
#include <gibbsite/api/attractive.hpp>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class Perfect final : public Sampler {
 public:
  struct Params {
    Index max_time = 65536;
    void fields(Fields& f) {
      f.count(
          "max_time", max_time,
          "largest time T into the past that is tried, in sweeps; where chains have not met from "
          "there either, the run ends with an error");
    }
  };

  Perfect(const Params& p, const Context& c)
      : max_time_(p.max_time),
        subject_(c.subject),
        model_(*c.model),
        latent_(c.model->capability<Latent>()),
        conditional_(c.model->capability<Conditional>()) {
    require_order();
    if (latent_ != nullptr) return;
    auto sets = c.require<Conditional>().independent_sets();
    if (sets.empty())
      for (const Index i : all_sites(model_.dim())) sets.push_back({i});
    for (auto& sites : sets) groups_.push_back({sites, model_.domain().select(sites)});
  }

  // T of each draw, a power of 2 or max_time; its cost is below 4 T sweeps of two chains.
  std::vector<Statistic> statistics() const override {
    return {{"coalescence_time", Statistic::Type::integer}};
  }
  bool is_reversible() const override { return true; }

 private:
  // Units that are independent given the others.
  struct Group {
    std::vector<Index> sites;
    Domain domain;
  };

  void require_order() const {
    const std::string obstacle = obstacle_to_order(model_);
    if (!obstacle.empty()) throw Error(subject_ + ": " + obstacle);
  }

  void do_refresh(Chains&) const override { require_order(); }

  void do_step(Chains& now, Stream random) const override {
    for (Index c = 0; c < now.x.cols(); ++c) {
      Index time = 1;
      Batch x = from_past(time, random.chains_from(c));
      while (x.col(0) != x.col(1)) {
        if (time == max_time_)
          throw Error(subject_ + ": chains from " + std::to_string(max_time_) +
                      " sweeps in the past have not met (max_time)");
        time = std::min(2 * time, max_time_);
        x = from_past(time, random.chains_from(c));
      }
      now.x.col(c) = x.col(0);
      now.statistics(0, c) = double(time);
    }
  }

  // The chains from the top and the bottom of time -T at time 0.
  Batch from_past(Index T, const Stream& random) const {
    Batch x(model_.dim(), 2);
    x << extreme_configuration(model_.domain(), true),
        extreme_configuration(model_.domain(), false);
    for (Index t = T; t > 0; --t) {
      Stream numbers = random.split(std::uint64_t(t));  // those of time -t, whatever T
      if (latent_ != nullptr)
        sweep_layers(x, numbers);
      else
        sweep_units(x, numbers);
    }
    return x;
  }

  void sweep_layers(Batch& x, Stream& random) const {
    Batch natural, h(latent_->hidden().dim(), 2);
    latent_->hidden_natural(x, natural);
    couple(latent_->hidden(), natural, random, h);
    latent_->visible_natural(h, natural);
    couple(model_.domain(), natural, random, x);
  }

  void sweep_units(Batch& x, Stream& random) const {
    Batch natural, fresh;
    for (const Group& group : groups_) {
      conditional_->natural(group.sites, x, natural);
      fresh.resize(natural.rows(), 2);
      couple(group.domain, natural, random, fresh);
      for (std::size_t k = 0; k < group.sites.size(); ++k)
        x.row(group.sites[k]) = fresh.row(Index(k));
    }
  }

  // Both chains by the same uniform numbers, which are compared as log odds so that no rounding of
  // probabilities breaks the order.
  static void couple(const Domain& domain, const Batch& natural, Stream& random, Batch& x) {
    Batch u(natural.rows(), 1);
    random.uniform(u);
    Index i = 0;
    for (const Domain::Part& part : domain.parts) {
      const bool spin = part.kind == Domain::Kind::spin;
      for (Index k = 0; k < part.count; ++k, ++i) {
        const double threshold = logit(double(u(i))) / (spin ? 2 : 1);
        for (Index c = 0; c < 2; ++c)
          x(i, c) = Real(threshold < double(natural(i, c)) ? 1 : spin ? -1 : 0);
      }
    }
  }

  Index max_time_;
  std::string subject_;
  const EnergyModel& model_;
  const Latent* latent_;
  const Conditional* conditional_;
  std::vector<Group> groups_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<Perfect>("perfect", "exact draws by coupling from the past, where units attract",
                        "Propp & Wilson 1996, Random Structures & Algorithms 9:223-252");
}
