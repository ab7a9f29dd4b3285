#include "support/make.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

// The affine network with w = (1, 0), (0, 2), (-1, -1) and b = (.1, -.3, .2), λ = 1.
std::unique_ptr<EnergyModel> recipe(bool joint) {
  auto model = make_model("{name: joint_energy, classes: 3, shape: [2], joint: " +
                          std::string(joint ? "true}" : "false}"));
  Parameters theta(9);
  theta << 1, 0, 0, 2, -1, -1, .1, -.3, .2;
  model->capability<Parametric>()->set_parameters(theta);
  return model;
}

const double tabulated = 4.2002566122;
const double classes[] = {.17163596, .51562293, .31274111};

Batch with_class(const Batch& x, Index y) {
  Batch whole(x.rows() + 1, x.cols());
  whole << x, Batch::Constant(1, x.cols(), Real(y));
  return whole;
}

}  // namespace

TEST_CASE("joint_energy of an affine network has the tabulated ln Z and p(y), by quadrature too") {
  const auto marginal = recipe(false), joint = recipe(true);
  for (const auto* model : {marginal.get(), joint.get()})
    CHECK(std::abs(*model->capability<Normalized>()->log_partition(1) - tabulated) < 1e-10);
  double total = 0;
  for (Index y = 0; y < 3; ++y) {
    const double mass = integral(2, 14, .05, [&](const Batch& x) {
      return Row((-energies(*joint, with_class(x, y)) - tabulated).exp());
    });
    CHECK(std::abs(mass - classes[y]) < 1e-8);
    total += mass;
  }
  CHECK(std::abs(total - 1) < 1e-10);
  const double Z =
      integral(2, 14, .05, [&](const Batch& x) { return Row((-energies(*marginal, x)).exp()); });
  CHECK(std::abs(std::log(Z) - tabulated) < 1e-10);
}

TEST_CASE("joint_energy at other temperatures: closed only with its class, as quadrature says") {
  const auto marginal = recipe(false), joint = recipe(true);
  CHECK(!marginal->capability<Normalized>()->log_partition(.5));
  for (const double beta : {.5, 2.0}) {
    double Z = 0;
    Parameters truth = Parameters::Zero(9), closed = truth;
    for (Index y = 0; y < 3; ++y)
      Z += integral(2, 14, .05, [&](const Batch& x) {
        const Row weights = (-beta * energies(*joint, with_class(x, y))).exp();
        joint->capability<Parametric>()->parameter_gradient(with_class(x, y), weights * (.05 * .05),
                                                            truth);
        return weights;
      });
    CHECK(std::abs(std::log(Z) - *joint->capability<Normalized>()->log_partition(beta)) < 1e-12);
    CHECK(joint->capability<Normalized>()->expected_parameter_gradient(beta, closed));
    CHECK(distance(closed, truth / Z) < 1e-11);
  }
}

TEST_CASE("joint_energy draws classes with their probabilities and x about their means") {
  const Index n = 20000;
  const Batch draws = exact_draws(*recipe(true), n, Stream(5));
  for (Index y = 0; y < 3; ++y) {
    double count = 0, first = 0;
    for (Index k = 0; k < n; ++k)
      if (draws(2, k) == Real(y)) {
        count += 1;
        first += double(draws(0, k));
      }
    CHECK(std::abs(count / double(n) - classes[y]) < 5 * std::sqrt(.25 / double(n)));
    CHECK(std::abs(first / count - (y == 0 ? 1 : y == 1 ? 0 : -1)) < 5 / std::sqrt(count));
  }
}

TEST_CASE("joint_energy with y summed out is the log-sum-exp over the model with y") {
  const std::string shared =
      "{name: joint_energy, classes: 4, shape: [3], layers: [dense 6, swish], weight_scale: 2";
  const auto marginal = make_model(shared + "}"), joint = make_model(shared + ", joint: true}");
  CHECK(capabilities_of(*joint) == std::vector<std::string>{"parameters", "all_classes"});
  CHECK(capabilities_of(*marginal) == std::vector<std::string>{"gradient", "parameters"});
  CHECK(joint->domain().text() == "3 real + 1 categorical(4)");
  Batch x(3, 30);
  Stream random(6);
  random.normal(x);
  Table all(4, 30);
  for (Index y = 0; y < 4; ++y) all.row(y) = -energies(*joint, with_class(x, y));
  const Row energy = energies(*marginal, x);
  for (Index n = 0; n < 30; ++n) CHECK(std::abs(energy(n) + log_sum_exp(all.col(n))) < 1e-13);
}

TEST_CASE(
    "joint_energy clamped at x is the classifier: softmax of the network, with conditionals") {
  const auto joint = make_model(
      "{name: joint_energy, classes: 4, shape: [3], layers: [dense 6, swish], joint: true}");
  Vector x(3);
  x << Real(.3), Real(-1), Real(2);
  const Clamped classifier(*joint, {0, 1, 2}, x);
  CHECK(classifier.domain() == Domain::categorical(1, 4));
  NetworkSettings settings;
  settings.layers = {"dense 6", "swish"};
  Network f({3}, 4, settings, Stream(0), "network");
  f.set_parameters(joint->capability<Parametric>()->parameters());
  Network::Tape tape;
  const Eigen::ArrayXd logits = f.forward(x, tape).cast<double>();
  const Row softmax = (logits - log_sum_exp(logits)).exp().transpose();
  CHECK(distance(law(classifier), softmax) < 1e-14);
  const auto* conditional = classifier.capability<Conditional>();
  REQUIRE(conditional != nullptr);
  CHECK(conditional->independent_sets().empty());
  const Index site[] = {0};
  Batch natural;
  conditional->natural(site, Batch::Zero(1, 1), natural);
  CHECK(distance(Eigen::ArrayXd((natural.col(0).array() - natural(0, 0)).cast<double>()),
                 Eigen::ArrayXd(logits - logits(0))) < 1e-13);
}

TEST_CASE("joint_energy takes the data's width, less the class where that is a coordinate") {
  const auto data = make_dataset("{name: bars_and_stripes, side: 2}");
  Context with_data = context();
  with_data.train = data.get();
  CHECK(make_model("{name: joint_energy, classes: 2}", with_data)->domain().text() == "4 real");
  CHECK(make_model("{name: joint_energy, classes: 2, joint: true}", with_data)->domain().text() ==
        "3 real + 1 categorical(2)");
  const auto refusal = [](const std::string& yaml) { return error_of([&] { make_model(yaml); }); };
  CHECK(refusal("{name: joint_energy, classes: 1, shape: [2]}").find("classes: must be") !=
        std::string::npos);
  CHECK(refusal("{name: joint_energy, shape: [2]}").find("classes: is required") !=
        std::string::npos);
  CHECK(refusal("{name: joint_energy, classes: 2}") == "model joint_energy: needs a data section");
}

TEST_CASE(
    "joint_energy has no closed form where the reference is missing or the weights are scaled") {
  const auto offers = [](const std::string& more) {
    const auto model = make_model("{name: joint_energy, classes: 2, shape: [2]" + more + "}");
    return model->capability<Normalized>() != nullptr;
  };
  CHECK(offers(""));
  CHECK(!offers(", reference_precision: 0"));
  CHECK(!offers(", spectral_normalisation: true"));
  CHECK(!offers(", layers: [tanh]"));
}
