#include "gibbsite/run/data.hpp"

#include <cmath>

namespace gibbsite {
namespace {

// The configurations to train on, and those held out.
std::pair<std::vector<Index>, std::vector<Index>> split(const Dataset& whole,
                                                        const Preparation& how) {
  std::vector<Index> train = chosen_rows(whole, how, false), test = chosen_rows(whole, how, true);
  const Index size = Index(train.size());
  if (size == 0) throw Error("data: no configuration is left");
  const Index held_out = Index(std::llround(how.test_fraction * double(size)));
  if (held_out >= size) throw Error("data.test_fraction: leaves no training data");
  if (held_out == 0) return {std::move(train), std::move(test)};
  const Row u = Stream(std::uint64_t(how.split_seed)).split("split").uniform(size);
  for (Index i = size - 1; how.shuffle && i > 0; --i)  // Fisher-Yates
    std::swap(train[std::size_t(i)], train[std::size_t(double(i + 1) * u(i))]);
  test.assign(train.end() - held_out, train.end());
  train.resize(std::size_t(size - held_out));
  return {std::move(train), std::move(test)};
}

}  // namespace

Data prepare_data(std::unique_ptr<Dataset> whole, const Preparation& how) {
  check_preparation(*whole, how);
  auto [train, test] = split(*whole, how);
  Data data;
  Preparation clean = how;
  clean.training_noise = 0;
  if (!test.empty()) data.test = std::make_unique<Prepared>(*whole, clean, std::move(test));
  data.train = std::make_unique<Prepared>(*whole, how, std::move(train));
  data.whole = std::move(whole);
  return data;
}

}  // namespace gibbsite
