#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <numbers>

#include "support/make.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

const double critical = .5 * std::log(1 + std::numbers::sqrt2);

std::unique_ptr<EnergyModel> torus(Index side, double coupling) {
  return make_model("{name: ising, sides: [" + std::to_string(side) +
                    "], coupling: " + number_text(coupling) + "}");
}

// ln Z and Σ over bonds of E ∂E/∂K, in closed form.
double closed_log_partition(const EnergyModel& model, double beta = 1) {
  return *model.capability<Normalized>()->log_partition(beta);
}
double closed_bond_sum(const EnergyModel& model, double beta = 1) {
  Parameters mean = Parameters::Zero(model.capability<Parametric>()->parameters().size());
  REQUIRE(model.capability<Normalized>()->expected_parameter_gradient(beta, mean));
  return mean.sum();
}

// The same by adding up states of the energies at K = 1.
double summed_log_partition(const Row& unit_energy, double coupling) {
  return log_sum_exp((-coupling * unit_energy).transpose());
}
double summed_bond_sum(const Row& unit_energy, double coupling) {
  const double log_partition = summed_log_partition(unit_energy, coupling);
  return ((-coupling * unit_energy - log_partition).exp() * unit_energy).sum();
}

// ln Z of the L x L torus as the trace of the L-th power of the transfer matrix. The 2 x L torus
// has two bonds between its rows r and t, so e^{-E(r, t)/2} is that matrix.
double transfer_log_partition(Index side, double coupling) {
  const auto pair = make_model("{name: ising, sides: [2, " + std::to_string(side) +
                               "], coupling: " + number_text(coupling) + "}");
  const Index rows = Index{1} << side;
  const Row energy = energies(*pair, all_states(pair->domain()));
  Eigen::MatrixXd power = (-.5 * energy).exp().reshaped(rows, rows).matrix();
  for (Index n = 1; 2 * n < side; n *= 2) power = (power * power).eval();
  return std::log(power.cwiseProduct(power.transpose()).sum());
}

}  // namespace

// The formula with 50 digits; energies per site from its numerical derivative.
TEST_CASE("ising has the tabulated ln Z and energy per site of Kaufman's formula") {
  struct Line {
    Index side;
    double coupling, log_partition, energy_per_site;
  };
  const double K = critical;
  for (const Line& line : {Line{4, .1, 11.252588451586, -.20571346637466},
                           Line{4, .2, 11.771470358542, -.45613536954285},
                           Line{4, .3, 12.785523325714, -.84405407362386},
                           Line{4, .4, 14.561093023844, -1.3791164822593},
                           Line{4, K, 15.521915458755, -1.5656237876383},
                           Line{4, .5, 17.105367118732, -1.7553802887774},
                           Line{4, .6, 20.056532884347, -1.9080695278311},
                           Line{4, 1, 32.698721401879, -1.9971584402558},
                           Line{8, .2, 47.010147422388, -.42836805894408},
                           Line{8, .3, 50.609330498185, -.71246737267207},
                           Line{8, .4, 56.599388760425, -1.2223206432509},
                           Line{8, K, 60.141780789069, -1.4915891074397},
                           Line{8, .5, 66.344581879228, -1.7456831702932},
                           Line{8, .6, 78.141648857617, -1.9090674297640},
                           Line{16, .2, 188.039887955983, -.42822883871170},
                           Line{16, .3, 202.383232262540, -.70453267085877},
                           Line{16, .4, 225.228846755876, -1.1313179844107},
                           Line{16, K, 238.642256635133, -1.4530648528135},
                           Line{16, .5, 263.296210434021, -1.7455306689909},
                           Line{32, .4, 900.478307763140, -1.1072916609775},
                           Line{32, K, 952.648079548543, -1.4336584661462},
                           Line{32, .5, 1051.104987614517, -1.7455645270346}}) {
    CAPTURE(line.side);
    CAPTURE(line.coupling);
    const auto model = torus(line.side, line.coupling);
    // The table's last digit, and eight roundings of a number of this size.
    CHECK(std::abs(closed_log_partition(*model) - line.log_partition) <
          1e-12 + 2e-15 * line.log_partition);
    const double energy = closed_bond_sum(*model) / double(line.side * line.side);
    CHECK(std::abs(energy - line.energy_per_site) < 1e-12);
  }
}

TEST_CASE("ising in closed form is the sum over all states of small tori, for any temperature") {
  for (const Index side : {2, 3, 4}) {
    const auto unit = torus(side, 1);
    const Row energy = energies(*unit, all_states(unit->domain()));
    const double rounding = 1e-14 + 1.2e-16 * double(energy.size());  // of adding up the states
    for (const double beta : {0., 1e-9, 1e-3, .1, .3, .44, critical, .4406868, .5, 1., 3., 40.}) {
      CAPTURE(side);
      CAPTURE(beta);
      CHECK(near(closed_log_partition(*unit, beta), summed_log_partition(energy, beta), rounding));
      CHECK(near(closed_bond_sum(*unit, beta), summed_bond_sum(energy, beta), 1e-12));
    }
  }
}

TEST_CASE("ising in closed form has the right limits of no and of infinite coupling") {
  const auto model = torus(32, 1);
  CHECK(near(closed_log_partition(*model, 0), 1024 * std::numbers::ln2, 1e-15));
  CHECK(std::abs(closed_bond_sum(*model, 0)) < 1e-12);
  CHECK(near(closed_log_partition(*model, 1e-150), 1024 * std::numbers::ln2, 1e-15));
  for (const double beta : {170., 200., 400., 1e5}) {
    CHECK(near(closed_log_partition(*model, beta), 2048 * beta + std::numbers::ln2, 1e-15));
    CHECK(near(closed_bond_sum(*model, beta), -2048, 1e-14));
  }
  // Onsager's limit at K_c, ln 2/2 + 2G/π per site, with corrections of order 1/N.
  const double catalan = .915965594177219;
  const double per_site = closed_log_partition(*torus(512, critical)) / (512 * 512);
  CHECK(std::abs(per_site - (.5 * std::numbers::ln2 + 2 * catalan / std::numbers::pi)) < 4e-6);
}

TEST_CASE("ising closed form of an 8 x 8 torus is that of the transfer matrix of its energies") {
  for (const double coupling : {.05, .2, .3, .4, critical, .5, .6, 1.})
    CHECK(near(closed_log_partition(*torus(8, coupling)), transfer_log_partition(8, coupling),
               1e-13));
}

TEST_CASE("ising antiferromagnets have a closed form on even tori alone") {
  for (const Index side : {2, 4}) {
    const auto model = torus(side, -.7);
    const Row energy = energies(*torus(side, 1), all_states(model->domain()));
    CHECK(near(closed_log_partition(*model), summed_log_partition(energy, -.7), 1e-13));
    CHECK(near(closed_bond_sum(*model), summed_bond_sum(energy, -.7), 1e-12));
  }
  CHECK(exact_method(*torus(3, -.7)) == "enumeration");
  CHECK(exact_method(*torus(3, .7)) == "closed_form");
  CHECK(!torus(3, .7)->capability<Normalized>()->log_partition(-1));
}

TEST_CASE("ising withdraws its closed form while a field or unequal couplings are set") {
  const auto model = torus(4, .4);
  auto& parametric = *model->capability<Parametric>();
  const Parameters theta = parametric.parameters();
  REQUIRE(theta.size() == 32 + 16);
  CHECK(exact_method(*model) == "closed_form");
  for (const Index changed : {5, 40}) {
    Parameters other = theta;
    other(changed) += .1;
    parametric.set_parameters(other);
    CHECK(model->capability<Normalized>() == nullptr);
    CHECK(exact_method(*model) == "enumeration");
  }
  parametric.set_parameters(theta);
  CHECK(near(closed_log_partition(*model), 14.561093023844, 1e-12));
  for (const std::string other : {"sides: [4, 5]", "sides: [4], boundary: open",
                                  "sides: [4], lattice: triangular", "sides: [4], field: [.1]"})
    CHECK(make_model("{name: ising, coupling: .4, " + other + "}")->capability<Normalized>() ==
          nullptr);
}

TEST_CASE("ising energies have the density of states of the 4 x 4 torus") {
  const auto model = torus(4, 1);
  const Batch x = all_states(model->domain());
  const Row energy = energies(*model, x);
  std::map<int, int> count;
  for (const double e : energy) ++count[int(e)];
  CHECK(count == std::map<int, int>{{-32, 2},
                                    {-24, 32},
                                    {-20, 64},
                                    {-16, 424},
                                    {-12, 1728},
                                    {-8, 6688},
                                    {-4, 13568},
                                    {0, 20524},
                                    {4, 13568},
                                    {8, 6688},
                                    {12, 1728},
                                    {16, 424},
                                    {20, 64},
                                    {24, 32},
                                    {32, 2}});
  // <m²>, <|m|>, Binder's cumulant and the heat capacity at K_c.
  const Row p = (-critical * energy - summed_log_partition(energy, critical)).exp();
  const Row m = x.cast<double>().colwise().mean().array();
  const double m2 = (p * m.square()).sum(), m4 = (p * m.square().square()).sum();
  CHECK(std::abs(m2 - .7613589086) < 6e-11);
  CHECK(std::abs((p * m.abs()).sum() - .8438604448) < 6e-11);
  CHECK(std::abs(1 - m4 / (3 * m2 * m2) - .61719932) < 6e-9);
  const double variance = (p * energy.square()).sum() - std::pow((p * energy).sum(), 2);
  CHECK(std::abs(critical * critical * variance / 16 - .7832668259) < 6e-11);
}

TEST_CASE("ising enumerates to the tabulated ln Z at L = 4, and its bonds are alike") {
  const auto open_form = torus(4, .4);
  Parameters theta = open_form->capability<Parametric>()->parameters();
  theta(40) = 1e-300;  // a field that only withdraws the closed form
  open_form->capability<Parametric>()->set_parameters(theta);
  const ExactSum sum = exact_sum(*open_form, workers(), true);
  CHECK(sum.method == "enumeration");
  CHECK(std::abs(sum.log_partition - 14.561093023844) < 1e-12);
  Parameters closed = Parameters::Zero(theta.size());
  torus(4, .4)->capability<Normalized>()->expected_parameter_gradient(1, closed);
  CHECK(distance(sum.expected_gradient, closed) < 1e-13);
}

TEST_CASE("ising rings have the ln Z of their transfer matrix, with and without field") {
  const auto ring = [](const std::string& field) {
    return make_model("{name: ising, lattice: chain, sides: [10], coupling: .7, field: [" + field +
                      "]}");
  };
  CHECK(std::abs(log_sum_over_states(*ring("0")) - 9.210654547333) < 1e-12);
  CHECK(std::abs(log_sum_over_states(*ring(".3")) - 10.627232294500) < 1e-12);
  CHECK(std::abs(log_sum_over_states(*ring(".3, .3, .3, .3, .3, .3, .3, .3, .3, .3")) -
                 10.627232294500) < 1e-12);
}

TEST_CASE("ising on the open 2 x 2 square has four bonds and their correlation") {
  const auto model = make_model("{name: ising, sides: [2], boundary: open, coupling: .4}");
  const ExactSum sum = exact_sum(*model, workers(), true);
  CHECK(std::abs(sum.log_partition - 3.105028638401) < 1e-12);
  for (Index bond = 0; bond < 4; ++bond)
    CHECK(std::abs(-sum.expected_gradient(bond) - .425922561312) < 1e-12);
}

TEST_CASE("ising conditionals count each bond once, and a checkerboard is offered") {
  const auto model = make_model("{name: ising, sides: [4, 6], coupling: .3, field: [.2]}");
  const auto& conditional = *model->capability<Conditional>();
  CHECK(conditional.independent_sets().size() == 2);
  Batch x = Batch::Ones(24, 1), natural;
  x(1, 0) = -1;
  const Index sites[] = {0, 15};
  conditional.natural(sites, x, natural);
  CHECK(std::abs(natural(0, 0) - (.2 + .3 * 2)) < 1e-15);
  CHECK(std::abs(natural(1, 0) - (.2 + .3 * 4)) < 1e-15);
}

TEST_CASE("ising reads an edge list, whose factors multiply the coupling") {
  const auto path = std::filesystem::temp_directory_path() /
                    ("gibbsite-ising-" + std::to_string(::getpid()) + ".txt");
  std::ofstream(path) << "0 1\n1 2 -2\n";
  const auto model = make_model("{name: ising, edges: '" + path.string() + "', coupling: .5}");
  std::filesystem::remove(path);
  CHECK(model->capability<Parametric>()->parameters() == Parameters{{.5, -1, 0, 0, 0}});
  // A tree: Z = 2^N Π cosh.
  CHECK(near(log_sum_over_states(*model), std::log(8 * std::cosh(.5) * std::cosh(1.)), 1e-14));
}

TEST_CASE("ising refuses a spec without one lattice, or parameters that are not finite") {
  const auto refusal = [](const std::string& rest) {
    return error_of([&] { make_model("{name: ising, coupling: 1" + rest + "}"); });
  };
  CHECK(refusal("") == "model ising: sides: must be given, or else edges, not both");
  CHECK(refusal(", sides: [3, 3, 3]") ==
        "model ising: sides: must have 2 values for the square lattice, got 3");
  CHECK(refusal(", sides: [3], field: [1, 2]") ==
        "model ising: field: must have 1 or 9 values, got 2");
  CHECK(refusal(", edges: /nowhere/x") == "/nowhere/x: no such file");
  CHECK(error_of([] { make_model("{name: ising, sides: [3]}"); }).find("coupling: is required") !=
        std::string::npos);
  const auto model = torus(3, 1);
  auto& parametric = *model->capability<Parametric>();
  const Parameters theta = parametric.parameters();
  Parameters broken = theta;
  broken(2) = std::numeric_limits<double>::infinity();
  CHECK(error_of([&] { parametric.set_parameters(broken); }) ==
        "couplings and fields of spins must be finite");
  CHECK(parametric.parameters() == theta);
}
