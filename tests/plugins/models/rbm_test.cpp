#include "support/make.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

Parametric& parametric(EnergyModel& model) { return *model.capability<Parametric>(); }

double mean_log_likelihood(const EnergyModel& model, const BatchView& data) {
  return -energies(model, data).mean() - exact_sum(model, workers(), false).log_partition;
}

// The gradient of the mean log-likelihood.
Parameters exact_gradient(EnergyModel& model, const BatchView& data) {
  Parameters over_data = Parameters::Zero(parametric(model).parameters().size());
  parametric(model).parameter_gradient(data, Row::Constant(data.cols(), 1.0 / double(data.cols())),
                                       over_data);
  return exact_sum(model, workers(), true).expected_gradient - over_data;
}

}  // namespace

TEST_CASE("rbm has the tabulated log partition function, by its hidden layer and by enumeration") {
  struct Line {
    Index visible, hidden;
    double scale, log_partition;
  };
  for (const Line& line : {Line{4, 3, 1, 5.385211687832}, Line{8, 6, 1, 11.494515093304},
                           Line{12, 8, 1, 16.355064299672}, Line{12, 8, 3, 29.515884428437},
                           Line{16, 10, 2, 28.033443425646}, Line{16, 16, 1, 26.207291017282},
                           Line{8, 6, .5, 10.203880195404}, Line{8, 6, 3, 23.299697455098},
                           Line{8, 6, 6, 44.514498709262}}) {
    CAPTURE(line.visible);
    CAPTURE(line.scale);
    const auto model = recipe_rbm(line.visible, line.hidden, line.scale);
    CHECK(std::abs(exact_sum(*model, workers(), false).log_partition - line.log_partition) < 1e-11);
    CHECK(std::abs(log_sum_over_states(*model) - line.log_partition) < 1e-11);
  }
  CHECK(exact_method(*recipe_rbm(8, 6, 1)) == "hidden_sum");
  const auto wide = recipe_rbm(64, 16, 1);
  CHECK(std::abs(exact_sum(*wide, workers(), false).log_partition - 81.3526658235) < 1e-9);
  const auto strong = recipe_rbm(64, 16, 2);
  CHECK(std::abs(exact_sum(*strong, workers(), false).log_partition - 129.6561338075) < 1e-9);
}

TEST_CASE("rbm 784 x 20 has the tabulated log partition function to 1e-9") {
  const auto model = recipe_rbm(784, 20, .25);
  CHECK(std::abs(exact_sum(*model, workers(), false).log_partition - 596.8536766420) < 1e-9);
}

TEST_CASE("rbm free energy is the joint energy with the hidden units summed out, to 1e-12") {
  const auto model = recipe_rbm(6, 5, 2);
  const Parameters theta = parametric(*model).parameters();
  const Batch v = all_states(model->domain()),
              h = all_states(model->capability<Latent>()->hidden());
  const Row free_energy = energies(*model, v);
  double worst = 0;
  for (Index n = 0; n < v.cols(); ++n) {
    Eigen::ArrayXd joint(h.cols());
    for (Index m = 0; m < h.cols(); ++m) joint(m) = -rbm_energy(theta, v.col(n), h.col(m));
    worst = std::max(worst, std::abs(free_energy(n) + log_sum_exp(joint)));
  }
  CHECK(worst < 1e-12);
}

TEST_CASE("rbm layers are independent given each other with the logits it states") {
  const auto model = recipe_rbm(4, 3, 2);
  const auto& latent = *model->capability<Latent>();
  const Parameters theta = parametric(*model).parameters();
  const Batch v = all_states(model->domain()), h = all_states(latent.hidden());
  Eigen::ArrayXXd joint(v.cols(), h.cols());
  for (Index n = 0; n < v.cols(); ++n)
    for (Index m = 0; m < h.cols(); ++m)
      joint(n, m) = std::exp(-rbm_energy(theta, v.col(n), h.col(m)));
  // P(h|v) = Π_j σ(±logit_j): the whole conditional table, not only its margins.
  const auto product = [](const Domain& domain, const Batch& logits, Index at, const Batch& x) {
    const Batch given = logits.col(at).replicate(1, x.cols());
    return Row((natural_energy(domain, given, x) - log_partition(domain, given)).exp());
  };
  Batch logits;
  latent.hidden_natural(v, logits);
  for (Index n = 0; n < v.cols(); ++n) {
    const Row truth = joint.row(n) / joint.row(n).sum();
    CHECK(distance(product(latent.hidden(), logits, n, h), truth) < 1e-14);
  }
  latent.visible_natural(h, logits);
  for (Index m = 0; m < h.cols(); ++m) {
    const Row truth = (joint.col(m) / joint.col(m).sum()).transpose();
    CHECK(distance(product(model->domain(), logits, m, v), truth) < 1e-14);
  }
}

TEST_CASE("rbm likelihood and exact gradient have the tabulated values on the four-of-eight data") {
  Batch data(8, 6);  // popcount(x0..x3) = 2, x4..x7 repeat x0..x3
  Index column = 0;
  const Batch halves = all_states(Domain::binary(4));
  for (Index n = 0; n < halves.cols(); ++n)
    if (halves.col(n).sum() == 2) data.col(column++) << halves.col(n), halves.col(n);
  struct Line {
    double scale, log_likelihood, norm;
  };
  for (const Line& line : {Line{.5, -5.7964489695, .559427}, Line{1, -6.6471602110, 1.375870},
                           Line{3, -15.6213696777, 3.094393}, Line{6, -31.6927547883, 3.461666}}) {
    CAPTURE(line.scale);
    const auto model = recipe_rbm(8, 6, line.scale);
    CHECK(std::abs(mean_log_likelihood(*model, data) - line.log_likelihood) < 1e-10);
    CHECK(std::abs(exact_gradient(*model, data).norm() - line.norm) < 1e-6);
  }
}

TEST_CASE("rbm follows the tabulated path of exact gradient ascent on bars and stripes") {
  const auto dataset = make_dataset("{name: bars_and_stripes}");
  const Batch data = dataset->all(Stream(0));
  struct Line {
    Index hidden, updates;
    double log_likelihood, log_partition;
  };
  const std::vector<Line> lines = {{4, 0, -6.2393788771, 8.9796442659},
                                   {4, 100, -6.2334910574, 9.0016437355},
                                   {4, 1000, -5.6564114560, 8.9323154431},
                                   {16, 0, -6.2426922204, 0},
                                   {16, 100, -6.2218091281, 0},
                                   {8, 0, -6.2427714304, 0},
                                   {8, 100, -6.2307686796, 0},
                                   {8, 1000, -5.5253989535, 0}};
  std::unique_ptr<EnergyModel> model;
  Parameters theta;
  Index done = 0;
  for (const Line& line : lines) {
    if (line.updates == 0) {
      done = 0;
      model = recipe_rbm(9, line.hidden, .1);
      theta = parametric(*model).parameters();
      theta.tail(9 + line.hidden).setZero();
      parametric(*model).set_parameters(theta);
    }
    for (; done < line.updates; ++done) {
      theta += .1 * exact_gradient(*model, data);
      parametric(*model).set_parameters(theta);
    }
    CAPTURE(line.hidden);
    CAPTURE(line.updates);
    if (line.log_likelihood != 0)
      CHECK(std::abs(mean_log_likelihood(*model, data) - line.log_likelihood) < 1e-9);
    if (line.log_partition != 0)
      CHECK(std::abs(exact_sum(*model, workers(), false).log_partition - line.log_partition) <
            1e-9);
  }
}

TEST_CASE("rbm starts its visible biases at the smoothed log odds of the data") {
  const auto dataset = make_dataset("{name: bars_and_stripes, side: 1}");  // 0, 1, 0, 1
  Context with_data = context();
  with_data.train = dataset.get();
  const auto even = make_model("{name: rbm, hidden: 2}", with_data);
  CHECK(even->dim() == 1);
  CHECK(parametric(*even).parameters()(2) == doctest::Approx(0));
  const auto zero = make_model("{name: rbm, hidden: 2, visible_bias: zero}", with_data);
  CHECK(parametric(*zero).parameters()(2) == 0);
}

TEST_CASE("rbm refuses parameters that are not finite and a missing width") {
  const auto model = recipe_rbm(3, 2, 1);
  Parameters theta = parametric(*model).parameters();
  theta(4) = std::numeric_limits<double>::quiet_NaN();
  CHECK(error_of([&] { parametric(*model).set_parameters(theta); }) ==
        "rbm: W, b and c must be finite");
  CHECK(error_of([] { make_model("{name: rbm, hidden: 2}"); }) ==
        "model rbm: needs a data section");
}

TEST_CASE("rbm of spins is the binary one in other coordinates, with a constant") {
  // s = 2v - 1, t = 2h - 1: -sᵀWt - bᵀs - cᵀt = -vᵀ4W h - (2b - 2W1)ᵀv - (2c - 2Wᵀ1)ᵀh + constant.
  const auto spin = make_model("{name: rbm, visible: 5, hidden: 4, units: spin}");
  CHECK(spin->domain() == Domain::spin(5));
  CHECK(spin->capability<Latent>()->hidden() == Domain::spin(4));
  const auto binary = recipe_rbm(5, 4, .7);
  const Parameters theta = parametric(*binary).parameters();
  parametric(*spin).set_parameters(theta);
  const Eigen::MatrixXd W = theta.head(20).reshaped(4, 5).transpose();
  const Eigen::VectorXd b = theta.segment(20, 5), c = theta.tail(4);
  Parameters coded(29);
  coded << Eigen::MatrixXd(4 * W.transpose()).reshaped(), 2 * b - 2 * W.rowwise().sum(),
      2 * c - 2 * W.colwise().sum().transpose();
  const double constant = -W.sum() + b.sum() + c.sum();
  parametric(*binary).set_parameters(coded);
  const Batch v = all_states(binary->domain());
  const Batch s = (2 * v.array() - 1).matrix();
  CHECK(distance(energies(*spin, s), Row(energies(*binary, v) + constant)) < 1e-13);
  CHECK(std::abs(exact_sum(*spin, workers(), false).log_partition + constant -
                 exact_sum(*binary, workers(), false).log_partition) < 1e-12);
  CHECK(std::abs(log_sum_over_states(*spin) - exact_sum(*spin, workers(), false).log_partition) <
        1e-12);
}

TEST_CASE("rbm centred has the energy with offsets in it, and the law of shifted biases") {
  const auto centred = make_model(
      "{name: rbm, visible: 4, hidden: 3, centred: true, hidden_offset: 0.3, "
      "visible_offsets: [0.1, 0.9, 0.5, 0.25]}");
  const auto plain = recipe_rbm(4, 3, 2);
  const Parameters theta = parametric(*plain).parameters();
  parametric(*centred).set_parameters(theta);
  Batch mu(4, 1), lambda = Batch::Constant(3, 1, Real(.3));
  mu << Real(.1), Real(.9), Real(.5), Real(.25);
  const Batch v = all_states(Domain::binary(4)), h = all_states(Domain::binary(3));
  for (Index n = 0; n < v.cols(); ++n) {
    Eigen::ArrayXd joint(h.cols());
    for (Index m = 0; m < h.cols(); ++m)
      joint(m) = -rbm_energy(theta, v.col(n) - mu, h.col(m) - lambda);
    CHECK(std::abs(energies(*centred, v.col(n))(0) + log_sum_exp(joint)) < 1e-12);
  }
  // The same law has b - W λ and c - Wᵀμ without offsets.
  Parameters shifted = theta;
  for (Index i = 0; i < 4; ++i)
    for (Index j = 0; j < 3; ++j) {
      shifted(12 + i) -= theta(3 * i + j) * .3;
      shifted(16 + j) -= theta(3 * i + j) * double(mu(i));
    }
  parametric(*plain).set_parameters(shifted);
  CHECK(distance(law(*centred), law(*plain)) < 1e-14);
}

TEST_CASE("rbm takes its offsets from the data's means, and none unless centred") {
  const auto dataset = make_dataset("{name: bars_and_stripes, side: 2}");
  Context with_data = context();
  with_data.train = dataset.get();
  const auto centred =
      make_model("{name: rbm, hidden: 2, centred: true, weight_scale: 0}", with_data);
  Parameters theta = Parameters::Zero(8 + 4 + 2);
  theta.segment(8, 4) << 1, 2, 3, 4;
  theta.tail(2) << 5, 6;
  parametric(*centred).set_parameters(theta);
  // E(0, h) summed over h with W = 0: bᵀμ + cᵀλ - Σ ln(1 + e^c), with μ = λ = 1/2.
  const double truth = .5 * 10 + .5 * 11 - softplus(5) - softplus(6);
  CHECK(near(energies(*centred, Batch::Zero(4, 1))(0), truth, 1e-14));
  CHECK(error_of([] { make_model("{name: rbm, visible: 2, hidden: 2, centred: true}"); }) ==
        "model rbm: needs a data section");
  CHECK(error_of([] {
          make_model(
              "{name: rbm, visible: 2, hidden: 2, centred: true, visible_offsets: [1, 1, 1]}");
        }) == "model rbm: visible_offsets: must have one value per visible unit, got 3");
  CHECK(error_of([] { make_model("{name: rbm, visible: 2, hidden: 2, hidden_offset: 0.5}"); }) ==
        "model rbm: visible_offsets and hidden_offset: need centred: true");
}

TEST_CASE("rbm without offsets computes to the bit what the plain formulas do") {
  const auto model = recipe_rbm(7, 5, 1.5);
  const Parameters theta = parametric(*model).parameters();
  const Batch v = all_states(model->domain());
  const Row energy = energies(*model, v);
  const Batch Wt = theta.head(35).reshaped(5, 7).cast<Real>();
  const Vector b = theta.segment(35, 7).cast<Real>(), c = theta.tail(5).cast<Real>();
  Batch eta(5, v.cols());
  for (Index n = 0; n < v.cols(); ++n)
    kernels<Real>().affine(Wt.data(), 5, 5, 7, c.data(), v.col(n).data(), 7, 1, eta.col(n).data(),
                           5);
  const Row plain = -(b.cast<double>().transpose() * v.cast<double>()).array() -
                    log_partition(Domain::binary(5), eta);
  CHECK((energy == plain).all());
  for (Index i = 0; i < 7; ++i) {
    const Index site[] = {i};
    Batch found, at = eta;
    model->capability<Conditional>()->natural(site, v, found);
    at -= Wt.col(i) * v.row(i);
    const Row off = log_partition(Domain::binary(5), at);
    at.colwise() += Wt.col(i);
    const Row on = log_partition(Domain::binary(5), at);
    CHECK(found == Batch((double(b(i)) + on - off).matrix().cast<Real>()));
  }
}
