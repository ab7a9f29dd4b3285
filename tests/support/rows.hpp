// Small data sets for tests, and the surroundings that estimators need.
#pragma once

#include <cstring>
#include <utility>

#include "support/make.hpp"

namespace gibbsite::test {

/// The columns of a matrix as a data set.
class Rows final : public Dataset {
 public:
  explicit Rows(Batch x) : x_(std::move(x)) {}
  Index size() const override { return x_.cols(); }
  Index dim() const override { return x_.rows(); }
  void columns(std::span<const Index> indices, Stream, Eigen::Ref<Batch> out) const override {
    for (std::size_t k = 0; k < indices.size(); ++k) out.col(Index(k)) = x_.col(indices[k]);
  }
  const Batch& x() const { return x_; }

 private:
  Batch x_;
};

/// A context of `model` with training and perhaps test data.
inline Context context_with(EnergyModel& model, const Dataset* train,
                            const Dataset* held_out = nullptr, const Workers& threads = workers()) {
  Context all = context(&model);
  all.train = train;
  all.test = held_out;
  all.workers = &threads;
  return all;
}

/// The data of the CD-bias table: the six x in {0,1}^8 with two ones among x_0 … x_3 and
/// x_4 … x_7 equal to x_0 … x_3.
inline Batch two_of_four() {
  Batch x = Batch::Zero(8, 6);
  Index column = 0;
  for (Index i = 0; i < 4; ++i)
    for (Index j = i + 1; j < 4; ++j, ++column)
      for (const Index site : {i, j, i + 4, j + 4}) x(site, column) = 1;
  return x;
}

/// The 2 · 2^side bars and stripes, the empty and the full image twice.
inline Batch bars_and_stripes(Index side) {
  const Index patterns = Index{1} << side;
  Batch x(side * side, 2 * patterns);
  for (Index p = 0; p < patterns; ++p)
    for (Index row = 0; row < side; ++row)
      for (Index column = 0; column < side; ++column) {
        x(row * side + column, p) = Real((p >> row) & 1);
        x(row * side + column, patterns + p) = Real((p >> column) & 1);
      }
  return x;
}

/// Runs an evaluation to its end with random numbers of `seed`.
inline Result evaluate(const Evaluation& evaluation, std::uint64_t seed,
                       const Draws* draws = nullptr) {
  Saved saved;
  QuietDesk desk;
  return evaluation.evaluate(
      {.draws = draws, .random = Stream(seed), .saved = saved, .desk = desk});
}

/// The same of an evaluation by its spec.
inline Result evaluate(const std::string& yaml, EnergyModel& model, std::uint64_t seed,
                       const Dataset* train = nullptr) {
  return evaluate(*make_evaluation(yaml, context_with(model, train)), seed);
}

/// Whether a result says of itself that it can be relied on.
inline bool is_reliable(const Result& result) {
  return std::get<bool>(result.attributes.at("reliable"));
}

/// The values of a named variable of a result; fails the test where it is missing.
inline const std::vector<double>& values_of(const Result& result, const std::string& name) {
  for (const Variable& variable : result.variables)
    if (variable.name == name) return variable.values;
  FAIL("the result has no variable " << name);
  static const std::vector<double> none;
  return none;
}

/// A Desk that interrupts once, at report number `at` (from 1).
class InterruptingDesk final : public Desk {
 public:
  explicit InterruptingDesk(int at) : at_(at) {}
  void report(double, double, const std::string&) override {
    if (--at_ == 0) throw Interrupted();
  }

 private:
  int at_;
};

/// Interrupts `evaluation` at report `at`, then finishes it with an object built anew by `make`
/// from the saved state alone.
template <class Make>
Result evaluate_interrupted(Make make, std::uint64_t seed, int at) {
  Saved saved;
  InterruptingDesk desk(at);
  CHECK_THROWS_AS(make()->evaluate({.random = Stream(seed), .saved = saved, .desk = desk}),
                  Interrupted);
  Saved restored = saved;
  return make()->evaluate({.random = Stream(seed), .saved = restored, .desk = desk});
}

/// Whether two results are equal bit for bit.
inline bool identical(const Result& a, const Result& b) {
  if (a.variables.size() != b.variables.size()) return false;
  for (std::size_t k = 0; k < a.variables.size(); ++k) {
    if (a.variables[k].name != b.variables[k].name) return false;
    const auto &x = a.variables[k].values, &y = b.variables[k].values;
    if (x.size() != y.size() || std::memcmp(x.data(), y.data(), x.size() * sizeof(double)) != 0)
      return false;
  }
  return true;
}

/// Checks that an evaluation interrupted at each of these reports, and one on a single thread, find
/// what an undisturbed one on two threads does.
inline void check_resumes(const std::string& spec, EnergyModel& model,
                          std::initializer_list<int> reports) {
  const auto make = [&] { return make_evaluation(spec, context_with(model, nullptr)); };
  const Result whole = evaluate(*make(), 9);
  const Workers one(1);
  CHECK(identical(evaluate(*make_evaluation(spec, context_with(model, nullptr, nullptr, one)), 9),
                  whole));
  for (const int at : reports) CHECK(identical(evaluate_interrupted(make, 9, at), whole));
}

}  // namespace gibbsite::test
