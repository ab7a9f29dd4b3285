#include "gibbsite/api/dense_sweeps.hpp"

#include <vector>

#include "gibbsite/core/kernels.hpp"
#include "gibbsite/core/stream_words.hpp"

namespace gibbsite {
namespace {

// As many units as a product sums at a time (products_isa.hpp).
constexpr Index block = 256 / Index(sizeof(Real));

}  // namespace

DenseSweeps::DenseSweeps(const Batch& A, Vector a) : rows_(A.size()), a_(std::move(a)) {
  const Index d = a_.size();
  for (Index first = 0; first < d; first += block) {
    const Index count = std::min(block, d - first);
    Eigen::Map<Batch>(rows_.data() + first * d, count, d) = A.middleRows(first, count);
  }
}

void DenseSweeps::block_logits(Index first, const BatchView& x, Batch& out) const {
  const Index d = a_.size(), count = std::min(block, d - first);
  out.resize(count, x.cols());
  kernels<Real>().affine(rows_.data() + first * d, count, count, d, a_.data() + first, x.data(),
                         x.outerStride(), x.cols(), out.data(), count);
}

void DenseSweeps::logits(const BatchView& x, Batch& out) const {
  out.resize(x.rows(), x.cols());
  Batch part;
  for (Index first = 0; first < a_.size(); first += block) {
    block_logits(first, x, part);
    out.middleRows(first, part.rows()) = part;
  }
}

void DenseSweeps::draw(Index sweeps, Eigen::Ref<Batch> x, Stream& random) const {
  for (Index sweep = 0; sweep < sweeps; ++sweep)
    for (Index first = 0; first < a_.size(); first += block) {
      draw_block(first, random, x);
      skip_blocks(random, std::min(block, a_.size() - first));
    }
}

void DenseSweeps::draw_block(Index first, const Stream& random, Eigen::Ref<Batch> x) const {
  const Index chains = x.cols();
  Batch by_unit;
  block_logits(first, x, by_unit);
  const Index count = by_unit.rows();
  // Each unit's numbers of all chains together.
  Batch logits = by_unit.transpose();
  std::vector<std::uint32_t> own(std::size_t(4 * count)), words(std::size_t(count * chains));
  for (Index c = 0; c < chains; ++c) {
    const StreamPosition at = position(random.chains_from(c));
    philox(at.key, at.step, at.chain, at.draw, count, own.data());
    for (Index k = 0; k < count; ++k) words[std::size_t(k * chains + c)] = own[std::size_t(4 * k)];
  }
  const Eigen::Map<const Batch> A(rows_.data() + first * a_.size(), count, a_.size());
  Vector fresh(chains), change(chains);
  for (Index k = 0; k < count; ++k) {
    kernels<Real>().bernoulli(logits.col(k).data(), words.data() + k * chains, fresh.data(),
                              chains);
    change = fresh - x.row(first + k).transpose();
    x.row(first + k) = fresh.transpose();
    for (Index later = k + 1; later < count; ++later)
      logits.col(later) += A(later, first + k) * change;
  }
}

}  // namespace gibbsite
