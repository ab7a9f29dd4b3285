#include "support/make.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

std::string spec(const std::string& sides, Index levels, double coupling) {
  return "{name: potts, sides: [" + sides + "], levels: " + std::to_string(levels) +
         ", coupling: " + number_text(coupling) + "}";
}

double critical(Index levels) { return std::log(1 + std::sqrt(double(levels))); }

// ln Z of the L x L torus as the trace of the L-th power of the transfer matrix. The 2 x L torus
// has two bonds between its rows r and t, so e^{-E(r, t)/2} is that matrix.
double transfer_log_partition(Index side, Index levels, double coupling) {
  const auto pair = make_model(spec("2, " + std::to_string(side), levels, coupling));
  const Row energy = energies(*pair, all_states(pair->domain()));
  const Index rows = Index(std::llround(std::sqrt(double(energy.size()))));
  const Eigen::MatrixXd matrix = (-.5 * energy).exp().reshaped(rows, rows).matrix();
  Eigen::MatrixXd half = matrix;
  for (Index n = 1; 2 * n < side; ++n) half = (half * matrix).eval();
  const Eigen::MatrixXd rest = side % 2 == 0 ? half : matrix;
  return std::log(half.cwiseProduct(rest.transpose()).sum());
}

void check_by_transfer(Index side, Index levels, double coupling, double truth) {
  CAPTURE(side);
  CAPTURE(levels);
  CAPTURE(coupling);
  CHECK(near(transfer_log_partition(side, levels, coupling), truth, 1e-13));
}

}  // namespace

TEST_CASE("potts has the tabulated ln Z of the 3 x 3 torus with 3 states, by enumeration") {
  for (const auto& [coupling, truth] :
       {std::pair{.5, 13.517143942467}, {critical(3), 19.688939731847}, {1.5, 28.151065723494}}) {
    const auto model = make_model(spec("3", 3, coupling));
    CHECK(exact_method(*model) == "enumeration");
    CHECK(std::abs(exact_sum(*model, workers(), false).log_partition - truth) < 1e-12);
    CHECK(std::abs(transfer_log_partition(3, 3, coupling) - truth) < 1e-11);
  }
}

TEST_CASE("potts has the tabulated ln Z of larger tori, by the transfer matrix of its energies") {
  check_by_transfer(4, 3, .5, 23.901345310609);
  check_by_transfer(4, 3, critical(3), 34.172608137824);
  check_by_transfer(4, 3, 1.5, 49.189032458123);
  check_by_transfer(4, 4, .5, 27.021515747648);
  check_by_transfer(4, 4, critical(4), 37.498931787159);
  check_by_transfer(4, 4, 1.5, 49.525108368737);
  check_by_transfer(6, 3, critical(3), 75.571951800165);
}

TEST_CASE("potts with two states is the Ising model of half the coupling plus N β") {
  const auto potts = make_model(spec("4", 2, .8));
  const auto ising = make_model("{name: ising, sides: [4], coupling: .4}");
  const double log_partition = exact_sum(*potts, workers(), false).log_partition;
  CHECK(std::abs(log_partition - 27.361093023844) < 1e-12);
  CHECK(std::abs(log_partition - 16 * .8 - *ising->capability<Normalized>()->log_partition(1)) <
        1e-12);
  const Row difference =
      energies(*potts, all_states(potts->domain())) - energies(*ising, all_states(ising->domain()));
  CHECK((difference + 16 * .8).abs().maxCoeff() < 1e-13);
}

TEST_CASE("potts chains have the ln Z of their eigenvalues") {
  // A ring of N bonds: λ_0^N + (q - 1) λ_1^N with λ_0 = e^K + q - 1, λ_1 = e^K - 1.
  const auto ring = make_model(
      "{name: potts, lattice: chain, sides: [7], levels: 4, coupling: .9, field: [0, 0, 0, 0]}");
  const double e = std::exp(.9);
  CHECK(near(log_sum_over_states(*ring), std::log(std::pow(e + 3, 7) + 3 * std::pow(e - 1, 7)),
             1e-13));
}

TEST_CASE("potts with fields and no coupling has the law of its fields at every unit") {
  const auto model = make_model(
      "{name: potts, sides: [2, 3], boundary: open, levels: 3, coupling: 0, field: [.5, 0, -1]}");
  const double one = std::log(std::exp(.5) + 1 + std::exp(-1));
  CHECK(near(log_sum_over_states(*model), 6 * one, 1e-13));
  const Parameters mean = exact_sum(*model, workers(), true).expected_gradient;
  REQUIRE(mean.size() == 7 + 18);
  CHECK(std::abs(-mean(7 + 3 * 4 + 2) - std::exp(-1 - one)) < 1e-13);
}

TEST_CASE("potts refuses a field of another length and parameters that are not finite") {
  CHECK(error_of([] {
          make_model("{name: potts, sides: [3], levels: 3, coupling: 1, field: [1, 2]}");
        }) == "model potts: field: must have 3 values (one per state), got 2");
  CHECK(error_of([] {
          make_model("{name: potts, sides: [3], levels: 3, coupling: 1, field: [1]}");
        }) == "model potts: field: must have 3 values (one per state), got 1");
  CHECK(error_of([] { make_model("{name: potts, levels: 3, coupling: 1}"); }) ==
        "model potts: sides: must be given, or else edges, not both");
  const auto model = make_model(spec("3", 3, 1));
  auto& parametric = *model->capability<Parametric>();
  Parameters broken = parametric.parameters();
  broken(20) = std::numeric_limits<double>::infinity();
  CHECK(error_of([&] { parametric.set_parameters(broken); }) ==
        "potts: couplings and fields must be finite");
}

TEST_SUITE("slow") {
  TEST_CASE("potts has the tabulated ln Z of the 6 x 6 torus far from the transition") {
    check_by_transfer(6, 3, .5, 53.724573876199);
    check_by_transfer(6, 3, 1.5, 109.301368581610);
  }
  TEST_CASE("potts enumerates the 4 x 4 torus with 3 states to the tabulated ln Z") {
    const auto model = make_model(spec("4", 3, critical(3)));
    CHECK(std::abs(exact_sum(*model, workers(), false).log_partition - 34.172608137824) < 1e-11);
  }
}
