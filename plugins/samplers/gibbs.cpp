// Gibbs sampling (Geman & Geman 1984, IEEE PAMI 6:721): coordinate i is drawn anew from
//   p(x_i | all others) ∝ exp(η_i(x)·T(x_i)),  η_i its natural parameters.
// Coordinates that the model calls independent given the rest are drawn together. The systematic
// scan is stationary but not reversible; the random and the palindromic one are both.
#include <gibbsite/api/gibbs_sweeps.hpp>
#include <gibbsite/plugin.hpp>
#include <numeric>

namespace {
using namespace gibbsite;

class Gibbs final : public Sampler {
 public:
  using Needs = Abilities<Conditional>;
  struct Params {
    std::string scan = "systematic";
    Index sweeps = 1;

    void fields(Fields& f) {
      f.choice("scan", scan, {"systematic", "random", "palindromic"},
               "systematic: every coordinate in turn; palindromic: in turn and back again; random: "
               "each chain draws the one to update, with replacement");
      f.count("sweeps", sweeps,
              "passes over all coordinates per step (random: as many updates; palindromic: passes "
              "there and back)");
    }
  };

  Gibbs(const Params& p, const Context& c)
      : scan_is_random_(p.scan == "random"),
        is_reversible_(p.scan != "systematic"),
        sweeps_(p.sweeps),
        conditional_(c.require<Conditional>()),
        whole_sweeps_(p.scan == "systematic" ? c.model->capability<GibbsSweeps>() : nullptr) {
    auto sets = conditional_.independent_sets();
    if (sets.empty())
      for (Index i = 0; i < c.model->dim(); ++i) sets.push_back({i});
    for (auto& sites : sets) {
      Domain domain = c.model->domain().select(sites);
      groups_.push_back({std::move(sites), std::move(domain)});
    }
    order_ = all_sites(Index(groups_.size()));
    if (p.scan == "palindromic")
      for (Index k = Index(groups_.size()) - 2; k >= 0; --k) order_.push_back(k);
  }

  std::vector<Statistic> statistics() const override { return {{"hop_distance"}}; }
  bool is_reversible() const override { return is_reversible_; }

 private:
  // Coordinates that are updated together, and where they live.
  struct Group {
    std::vector<Index> sites;
    Domain domain;
  };

  void do_step(Chains& now, Stream random) const override {
    const Batch before = now.x;
    Batch natural, fresh;
    if (scan_is_random_) {
      const Index updates = sweeps_ * Index(groups_.size());
      for (Index c = 0; c < now.x.cols(); ++c) {
        // Groups differ in size, so each chain keeps its own place in its random numbers.
        Stream own = random.chains_from(c);
        for (Index n = 0; n < updates; ++n)
          update(groups_[std::size_t(own.below(Index(groups_.size()), 1)(0))],
                 now.x.middleCols(c, 1), own, natural, fresh);
      }
    } else if (whole_sweeps_ == nullptr || !whole_sweeps_->gibbs_sweeps(sweeps_, now.x, random)) {
      for (Index sweep = 0; sweep < sweeps_; ++sweep)
        for (const Index k : order_) update(groups_[std::size_t(k)], now.x, random, natural, fresh);
    }
    // The fraction of coordinates that changed.
    now.statistics.row(0) = (before.array() != now.x.array()).cast<double>().colwise().mean();
  }

  void update(const Group& group, Eigen::Ref<Batch> x, Stream& random, Batch& natural,
              Batch& fresh) const {
    conditional_.natural(group.sites, x, natural);
    fresh.resize(Index(group.sites.size()), x.cols());
    sample(group.domain, natural, random, fresh);
    for (std::size_t k = 0; k < group.sites.size(); ++k)
      x.row(group.sites[k]) = fresh.row(Index(k));
  }

  bool scan_is_random_, is_reversible_;
  Index sweeps_;
  const Conditional& conditional_;
  const GibbsSweeps* whole_sweeps_;  ///< the model's own loop for systematic scans, or null
  std::vector<Group> groups_;
  std::vector<Index> order_;  ///< groups in the order of a scan that is not random
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<Gibbs>("gibbs", "draw each coordinate from its law given all others",
                      "Geman & Geman 1984, IEEE PAMI 6:721-741");
}
