#include "gibbsite/api/hidden_mixture.hpp"

#include <cmath>

#include "gibbsite/api/abilities.hpp"
#include "gibbsite/core/log_weights.hpp"
#include "gibbsite/core/numerics.hpp"

namespace gibbsite {

void add_hidden_mixture(const EnergyModel& model, const BatchView& x, Stream random,
                        const BatchView& v, Eigen::Ref<Eigen::ArrayXXd> log_sums) {
  const Latent& latent = *model.capability<Latent>();
  Batch natural, h(latent.hidden().dim(), x.cols());
  latent.hidden_natural(x, natural);
  sample(latent.hidden(), natural, random, h);
  latent.visible_natural(h, natural);
  const Domain observed = model.domain().select(all_sites(v.rows()));
  const auto rows = natural.topRows(natural_rows(observed));
  const Row log_z = log_partition(observed, rows);
  for (Index n = 0; n < v.cols(); ++n) {
    const Row log_p = natural_energy(observed, rows, v.col(n).replicate(1, x.cols())) - log_z;
    for (Index c = 0; c < x.cols(); ++c)
      log_sums(c, n) = log_sum_exp(Eigen::Array2d(log_sums(c, n), log_p(c)));
  }
}

HiddenMixture::HiddenMixture(const Eigen::ArrayXXd& log_sums, Index samples)
    : log_probability(log_sums.cols()) {
  const double chains = double(log_sums.rows()), observations = double(log_sums.cols());
  Eigen::ArrayXd influence = Eigen::ArrayXd::Zero(log_sums.rows());
  for (Index n = 0; n < log_sums.cols(); ++n) {
    const LogWeights one = summarise(log_sums.col(n));
    log_probability(n) = one.log_mean - std::log(double(samples));
    influence += (log_sums.col(n) - one.log_mean).exp() / observations;
    effective_chains += one.effective_sample_size / observations;
  }
  standard_error = std::sqrt((influence - 1).square().sum() / (chains - 1) / chains);
}

}  // namespace gibbsite
