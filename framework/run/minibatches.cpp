#include "gibbsite/run/minibatches.hpp"

#include <algorithm>
#include <numeric>

namespace gibbsite {
namespace {

std::vector<Index> epoch_order(const Stream& random, std::uint64_t epoch, Index size) {
  std::vector<Index> order(static_cast<std::size_t>(size));
  std::iota(order.begin(), order.end(), Index{0});
  Stream stream = random.at(epoch);
  const Row u = stream.uniform(size);
  for (Index i = size - 1; i > 0; --i)
    std::swap(order[std::size_t(i)], order[std::size_t(std::min(double(i), double(i + 1) * u(i)))]);
  return order;
}

}  // namespace

Minibatches::Minibatches(const Dataset& data, Index batch, const Stream& random)
    : data_(data), batch_(batch), per_epoch_((data.size() + batch - 1) / batch), random_(random) {}

Batch Minibatches::at(std::uint64_t update, const Stream& draws) {
  const std::uint64_t epoch = update / std::uint64_t(per_epoch_);
  if (epoch != epoch_at_hand_) order_ = epoch_order(random_, epoch, data_.size());
  epoch_at_hand_ = epoch;
  const Index first = Index(update % std::uint64_t(per_epoch_)) * batch_;
  const Index size = std::min(batch_, data_.size() - first);
  Batch x(data_.dim(), size);
  data_.columns(std::span(order_).subspan(std::size_t(first), std::size_t(size)), draws, x);
  return x;
}

}  // namespace gibbsite
