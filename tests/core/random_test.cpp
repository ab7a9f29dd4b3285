// Random numbers: the published vectors, independence of streams, and the laws drawn from.
#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <gibbsite/core/kernels.hpp>
#include <gibbsite/core/random.hpp>
#include <limits>
#include <set>
#include <vector>

using namespace gibbsite;

namespace {

using Words = std::array<std::uint32_t, 4>;

// philox() maps the counter words of Random123 so: word 0 is the block, word 1 the chain, words 2
// and 3 the step (low, high); key words 0 and 1 are the low and high half of the key.
Words block(const Words& counter, std::uint32_t key_low, std::uint32_t key_high) {
  Words out{};
  philox((std::uint64_t{key_high} << 32) | key_low, (std::uint64_t{counter[3]} << 32) | counter[2],
         counter[1], counter[0], 1, out.data());
  return out;
}

// Kolmogorov-Smirnov distance of sorted values to a distribution function, times sqrt(n).
template <class F>
double ks(std::vector<double> values, F cumulative) {
  std::sort(values.begin(), values.end());
  const double n = double(values.size());
  double worst = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double p = cumulative(values[i]);
    worst = std::max({worst, p - double(i) / n, double(i + 1) / n - p});
  }
  return worst * std::sqrt(n);
}

std::vector<double> flat(const Batch& x) { return {x.data(), x.data() + x.size()}; }

double moment(const std::vector<double>& values, int power) {
  double sum = 0;
  for (const double value : values) sum += std::pow(value, power);
  return sum / double(values.size());
}

double covariance(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum / double(a.size()) - moment(a, 1) * moment(b, 1);
}

}  // namespace

TEST_CASE("Philox4x32-10 gives the known answers of Random123") {
  const std::uint32_t all = 0xffffffff;
  CHECK(block({0, 0, 0, 0}, 0, 0) == Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  CHECK(block({all, all, all, all}, all, all) ==
        Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(block({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, 0xa4093822, 0x299f31d0) ==
        Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("many blocks at once are the blocks one by one") {
  std::vector<std::uint32_t> together(4 * 100);
  philox(7, 1ull << 40, 3, 5, 100, together.data());
  for (std::uint32_t b = 0; b < 100; ++b) {
    const Words one = block({5 + b, 3, 0, 1u << 8}, 7, 0);
    for (std::size_t k = 0; k < 4; ++k) CHECK(together[4 * b + k] == one[k]);
  }
}

TEST_CASE("streams differ by seed, purpose, part, step, chain and draw") {
  std::set<double> first;
  std::size_t count = 0;
  const auto add = [&](Stream stream) {
    first.insert(stream.uniform(1)(0));
    ++count;
  };
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const Stream root(seed);
    add(root);
    for (std::uint64_t step = 1; step < 100; ++step) add(root.at(step));
    for (Index chain = 1; chain < 100; ++chain) add(root.chains_from(chain));
    for (std::uint64_t part = 0; part < 100; ++part) add(root.split(part));
    for (const char* purpose : {"", "a", "b", "ab", "ba", "train", "sample"})
      add(root.split(purpose));
    Stream later = root;
    later.uniform(1);
    add(later);
  }
  add(Stream(~std::uint64_t{0}));
  add(Stream(std::uint64_t{1} << 32));
  CHECK(first.size() == count);
}

TEST_CASE("a stream at a step forgets how much was drawn before") {
  Stream used(3);
  used.uniform(5);
  Batch x(7, 5);
  used.normal(x);
  CHECK((used.at(9).uniform(4) == Stream(3).at(9).uniform(4)).all());
  CHECK(used.at(9).step() == 9);
}

TEST_CASE("a chain's numbers do not depend on its neighbours") {
  const Index chains = 11, rows = 7;
  Batch whole_u(rows, chains), whole_n(rows, chains), whole_b(rows, chains),
      logits = Batch::Zero(rows, chains);
  Stream whole(5);
  const Row scalars = whole.uniform(chains);
  whole.uniform(whole_u);
  whole.normal(whole_n);
  whole.bernoulli(logits, whole_b);
  const auto integers = whole.below(1000, chains);
  for (const Index width : {1, 4}) {
    for (Index first = 0; first + width <= chains; first += width) {
      Stream part = Stream(5).chains_from(first);
      Batch u(rows, width), n(rows, width), b(rows, width);
      CHECK((part.uniform(width) == scalars.segment(first, width)).all());
      part.uniform(u);
      part.normal(n);
      part.bernoulli(Batch::Zero(rows, width), b);
      CHECK(u == whole_u.middleCols(first, width));
      CHECK(n == whole_n.middleCols(first, width));
      CHECK(b == whole_b.middleCols(first, width));
      CHECK((part.below(1000, width) == integers.segment(first, width)).all());
    }
  }
  CHECK((Stream(5).chains_from(2).chains_from(3).uniform(1) == Stream(5).chains_from(5).uniform(1))
            .all());
}

TEST_CASE("uniform numbers are uniform and never 0 or 1") {
  Batch x(1000, 200);
  Stream(1).uniform(x);
  const auto values = flat(x);
  CHECK(x.minCoeff() > 0);
  CHECK(x.maxCoeff() < 1);
  CHECK(ks(values, [](double u) { return u; }) < 2.3);  // p = 5e-5
  CHECK(std::abs(moment(values, 1) - 1. / 2) < 5 * std::sqrt(1. / 12 / 2e5));
  CHECK(std::abs(moment(values, 2) - 1. / 3) < 5 * std::sqrt(4. / 45 / 2e5));
}

TEST_CASE("normal numbers are normal, for even and odd sizes") {
  for (const Index rows : {1, 2, 3, 1000}) {
    CAPTURE(rows);
    const Index columns = 200000 / rows;
    Batch x(rows, columns);
    Stream(2).normal(x);
    const auto values = flat(x);
    const double n = double(values.size());
    CHECK(x.allFinite());
    CHECK(ks(values, [](double z) { return 0.5 * std::erfc(-z / std::sqrt(2.)); }) < 2.3);
    CHECK(std::abs(moment(values, 1)) < 5 / std::sqrt(n));
    CHECK(std::abs(moment(values, 2) - 1) < 5 * std::sqrt(2 / n));
    CHECK(std::abs(moment(values, 3)) < 5 * std::sqrt(15 / n));
    CHECK(std::abs(moment(values, 4) - 3) < 5 * std::sqrt(96 / n));
  }
}

TEST_CASE("neighbouring numbers, chains, steps and streams are uncorrelated") {
  const Index n = 200000;
  Batch one(n, 2);
  Stream(3).normal(one);
  const auto a = flat(one.leftCols(1)), b = flat(one.rightCols(1));
  Batch other(n, 1);
  const double most = 5 / std::sqrt(double(n));
  CHECK(std::abs(covariance(a, b)) < most);
  Stream(3).at(1).normal(other);
  CHECK(std::abs(covariance(a, flat(other))) < most);
  Stream(3).split("x").normal(other);
  CHECK(std::abs(covariance(a, flat(other))) < most);
  Stream(4).normal(other);
  CHECK(std::abs(covariance(a, flat(other))) < most);
  const std::vector<double> head(a.begin(), a.end() - 1), tail(a.begin() + 1, a.end());
  CHECK(std::abs(covariance(head, tail)) < most);
}

TEST_CASE("coins fall by their logits, and never the impossible way") {
  const double infinity = std::numeric_limits<double>::infinity();
  const Index n = 100000;
  for (const double logit : {-3., -1., 0., .5, 4.}) {
    Batch x(n, 1);
    Stream(6).bernoulli(Batch::Constant(n, 1, Real(logit)), x);
    const double p = 1 / (1 + std::exp(-logit)), share = x.cast<double>().mean();
    CAPTURE(logit);
    CHECK(((x.array() == 0) || (x.array() == 1)).all());
    CHECK(std::abs(share - p) < 5 * std::sqrt(p * (1 - p) / double(n)));
  }
  for (const double impossible : {-infinity, -800., -1e300}) {
    Batch x(n, 1);
    Stream(6).bernoulli(Batch::Constant(n, 1, Real(impossible)), x);
    CHECK(x.maxCoeff() == 0);
  }
  for (const double certain : {infinity, 800., 1e300}) {
    Batch x(n, 1);
    Stream(6).bernoulli(Batch::Constant(n, 1, Real(certain)), x);
    CHECK(x.minCoeff() == 1);
  }
  Batch x(100, 1);
  Stream(6).bernoulli(Batch::Constant(100, 1, std::numeric_limits<Real>::quiet_NaN()), x);
  CHECK(((x.array() == 0) || (x.array() == 1)).all());
}

TEST_CASE("integers below a bound reach every value alike and nothing else") {
  const Index n = 60000;
  std::vector<Index> counts(6);
  for (const Index k : Stream(8).below(6, n)) {
    REQUIRE(k >= 0);
    REQUIRE(k < 6);
    ++counts[std::size_t(k)];
  }
  for (const Index count : counts)
    CHECK(std::abs(double(count) - 1e4) < 5 * std::sqrt(1e4 * 5 / 6));
  CHECK((Stream(8).below(1, 10) == 0).all());
}
