// Checkpoints: exact, and never read where they are damaged or another cell's.
#include <doctest/doctest.h>
#include <sys/resource.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <csignal>
#include <cstring>
#include <gibbsite/core/error.hpp>
#include <gibbsite/io/checkpoint.hpp>
#include <gibbsite/io/files.hpp>
#include <limits>

#include "support/make.hpp"
#include "support/program.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

// Numbers that careless writers change.
const std::vector<double> odd = {0.,
                                 -0.,
                                 5e-324,
                                 -5e-324,
                                 1e308,
                                 -1e-308,
                                 .1,
                                 std::numeric_limits<double>::infinity(),
                                 -std::numeric_limits<double>::infinity(),
                                 std::numeric_limits<double>::quiet_NaN(),
                                 std::bit_cast<double>(0x7ff800000000beefull)};

template <class Dense>
Dense filled(Index rows, Index columns) {
  Dense out(rows, columns);
  for (Index i = 0; i < out.size(); ++i)
    out.data()[i] = typename Dense::Scalar(odd[std::size_t(i) % odd.size()]);
  return out;
}

Chains odd_chains() {
  return {.x = filled<Batch>(3, 5),
          .energy = filled<Row>(1, 5),
          .gradient = filled<Batch>(3, 5),
          .aux = Batch(0, 5),
          .tuning = filled<Table>(2, 5),
          .statistics = filled<Table>(4, 5)};
}

// Kernels within kernels within kernels.
Chains nested_chains() {
  Chains chains = odd_chains();
  chains.nested = {odd_chains(), odd_chains()};
  chains.nested[1].x = filled<Batch>(2, 10);
  chains.nested[1].nested = {odd_chains()};
  return chains;
}

Checkpoint example(const std::string& cell = "0123456789ab") {
  Checkpoint c;
  c.cell = cell;
  c.precision = "double";
  c.stage = Checkpoint::Stage::sample;
  c.seconds = .1;
  c.costs[1] = {.evaluations = {1, 2, 3, ~std::uint64_t{0}}, .seconds = 3};
  c.training = {.update = std::uint64_t{1} << 63,
                .theta = filled<Parameters>(11, 1),
                .slots = {filled<Parameters>(11, 1), Parameters()},
                .gradient = {.position = 7, .numbers = odd, .chains = {odd_chains(), odd_chains()}},
                .average = filled<Parameters>(11, 1),
                .activity = filled<Parameters>(3, 1),
                .centre = filled<Parameters>(4, 1),
                .clipped = 5,
                .best = filled<Parameters>(10, 1),
                .best_value = -0.,
                .best_update = 9,
                .not_better = 2};
  c.snapshot = c.training;
  c.snapshot.update = 6;
  c.scheduled = {{4, "exact", {{"log_partition", odd[4]}, {"b", odd[10]}}}};
  c.rollbacks = {{13, 10, .1, "the gradient is not finite"}, {17, 10, -0., ""}};
  c.training_rows = odd;
  c.divergence = "a \n\"text\" \xc3\xa9";
  c.chains = {nested_chains()};
  c.steps = 12345678901;
  c.segments = {{1, 1}, {2, 1}, {3, 4}};
  Result result;
  result.variables.push_back({"v", {"d"}, {11}, odd, Variable::Type::integer});
  result.coordinates["d"] = odd;
  result.attributes = {{"flag", true}, {"number", -0.}, {"text", std::string("t")}};
  result.headline = {{"h", odd[2]}};
  c.results = {result};
  c.evaluation.numbers = odd;
  return c;
}

bool same(double a, double b) {
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}
bool same(const std::vector<double>& a, const std::vector<double>& b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), 8 * a.size()) == 0);
}
template <class Dense>
bool same(const Dense& a, const Dense& b) {
  return a.rows() == b.rows() && a.cols() == b.cols() &&
         (a.size() == 0 ||
          std::memcmp(a.data(), b.data(), std::size_t(a.size()) * sizeof *a.data()) == 0);
}
bool same(const Chains& a, const Chains& b) {
  return same(a.x, b.x) && same(a.energy, b.energy) && same(a.gradient, b.gradient) &&
         same(a.aux, b.aux) && same(a.tuning, b.tuning) && same(a.statistics, b.statistics) &&
         std::equal(a.nested.begin(), a.nested.end(), b.nested.begin(), b.nested.end(),
                    [](const Chains& x, const Chains& y) { return same(x, y); });
}

bool same(const Training& a, const Training& b) {
  const auto all = [](const auto& x, const auto& y) {
    return std::equal(x.begin(), x.end(), y.begin(), y.end(),
                      [](const auto& one, const auto& other) { return same(one, other); });
  };
  return a.update == b.update && same(a.theta, b.theta) && all(a.slots, b.slots) &&
         a.gradient.position == b.gradient.position &&
         same(a.gradient.numbers, b.gradient.numbers) &&
         all(a.gradient.chains, b.gradient.chains) && same(a.average, b.average) &&
         same(a.activity, b.activity) && same(a.centre, b.centre) && a.clipped == b.clipped &&
         same(a.best, b.best) && same(a.best_value, b.best_value) &&
         a.best_update == b.best_update && a.not_better == b.not_better;
}

std::string refusal(const fs::path& folder, const std::string& cell = "0123456789ab") {
  try {
    read_checkpoint(folder, cell);
  } catch (const StorageError& fault) {
    return fault.what();
  }
  return "";
}

}  // namespace

TEST_CASE("a checkpoint is read back bit by bit, odd numbers included") {
  const TemporaryFolder folder;
  const Checkpoint wrote = example();
  write_checkpoint(folder.path(), wrote);
  const FoundCheckpoint found = read_checkpoint(folder.path(), wrote.cell);
  REQUIRE(found.checkpoint.has_value());
  CHECK(found.warning == "");
  const Checkpoint& read = *found.checkpoint;
  CHECK(read.cell == wrote.cell);
  CHECK(read.precision == wrote.precision);
  CHECK(read.stage == wrote.stage);
  CHECK(read.costs[1].evaluations.site_updates == ~std::uint64_t{0});
  CHECK(same(read.training, wrote.training));
  CHECK(same(read.snapshot, wrote.snapshot));
  CHECK(read.snapshot.update == 6);
  REQUIRE(read.scheduled.size() == 1);
  CHECK(read.scheduled[0].update == 4);
  CHECK(read.scheduled[0].label == "exact");
  CHECK(read.scheduled[0].headline[0].first == "log_partition");
  CHECK(same(read.scheduled[0].headline[1].second, odd[10]));
  REQUIRE(read.rollbacks.size() == 2);
  CHECK(read.rollbacks[0].update == 13);
  CHECK(read.rollbacks[0].restart == 10);
  CHECK(same(read.rollbacks[1].learning_rate, -0.));
  CHECK(read.rollbacks[0].reason == "the gradient is not finite");
  CHECK(same(read.training_rows, odd));
  CHECK(read.divergence == wrote.divergence);
  REQUIRE(read.chains.size() == 1);
  CHECK(same(read.chains[0], wrote.chains[0]));
  CHECK(read.chains[0].aux.cols() == 5);
  CHECK(read.chains[0].nested[1].x.cols() == 10);
  CHECK(read.chains[0].nested[1].nested.size() == 1);
  CHECK(read.steps == wrote.steps);
  CHECK(read.segments == wrote.segments);
  REQUIRE(read.results.size() == 1);
  CHECK(same(read.results[0].variables[0].values, odd));
  CHECK(read.results[0].variables[0].type == Variable::Type::integer);
  CHECK(std::signbit(std::get<double>(read.results[0].attributes.at("number"))));
  CHECK(same(read.results[0].coordinates.at("d"), odd));
  CHECK(same(read.evaluation.numbers, odd));
}

TEST_CASE("kernels over kernels go on from a checkpoint bit by bit, in warm-up too") {
  const auto model = make_model("{name: gaussian_mixture, weights: [.3, .7], means: [-2, 2]}");
  for (const std::string spec :
       {"{name: cycle, kernels: [mala, hmc]}", "{name: mixture, kernels: [mala, hmc]}",
        "{name: parallel_tempering, temperatures: 3}",
        "{name: tempered_transitions, temperatures: 3}",
        "{name: simulated_tempering, temperatures: 3}",
        "{name: sequential_monte_carlo, temperatures: 3, particles: 3}"}) {
    CAPTURE(spec);
    const auto advance = [](const Sampler& kernel, Chains& chains, Index from, Index to) {
      constexpr Index warmup = 60;
      for (Index n = from; n < to; ++n) {
        kernel.step(chains, Stream(1).at(std::uint64_t(n)));
        if (n < warmup) kernel.adapt(chains, {n + 1, warmup});
      }
    };
    const auto kernel = make_sampler(spec, *model);
    Chains whole = kernel->init(Batch::Zero(1, 6));
    advance(*kernel, whole, 0, 40);
    const TemporaryFolder folder;
    Checkpoint wrote = example();
    wrote.chains = {whole};
    write_checkpoint(folder.path(), wrote);
    advance(*kernel, whole, 40, 80);
    Chains resumed = read_checkpoint(folder.path(), wrote.cell).checkpoint->chains[0];
    advance(*make_sampler(spec, *model), resumed, 40, 80);
    CHECK(same(whole, resumed));
  }
}

TEST_CASE("no checkpoint is no fault") {
  const TemporaryFolder folder;
  CHECK_FALSE(read_checkpoint(folder.path(), "0123456789ab").checkpoint.has_value());
}

TEST_CASE("a checkpoint with any byte changed or any length cut off is refused") {
  const TemporaryFolder folder;
  write_checkpoint(folder.path(), example());
  const fs::path file = folder / "checkpoint.bin";
  const std::string good = read_file(file);
  REQUIRE(good.size() > 2000);
  for (std::size_t at = 0; at < good.size(); at += at < 200 ? 1 : 97) {
    std::string changed = good;
    changed[at] = char(changed[at] ^ (1 << (at % 8)));
    folder.write("checkpoint.bin", changed);
    CAPTURE(at);
    CHECK(occurrences(refusal(folder.path()), "checkpoint.bin: damaged checkpoint: ") == 1);
  }
  for (std::size_t size = 0; size < good.size(); size += size < 200 ? 1 : 97) {
    folder.write("checkpoint.bin", good.substr(0, size));
    CAPTURE(size);
    CHECK(occurrences(refusal(folder.path()), "damaged checkpoint: ") == 1);
  }
  folder.write("checkpoint.bin", good + "x");
  CHECK(occurrences(refusal(folder.path()), "its length is wrong") == 1);
  CHECK(occurrences(refusal(folder.path()), "run with --fresh") == 1);
  folder.write("checkpoint.bin", good);
  CHECK(refusal(folder.path()) == "");
}

TEST_CASE("where the newest checkpoint is damaged the one before is used, with a warning") {
  const TemporaryFolder folder;
  Checkpoint c = example();
  c.training.update = 1;
  write_checkpoint(folder.path(), c);
  c.training.update = 2;
  write_checkpoint(folder.path(), c);
  CHECK(read_checkpoint(folder.path(), c.cell).checkpoint->training.update == 2);
  const std::string newest = read_file(folder / "checkpoint.bin");
  folder.write("checkpoint.bin", newest.substr(0, newest.size() - 1));
  const FoundCheckpoint found = read_checkpoint(folder.path(), c.cell);
  CHECK(found.checkpoint->training.update == 1);
  CHECK(occurrences(found.warning, "checkpoint.bin: damaged checkpoint: its length is wrong") == 1);
  fs::remove(folder / "checkpoint.bin");
  CHECK(read_checkpoint(folder.path(), c.cell).checkpoint->training.update == 1);
}

TEST_CASE("the checkpoint of another cell is refused by name") {
  const TemporaryFolder folder;
  write_checkpoint(folder.path(), example("aaaaaaaaaaaa"));
  CHECK(occurrences(refusal(folder.path(), "bbbbbbbbbbbb"),
                    "belongs to cell aaaaaaaaaaaa, not bbbbbbbbbbbb") == 1);
}

TEST_CASE("a failing disk keeps the checkpoint that was there") {
  const TemporaryFolder folder;
  write_checkpoint(folder.path(), example());
  const auto ignore = std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{}, small{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  small = before;
  small.rlim_cur = 1000;  // bytes, less than a checkpoint has
  ::setrlimit(RLIMIT_FSIZE, &small);
  CHECK_THROWS_AS(write_checkpoint(folder.path(), example("cccccccccccc")), StorageError);
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, ignore);
  CHECK(files_below(folder.path()) == std::vector<std::string>{"checkpoint.bin"});
  CHECK(refusal(folder.path()) == "");
}
