#include "support/rows.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

// E = |x|⁴/4 - |x|² on d real coordinates, without a closed form.
class Ring final : public EnergyModel {
 public:
  explicit Ring(Index dim, bool cut = false) : domain_(Domain::real(dim)), cut_(cut) {}
  const Domain& domain() const override { return domain_; }

 private:
  void do_energy(const BatchView& x, Row& energy) const override {
    const Row r2 = x.cast<double>().colwise().squaredNorm().array();
    energy = r2 * r2 / 4 - r2;
    for (Index n = 0; n < x.cols(); ++n)
      if (cut_ && x(0, n) > 1. / 3) energy(n) = std::numeric_limits<double>::infinity();
  }
  Domain domain_;
  bool cut_;
};

// Keeps what was reported.
class NotingDesk final : public Desk {
 public:
  void report(double, double, const std::string& note) override { notes.push_back(note); }
  std::vector<std::string> notes;
};

}  // namespace

TEST_CASE("exact_log_partition integrates over one and two real coordinates, and says how well") {
  for (const Index dim : {1, 2}) {
    Ring model(dim);
    const Rows data(Batch::Ones(dim, 3));
    const Result result =
        evaluate(*make_evaluation("{name: exact_log_partition}", context_with(model, &data)), 1);
    const double truth = std::log(integral(
        dim, 6, 1. / 64, [&](const Batch& x) { return Row((-energies(model, x)).exp()); }));
    CHECK(near(value_of(result, "log_partition"), truth, 1e-9));
    CHECK(value_of(result, "mean_log_likelihood_train") ==
          doctest::Approx(double(dim) - double(dim * dim) / 4 - truth).epsilon(1e-9));
    CHECK(value_of(result, "standard_error") == 0);
    CHECK(std::get<std::string>(result.attributes.at("bound")) == "exact");
    CHECK(std::get<std::string>(result.attributes.at("method")) == "quadrature");
    CHECK(std::get<double>(result.attributes.at("quadrature_error")) < 1e-9);
    CHECK(std::get<bool>(result.attributes.at("reliable")));
  }
}

// Two independent routes: the transfer matrix of the ring, Z = λ_1^N + λ_2^N at h = 0.
TEST_CASE("exact_log_partition eliminates the sites of a ring of a thousand spins") {
  const auto model =
      make_model("{name: ising, lattice: chain, sides: [1000], boundary: torus, coupling: .7}");
  const Result result =
      evaluate(*make_evaluation("{name: exact_log_partition}", context_with(*model, nullptr)), 1);
  const double truth =
      1000 * std::log(2 * std::cosh(.7)) + std::log1p(std::pow(std::tanh(.7), 1000));
  CHECK(near(value_of(result, "log_partition"), truth, tolerance(1e-12, 1e-6)));
  CHECK(std::get<std::string>(result.attributes.at("method")) == "elimination");
  CHECK(std::get<std::string>(result.attributes.at("bound")) == "exact");
}

// Half per coordinate of a normal law, at any temperature, and of the funnel, E = v²/18 +
// (d - 1)v/2 + Σ x²/(2 e^v); for the torus the digits that Kaufman's formula is tabulated with.
TEST_CASE("exact_log_partition tells the mean of lp where log Z is closed at every temperature") {
  const auto mean_of = [](EnergyModel& model) {
    const auto exact = make_evaluation("{name: exact_log_partition}", context_with(model, nullptr));
    return value_of(evaluate(*exact, 1), "mean_lp");
  };
  const auto normal = make_model("{name: gaussian, units: 6, condition: 100, rotated: true}");
  CHECK(near(mean_of(*normal), -3, tolerance(1e-8, 1e-5)));
  WeightedSum cold(std::vector<WeightedSum::Part>{{4, normal.get()}});
  CHECK(near(mean_of(cold), -3, tolerance(1e-8, 1e-5)));
  CHECK(near(mean_of(*make_model("{name: funnel, units: 10}")), -5, tolerance(1e-8, 1e-5)));
  const auto torus = make_model("{name: ising, sides: [16], coupling: .3}");
  CHECK(near(mean_of(*torus), 256 * .3 * .704532671, tolerance(1e-7, 1e-4)));
}

TEST_CASE("a quadrature that does not converge is not called exact") {
  Ring model(1, true);
  const Result result =
      evaluate(*make_evaluation("{name: exact_log_partition, max_log2_states: 18}",
                                context_with(model, nullptr)),
               1);
  CHECK(std::get<std::string>(result.attributes.at("bound")) == "none");
  CHECK_FALSE(std::get<bool>(result.attributes.at("reliable")));
  CHECK(std::get<double>(result.attributes.at("quadrature_error")) > 1e-9);
  CHECK(std::isnan(values_of(result, "interval")[0]));
}

TEST_CASE("three real coordinates without a closed form are refused") {
  Ring model(3);
  CHECK(error_of([&] {
          make_evaluation("{name: exact_log_partition}", context_with(model, nullptr));
        }) ==
        "evaluation exact_log_partition: needs a model with a closed-form log Z or at most 2^26 "
        "states, got real coordinates");
}

TEST_CASE("a large sum is announced with its size and a time, a small one is not") {
  const auto notes_of = [](EnergyModel& model) {
    Saved saved;
    NotingDesk desk;
    make_evaluation("{name: exact_log_partition}", context_with(model, nullptr))
        ->evaluate({.random = Stream(1), .saved = saved, .desk = desk});
    return desk.notes;
  };
  const auto large = recipe_rbm(2, 20, .25);
  const auto wide = recipe_rbm(20, 22, .25);
  const auto small = recipe_rbm(12, 8, 1);
  CHECK(notes_of(*small).empty());
  CHECK(notes_of(*large).empty());  // its sum is over the visible layer
  const auto notes = notes_of(*wide);
  REQUIRE(notes.size() == 1);
  CHECK(notes[0].find("2^20 states, about ") == 0);
}
