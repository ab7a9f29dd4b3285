#include <numeric>

#include "gibbsite/api/dataset.hpp"
#include "gibbsite/api/evaluation.hpp"

namespace gibbsite {

void StoredDataset::columns(std::span<const Index> indices, Stream, Eigen::Ref<Batch> out) const {
  for (Index k = 0; k < out.cols(); ++k) out.col(k) = points_.col(indices[std::size_t(k)]);
}

Batch Dataset::all(Stream random) const {
  std::vector<Index> indices(static_cast<std::size_t>(size()));
  std::iota(indices.begin(), indices.end(), Index{0});
  Batch out(dim(), size());
  columns(indices, random, out);
  return out;
}

void Result::vector(std::string name, std::string dimension,
                    const Eigen::Ref<const Eigen::ArrayXd>& values) {
  variables.push_back({std::move(name),
                       {std::move(dimension)},
                       {values.size()},
                       std::vector<double>(values.begin(), values.end())});
}

}  // namespace gibbsite
