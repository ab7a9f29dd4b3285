#include <gibbsite/api/completion.hpp>

#include "support/make.hpp"
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
