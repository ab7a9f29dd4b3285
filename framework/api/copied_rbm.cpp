#include "gibbsite/api/copied_rbm.hpp"

namespace gibbsite {
namespace {

// The sum over the copies of a layer.
Batch over_copies(const BatchView& x, Index copies) {
  const Index units = x.rows() / copies;
  Batch sum = x.topRows(units);
  for (Index k = 1; k < copies; ++k) sum += x.middleRows(k * units, units);
  return sum;
}

}  // namespace

CopiedRbm::CopiedRbm(Index visible, Index hidden, Index visible_copies, Index hidden_copies)
    : visible_copies_(visible_copies),
      hidden_copies_(hidden_copies),
      visible_(Domain::binary(visible * visible_copies)),
      hidden_(Domain::binary(hidden * hidden_copies)),
      weights_(visible, hidden),
      b_(Vector::Zero(visible)),
      c_(Vector::Zero(hidden)) {
  theta_.add("W", {"visible", "hidden"}, weights_);
  theta_.add("b", {"visible"}, b_);
  theta_.add("c", {"hidden"}, c_);
}

void CopiedRbm::visible_energy(const BatchView& v, Row& energy) const {
  energy = -inner_products(b_, over_copies(v, visible_copies_));
}

void CopiedRbm::accumulate(const BatchView& v, const BatchView& h, const Row& weights,
                           Parameters& out) const {
  const Batch all_v = over_copies(v, visible_copies_), all_h = over_copies(h, hidden_copies_);
  GradientSum(weights, out).products(all_v, all_h).sums(all_v).sums(all_h);
}

void CopiedRbm::gradient_over_hidden(const BatchView& v, const BatchView& hidden_natural,
                                     const Row& weights, Parameters& out) const {
  accumulate(v, mean(hidden_, hidden_natural), weights, out);
}

void CopiedRbm::gradient_over_visible(const BatchView& visible_natural, const BatchView& h,
                                      const Row& weights, Parameters& out) const {
  accumulate(mean(visible_, visible_natural), h, weights, out);
}

void CopiedRbm::do_energy(const BatchView& v, Row& energy) const {
  Batch eta;
  do_hidden_natural(v, eta);
  visible_energy(v, energy);
  energy -= log_partition(hidden_, eta);
}

void CopiedRbm::do_hidden_natural(const BatchView& v, Batch& natural) const {
  natural = weights_.to_right(c_, over_copies(v, visible_copies_)).replicate(hidden_copies_, 1);
}

void CopiedRbm::do_visible_natural(const BatchView& h, Batch& natural) const {
  natural = weights_.to_left(b_, over_copies(h, hidden_copies_)).replicate(visible_copies_, 1);
}

void CopiedRbm::do_parameter_gradient(const BatchView& v, const Row& weights,
                                      Parameters& out) const {
  Batch eta;
  do_hidden_natural(v, eta);
  gradient_over_hidden(v, eta, weights, out);
}

}  // namespace gibbsite
