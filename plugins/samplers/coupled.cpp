// Two Gibbs chains with lag 1 that meet (Glynn & Rhee 2014, J. Appl. Probab. 51A:377; Jacob,
// O'Leary & Atchadé 2020). X and Y start alike, X moves first, and from then on both move together,
// each by the same kernel: (X_t, Y_{t-1}) -> (X_{t+1}, Y_t). Draws are coupled maximally: X' ~ p;
// Y' = X' with probability min(1, q(X')/p(X')), else Y' ~ q until one passes with probability
// 1 - min(1, p(Y')/q(Y')). The number of tries has mean 1 and no bound: a bound would change the
// law of Y. At τ = min{t: X_t = Y_{t-1}} the chains have met, and stay together. For k >= 0
//   H_k = f(X_k) + Σ_{t=k+1}^{τ-1} [f(X_t) - f(Y_{t-1})]
// then has the mean of f under the model. On bipartite models the kernel is block Gibbs, each layer
// coupled as a whole (Qiu, Zhang & Wang 2020); on others Gibbs in turn, coupled at every
// coordinate. x is X, whose steps are bit by bit those of block_gibbs or gibbs; nested[0].x is Y.
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

// Replaces y by a draw from q that is coupled to x ~ p; natural parameters of all three's units.
void couple(const Domain& units, const BatchView& p, const BatchView& q, const BatchView& x,
            Eigen::Ref<Batch> y, Stream random) {
  const double log_zp = log_partition(units, p)(0), log_zq = log_partition(units, q)(0);
  const auto log_ratio = [&](const BatchView& at) {  // ln q - ln p
    return natural_energy(units, q, at)(0) - log_zq - (natural_energy(units, p, at)(0) - log_zp);
  };
  if (accept(log_ratio(x), random)) {
    y = x;
    return;
  }
  do sample(units, q, random, y);
  while (accept(-log_ratio(y), random));
}

class Coupled final : public Sampler {
 public:
  struct Params {
    void fields(Fields&) {}
  };

  Coupled(const Params&, const Context& c)
      : domain_(c.model->domain()),
        latent_(c.model->capability<Latent>()),
        conditional_(c.model->capability<Conditional>()) {
    if (latent_ != nullptr && !latent_->hidden().is_discrete()) latent_ = nullptr;
    if (!domain_.is_discrete() || (latent_ == nullptr && conditional_ == nullptr))
      throw Error(c.subject +
                  ": needs a model on discrete coordinates with discrete hidden units or "
                  "conditional laws, got " +
                  domain_.text());
    if (latent_ == nullptr) sets_ = conditional_->independent_sets();
    if (latent_ == nullptr && sets_.empty())
      for (const Index i : all_sites(domain_.dim())) sets_.push_back({i});
  }

  std::vector<Statistic> statistics() const override {
    return {{"met", Statistic::Type::boolean}, {"meeting_time", Statistic::Type::integer}};
  }
  bool is_reversible() const override { return latent_ != nullptr; }

 private:
  // Rows of aux: steps until the chains met, or so far; whether they have met.
  static constexpr Index steps = 0, met = 1;

  void do_init(Chains& now) const override {
    now.aux = Batch::Zero(2, now.x.cols());
    now.nested.resize(1);
    now.nested[0].x = now.x;
  }

  void do_step(Chains& now, Stream random) const override {
    Batch& y = now.nested[0].x;
    const std::vector<Index> apart = still_apart(now);
    const Stream second = random.split("second");
    if (latent_ != nullptr)
      move_layers(now.x, y, apart, random, second);
    else
      for (std::size_t k = 0; k < sets_.size(); ++k)
        move_sites(sets_[k], now.x, y, apart, random, second.split(k));
    for (Index c = 0; c < now.x.cols(); ++c) {
      if (now.aux(met, c) == 1) {
        y.col(c) = now.x.col(c);
        continue;
      }
      now.aux(steps, c) += 1;
      now.aux(met, c) = now.x.col(c) == y.col(c) ? Real(1) : Real(0);
    }
    now.statistics.row(0) = now.aux.row(met).cast<double>().array();
    now.statistics.row(1) =
        now.aux.row(met).cwiseProduct(now.aux.row(steps)).cast<double>().array();
  }

  // Chains in which Y moves too: X is ahead, and has not been caught up with.
  static std::vector<Index> still_apart(const Chains& now) {
    std::vector<Index> all;
    for (Index c = 0; c < now.x.cols(); ++c)
      if (now.aux(steps, c) > 0 && now.aux(met, c) == 0) all.push_back(c);
    return all;
  }

  void move_layers(Batch& x, Batch& y, const std::vector<Index>& apart, Stream& random,
                   const Stream& second) const {
    const Domain& hidden = latent_->hidden();
    const Index pairs = Index(apart.size());
    Batch p, q, h(hidden.dim(), x.cols()), g(hidden.dim(), pairs);
    latent_->hidden_natural(x, p);
    if (pairs > 0) latent_->hidden_natural(y(Eigen::all, apart), q);
    sample(hidden, p, random, h);
    for (Index a = 0; a < pairs; ++a) {
      const Index c = apart[std::size_t(a)];
      couple(hidden, p.col(c), q.col(a), h.col(c), g.col(a), second.split(0).chains_from(c));
    }
    latent_->visible_natural(h, p);
    if (pairs > 0) latent_->visible_natural(g, q);
    sample(domain_, p, random, x);
    for (Index a = 0; a < pairs; ++a) {
      const Index c = apart[std::size_t(a)];
      couple(domain_, p.col(c), q.col(a), x.col(c), y.col(c), second.split(1).chains_from(c));
    }
  }

  void move_sites(const std::vector<Index>& sites, Batch& x, Batch& y,
                  const std::vector<Index>& apart, Stream& random, const Stream& second) const {
    Batch p, q, fresh(Index(sites.size()), x.cols());
    conditional_->natural(sites, x, p);
    if (!apart.empty()) conditional_->natural(sites, y(Eigen::all, apart), q);
    sample(domain_.select(sites), p, random, fresh);
    for (std::size_t k = 0; k < sites.size(); ++k) x.row(sites[k]) = fresh.row(Index(k));
    Index row = 0;
    for (std::size_t k = 0; k < sites.size(); ++k) {
      const Domain unit = domain_.select(std::span(&sites[k], 1));
      const Index rows = natural_rows(unit);
      for (Index a = 0; a < Index(apart.size()); ++a) {
        const Index c = apart[std::size_t(a)];
        couple(unit, p.block(row, c, rows, 1), q.block(row, a, rows, 1), x.block(sites[k], c, 1, 1),
               y.block(sites[k], c, 1, 1), second.split(k).chains_from(c));
      }
      row += rows;
    }
  }

  Domain domain_;
  const Latent* latent_;
  const Conditional* conditional_;
  std::vector<std::vector<Index>> sets_;  ///< coordinates that are drawn together
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<Coupled>("coupled",
                        "two Gibbs chains, one step apart, that meet by maximal coupling",
                        "Jacob, O'Leary & Atchadé 2020, J. R. Stat. Soc. B 82:543-600");
}
