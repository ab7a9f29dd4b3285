#include <gibbsite/api/completion.hpp>

#include "support/rows.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

Parametric& parametric(EnergyModel& model) { return *model.capability<Parametric>(); }

// W^1, b, c^1 of RBM(6, 5, 1) and W^2, c^2 of RBM(5, 4, 1.5).
Parameters recipe_parameters() {
  const Parameters low = parametric(*recipe_rbm(6, 5, 1)).parameters(),
                   high = parametric(*recipe_rbm(5, 4, 1.5)).parameters();
  Parameters theta(30 + 20 + 6 + 5 + 4);
  theta << low.head(30), high.head(20), low.tail(11), high.tail(4);
  return theta;
}

std::unique_ptr<EnergyModel> recipe() {
  auto model = make_model("{name: deep_boltzmann_machine, visible: 6, hidden: [5, 4]}");
  parametric(*model).set_parameters(recipe_parameters());
  return model;
}

// E of all layers one after the other in `units`, from the flat parameters.
double energy_of(const std::vector<Index>& sizes, const Parameters& theta, const BatchView& units) {
  double energy = 0;
  Index at = 0, first = 0;
  for (std::size_t l = 0; l + 1 < sizes.size(); first += sizes[l++])
    for (Index i = 0; i < sizes[l]; ++i)
      for (Index j = 0; j < sizes[l + 1]; ++j)
        energy -= theta(at++) * units(first + i, 0) * units(first + sizes[l] + j, 0);
  for (Index i = 0; i < units.rows(); ++i) energy -= theta(at++) * units(i, 0);
  return energy;
}

}  // namespace

TEST_CASE("deep_boltzmann_machine 6-5-4 has the tabulated log partition function, two ways") {
  const auto model = recipe();
  CHECK(model->dim() == 10);
  CHECK(exact_method(*model) == "hidden_sum");
  CHECK(std::abs(exact_sum(*model, workers(), false).log_partition - 11.760398872312) < 1e-11);
  CHECK(std::abs(log_sum_over_states(*model) - 11.760398872312) < 1e-11);
}

TEST_CASE("deep_boltzmann_machine energy is that of all layers with the odd ones summed out") {
  for (const std::vector<Index>& sizes :
       {std::vector<Index>{3, 2, 3}, {3, 2, 2, 3}, {2, 3, 1, 2, 2}}) {
    std::string spec =
        "{name: deep_boltzmann_machine, weight_scale: 1, visible: " + std::to_string(sizes[0]) +
        ", hidden: [";
    for (std::size_t l = 1; l < sizes.size(); ++l)
      spec += (l > 1 ? ", " : "") + std::to_string(sizes[l]);
    const auto model = make_model(spec + "]}");
    Parameters theta = parametric(*model).parameters();
    for (Index k = 0; k < theta.size(); ++k) theta(k) += .3 * std::sin(1 + 2.3 * double(k));
    parametric(*model).set_parameters(theta);
    CAPTURE(spec);
    Index units = 0;
    for (const Index size : sizes) units += size;
    const Batch all = all_states(Domain::binary(units));
    // The free energies of even layers, by adding up e^{-E} over all states that have them.
    Row weights = Row::Zero(Index{1} << model->dim());
    for (Index n = 0; n < all.cols(); ++n) {
      Index state = 0, bit = 0, unit = 0;
      for (std::size_t l = 0; l < sizes.size(); ++l)
        for (Index i = 0; i < sizes[l]; ++i, ++unit)
          if (l % 2 == 0) state += Index(all(unit, n)) << bit++;
      weights(state) += std::exp(-energy_of(sizes, theta, all.col(n)));
    }
    const Row free_energy = energies(*model, all_states(model->domain()));
    CHECK((free_energy + weights.log()).abs().maxCoeff() < 1e-12);
  }
}

TEST_CASE("deep_boltzmann_machine layers have the stated inputs from both neighbours") {
  const auto model = recipe();
  const auto& latent = *model->capability<Latent>();
  const Parameters theta = recipe_parameters();
  const Eigen::MatrixXd W1 = theta.head(30).reshaped<Eigen::RowMajor>(6, 5),
                        W2 = theta.segment(30, 20).reshaped<Eigen::RowMajor>(5, 4);
  const Eigen::VectorXd b = theta.segment(50, 6), c1 = theta.segment(56, 5), c2 = theta.tail(4);
  const Batch even = all_states(model->domain()), odd = all_states(latent.hidden());
  Batch natural;
  latent.hidden_natural(even, natural);
  const Eigen::MatrixXd up =
      (W1.transpose() * even.topRows(6) + W2 * even.bottomRows(4)).colwise() + c1;
  CHECK(distance(natural, up) < 1e-14);
  latent.visible_natural(odd, natural);
  CHECK(distance(natural.topRows(6), ((W1 * odd).colwise() + b).eval()) < 1e-14);
  CHECK(distance(natural.bottomRows(4), ((W2.transpose() * odd).colwise() + c2).eval()) < 1e-14);
}

TEST_CASE("deep_boltzmann_machine is annealed in the joint energy of all layers") {
  const auto model = recipe();
  Independent base = Independent::uniform(model->domain());
  const WeightedSum path = WeightedSum::path(base, *model, .3);
  const Parameters theta = recipe_parameters();
  const Batch all = all_states(Domain::binary(15));
  double sum = 0;
  for (Index n = 0; n < all.cols(); ++n)
    sum += std::exp(-.3 * energy_of({6, 5, 4}, theta, all.col(n)));
  CHECK(std::abs(exact_sum(path, workers(), false).log_partition - std::log(sum)) < 1e-11);
  CHECK(std::abs(log_sum_over_states(path) - std::log(sum)) < 1e-11);
}

TEST_CASE("deep_boltzmann_machine names its blocks by layer") {
  const auto model = make_model("{name: deep_boltzmann_machine, visible: 4, hidden: [3, 2, 5]}");
  std::string names;
  for (const ParameterBlock& block : parametric(*model).blocks()) {
    names += block.name + " (";
    for (std::size_t k = 0; k < block.shape.size(); ++k)
      names += (k > 0 ? ", " : "") + block.dimensions[k] + " " + std::to_string(block.shape[k]);
    names += ") ";
  }
  CHECK(names ==
        "W1 (visible 4, hidden_1 3) W2 (hidden_1 3, hidden_2 2) W3 (hidden_2 2, hidden_3 5) "
        "b (visible 4) c1 (hidden_1 3) c2 (hidden_2 2) c3 (hidden_3 5) ");
}

TEST_CASE("deep_boltzmann_machine with its upper layers clamped is a model of v alone") {
  const auto model = recipe();
  Vector top(4);
  top << 1, 0, 1, 1;
  const Clamped clamped(*model, {6, 7, 8, 9}, top);
  // Given h^2, v is an rbm with hidden biases c^1 + W^2 h^2.
  Parameters theta = parametric(*recipe_rbm(6, 5, 1)).parameters();
  const Eigen::MatrixXd W2 = recipe_parameters().segment(30, 20).reshaped<Eigen::RowMajor>(5, 4);
  theta.tail(5) += W2 * top;
  const auto rbm = recipe_rbm(6, 5, 1);
  parametric(*rbm).set_parameters(theta);
  CHECK(distance(law(clamped), law(*rbm)) < 1e-13);
}

TEST_CASE("deep_boltzmann_machine 6-5-4 bounds ln p(v) from below for every v") {
  const auto model = recipe();
  const auto& partly = *model->capability<PartlyObserved>();
  CHECK(partly.observed() == 6);
  CHECK(partly.inference().mean_field);
  const Batch v = all_states(Domain::binary(6)), all = all_states(Domain::binary(15));
  // p(v), by adding up e^{-E} over (v, h^1, h^2).
  Row truth = Row::Zero(64);
  for (Index n = 0; n < all.cols(); ++n)
    truth(n % 64) += std::exp(-energy_of({6, 5, 4}, recipe_parameters(), all.col(n)));
  const Row exact = log_sum(*model, v), bound = log_sum_bound(*model, v);
  CHECK((exact - truth.log()).abs().maxCoeff() < 1e-11);
  CHECK((exact - bound).minCoeff() > -1e-12);
  CHECK((exact - bound).maxCoeff() > 1e-3);
  CHECK(std::abs(log_sum_exp(exact.transpose()) - 11.760398872312) < 1e-11);
}

TEST_CASE("deep_boltzmann_machine infers as its parameters say") {
  const auto how = [](const std::string& more) {
    const auto model =
        make_model("{name: deep_boltzmann_machine, visible: 4, hidden: [3, 2]" + more + "}");
    return model->capability<PartlyObserved>()->inference();
  };
  CHECK(how("").mean_field);
  CHECK_FALSE(how(", inference: gibbs").mean_field);
  CHECK(how(", inference_steps: 7").sweeps == 7);
  CHECK(how(", inference_tolerance: 0.25").tolerance == .25);
  CHECK(error_of([&] { how(", inference_steps: 0"); }) != "");
  CHECK(error_of([&] { how(", inference: exact"); }) != "");
}

TEST_CASE(
    "deep_boltzmann_machine refuses a single hidden layer and parameters that are not finite") {
  CHECK(error_of([] { make_model("{name: deep_boltzmann_machine, visible: 4, hidden: [3]}"); }) ==
        "model deep_boltzmann_machine: hidden: must have at least 2 layers, got 1 (one layer is an "
        "rbm)");
  const auto model = recipe();
  Parameters theta = recipe_parameters();
  theta(57) = std::numeric_limits<double>::quiet_NaN();
  CHECK(error_of([&] { parametric(*model).set_parameters(theta); }) ==
        "deep_boltzmann_machine: c1 must be finite");
}

namespace {

// h^l of all layers drawn through a function as states of one column each.
Batch some_states(Index units) { return all_states(Domain::binary(units)); }

Batch hidden_input(const EnergyModel& model, const Batch& v) {
  Batch natural;
  model.capability<Latent>()->hidden_natural(v, natural);
  return natural;
}

Batch visible_input(const EnergyModel& model, const Batch& h) {
  Batch natural;
  model.capability<Latent>()->visible_natural(h, natural);
  return natural;
}

}  // namespace

// Salakhutdinov & Hinton 2009: what a layer hears from both sides is the mean of what the part
// below it, whose weights count twice upwards, and the part above it, whose weights count twice
// downwards, say.
TEST_CASE("a deep_boltzmann_machine of its parts has the mean input of the parts of each layer") {
  const auto model = make_model("{name: deep_boltzmann_machine, visible: 3, hidden: [2, 3, 2]}");
  auto& parted = *model->capability<Parted>();
  const Rows data(some_states(3));
  REQUIRE(parted.parts() == 3);
  std::vector<Parted::Part> parts;
  for (Index k = 0; k < 3; ++k) {
    parts.push_back(parted.part(k, data));
    auto& own = parametric(*parts.back().model);
    Parameters theta = own.parameters();
    REQUIRE(theta.size() == parted.part_parameters(k).size());
    for (Index i = 0; i < theta.size(); ++i) theta(i) = std::sin(1 + 2.3 * double(i) + double(k));
    own.set_parameters(theta);
    parted.take_part(k, theta);
  }
  // States of h^1, h^2, h^3 for each of v.
  const Batch v = some_states(3).leftCols(4), h1 = some_states(2).leftCols(4),
              h2 = some_states(3).rightCols(4), h3 = some_states(2).rightCols(4);
  Batch even(6, 4), odd(4, 4);
  even << v, h2;
  odd << h1, h3;
  const Batch up = hidden_input(*model, even), down = visible_input(*model, odd);
  const auto twice = [](const Batch& x) { return Batch(x.replicate(2, 1)); };
  const auto mean = [](const Batch& a, const Batch& b) { return Batch((a + b) / 2); };
  const Batch h1_below = hidden_input(*parts[0].model, twice(v)),
              h1_above = visible_input(*parts[1].model, twice(h2)).topRows(2),
              h2_below = hidden_input(*parts[1].model, twice(h1)).topRows(3),
              h2_above = visible_input(*parts[2].model, twice(h3)),
              h3_below = hidden_input(*parts[2].model, h2).topRows(2),
              v_above = visible_input(*parts[0].model, h1).topRows(3);
  const double rounding = tolerance(1e-14, 1e-6);
  CHECK(distance(up.topRows(2), mean(h1_below, h1_above)) < rounding);
  CHECK(distance(down.bottomRows(3), mean(h2_below, h2_above)) < rounding);
  CHECK(distance(up.bottomRows(2), h3_below) < rounding);
  CHECK(distance(down.topRows(3), v_above) < rounding);
}

TEST_CASE("the data of a part of a deep_boltzmann_machine are drawn upwards with doubled weights") {
  const auto model = make_model("{name: deep_boltzmann_machine, visible: 2, hidden: [2, 2]}");
  Parameters theta(12);
  theta << .5, -1, .8, .3, 1, 0, 0, 1, .1, -.2, .4, -.6;  // W1, W2, b, c1, c2
  theta(10) = .2;
  parametric(*model).set_parameters(theta);
  Parameters shaped = parametric(*model).parameters();
  const Rows data(Batch::Ones(2, 1));
  const auto part = model->capability<Parted>()->part(1, data);
  CHECK(part.data->dim() == 2);
  const std::vector<Index> row(20000, 0);
  Batch h(2, 20000);
  part.data->columns(row, Stream(3), h);
  const Eigen::Vector2d c1 = shaped.segment(10, 2);
  for (Index j = 0; j < 2; ++j) {
    const double input = 2 * (shaped(j) + shaped(2 + j)) + c1(j);
    const double p = 1 / (1 + std::exp(-input));
    CHECK(std::abs(h.row(j).cast<double>().mean() - p) < 5 * std::sqrt(p * (1 - p) / 20000));
  }
  const auto first = model->capability<Parted>()->part(0, data);
  Batch twice(4, 3);
  first.data->columns(std::vector<Index>{0, 0, 0}, Stream(3), twice);
  CHECK(twice == Batch::Ones(4, 3));
}

TEST_CASE("a part of a deep_boltzmann_machine is a sound model of its copies") {
  const auto model = make_model("{name: deep_boltzmann_machine, visible: 2, hidden: [2, 3, 2]}");
  const Rows data(some_states(2));
  for (Index k = 0; k < 3; ++k) {
    CAPTURE(k);
    const auto part = model->capability<Parted>()->part(k, data);
    auto& own = parametric(*part.model);
    Parameters theta = own.parameters();
    for (Index i = 0; i < theta.size(); ++i) theta(i) = std::sin(2 + 1.7 * double(i));
    own.set_parameters(theta);
    // ln Σ_h e^{-E(v, h)} by adding up the states of every copy.
    const Index lower = k == 0 ? 2 : k == 1 ? 2 : 3, upper = k == 1 ? 3 : 2;
    const Index A = part.model->dim() / lower;
    const Index B = part.model->capability<Latent>()->hidden().dim() / upper;
    CHECK(A == (k < 2 ? 2 : 1));
    CHECK(B == (k > 0 ? 2 : 1));
    const Batch v = all_states(part.model->domain()),
                h = all_states(part.model->capability<Latent>()->hidden());
    Row sum = Row::Zero(v.cols());
    for (Index n = 0; n < v.cols(); ++n)
      for (Index m = 0; m < h.cols(); ++m) {
        double energy = 0;
        for (Index a = 0; a < A; ++a)
          for (Index i = 0; i < lower; ++i) {
            energy -= theta(lower * upper + i) * double(v(a * lower + i, n));
            for (Index b = 0; b < B; ++b)
              for (Index j = 0; j < upper; ++j)
                energy -= theta(i * upper + j) * double(v(a * lower + i, n)) *
                          double(h(b * upper + j, m));
          }
        for (Index b = 0; b < B; ++b)
          for (Index j = 0; j < upper; ++j)
            energy -= theta(lower * upper + lower + j) * double(h(b * upper + j, m));
        sum(n) += std::exp(-energy);
      }
    CHECK((energies(*part.model, v) + sum.log()).abs().maxCoeff() < tolerance(1e-12, 1e-4));
  }
}
