// Error and calibration of classes, and energies that tell data apart, against sums by hand.
#include <cmath>

#include "gibbsite/api/class_marginal.hpp"
#include "gibbsite/api/prepared.hpp"
#include "support/program.hpp"
#include "support/rows.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

// Prepared data from lines of text, the class last.
struct TextData {
  TextData(const TemporaryFolder& folder, const std::string& lines, bool labels = true)
      : whole(make_dataset("{name: csv, label_column: last, path: '" +
                           folder.write("data", lines).string() + "'}")),
        train(*whole, how(labels), chosen_rows(*whole, {}, false)) {}
  static Preparation how(bool labels) {
    Preparation how;
    how.with_labels = labels;
    return how;
  }
  std::unique_ptr<Dataset> whole;
  Prepared train;
};

Result run(const std::string& spec, const Context& context) {
  return evaluate(*make_evaluation(spec, context), 1);
}

// p(y|x) of the model that the tests use, by its energies.
Eigen::Array3d class_law(const EnergyModel& model, const Vector& x) {
  Batch all(x.size() + 1, 3);
  for (Index y = 0; y < 3; ++y) all.col(y) << x, Real(y);
  Row energy;
  model.energy(all, energy);
  const Eigen::Array3d weights = (energy.minCoeff() - energy).exp().transpose();
  return weights / weights.sum();
}

const char* const classifier = "{name: classification_rbm, visible: 3, hidden: 4, classes: 3}";

// A classifier of three bits whose probabilities are far from equal.
std::unique_ptr<EnergyModel> make_classifier() {
  auto model = make_model(classifier);
  auto& parametric = *model->capability<Parametric>();
  Parameters theta = parametric.parameters();
  for (Index k = 0; k < theta.size(); ++k) theta(k) = 2 * std::sin(1 + double(3 * k));
  parametric.set_parameters(theta);
  return model;
}

const std::string bits = "0,0,0,0\n0,0,1,1\n0,1,0,2\n0,1,1,0\n1,0,0,1\n1,0,1,2\n1,1,0,0\n1,1,1,1\n";

}  // namespace

TEST_CASE("classification finds the error, ln p(y|x) and calibration that sums by hand have") {
  const TemporaryFolder folder;
  const auto model = make_classifier();
  const TextData data(folder, bits);
  Context c = context(model.get());
  c.train = &data.train;
  const Result result = run("{name: classification, bins: 4, per_observation: true}", c);
  double wrong = 0, log_p = 0;
  Eigen::Array4d gap = Eigen::Array4d::Zero(), count = gap;
  const Batch all = data.train.all(Stream(0));
  for (Index n = 0; n < 8; ++n) {
    const Eigen::Array3d p = class_law(*model, all.col(n).head(3));
    Index likeliest = 0;
    const double sure = p.maxCoeff(&likeliest);
    const bool right = likeliest == Index(all(3, n));
    wrong += right ? 0 : 1;
    log_p += std::log(p(Index(all(3, n))));
    const Index bin = std::min(Index(3), Index(4 * sure));
    gap(bin) += (right ? 1 : 0) - sure;
    count(bin) += 1;
    CHECK(values_of(result, "predicted")[std::size_t(n)] == double(likeliest));
  }
  CHECK(wrong > 0);
  CHECK(wrong < 8);
  CHECK((count > 0).count() > 1);
  CHECK(near(value_of(result, "error_train"), wrong / 8, 1e-12));
  CHECK(near(value_of(result, "mean_log_probability_train"), log_p / 8, 1e-9));
  CHECK(near(value_of(result, "calibration_error_train"), gap.abs().sum() / 8, 1e-9));
  for (Index b = 0; b < 4; ++b) CHECK(values_of(result, "count_train")[std::size_t(b)] == count(b));
}

TEST_CASE("a model that generates the classes is calibrated, and its opposite is not") {
  const TemporaryFolder folder;
  const auto model = make_classifier();
  std::string lines;
  Stream random(7);
  for (int n = 0; n < 20000; ++n) {
    const Row u = random.uniform(4);
    Vector x(3);
    for (Index i = 0; i < 3; ++i) x(i) = u(i) < .5 ? 0 : 1;
    const Eigen::Array3d p = class_law(*model, x);
    const int y = u(3) < p(0) ? 0 : u(3) < p(0) + p(1) ? 1 : 2;
    for (Index i = 0; i < 3; ++i) lines += x(i) > 0 ? "1," : "0,";
    lines += std::to_string(y) + "\n";
  }
  const TextData data(folder, lines);
  Context c = context(model.get());
  c.train = &data.train;
  // In each of 15 bins the share differs from the confidence by less than 5 sqrt(1/4 n_b); summed,
  // by Cauchy and Schwarz, by less than 5/2 sqrt(15 / N).
  CHECK(value_of(run("classification", c), "calibration_error_train") <
        2.5 * std::sqrt(15 / 20000.));
  auto& parametric = *model->capability<Parametric>();
  parametric.set_parameters(-parametric.parameters());
  CHECK(value_of(run("classification", c), "calibration_error_train") > .2);
}

TEST_CASE("classification needs data with labels and a model with classes") {
  const TemporaryFolder folder;
  const auto model = make_classifier();
  const TextData data(folder, bits, false), labelled(folder, bits);
  Context c = context(model.get());
  c.train = &data.train;
  CHECK(error_of([&] { make_evaluation("classification", c); }) ==
        "evaluation classification: needs data with their labels (data.with_labels: true)");
  const auto plain = recipe_rbm(4, 2, 1);
  c.model = plain.get();
  c.train = &labelled.train;
  CHECK(error_of([&] {
          make_evaluation("classification", c);
        }).starts_with("evaluation classification: "));
}

TEST_CASE("the area under the ROC curve counts pairs, ties half, with DeLong's error") {
  const TemporaryFolder folder;
  auto model = make_model("{name: gaussian, mean: [0], precision: [2]}");  // E = x²
  const TextData inside(folder, "0,0\n1,0\n2,0\n", false);
  const fs::path others = folder.write("others", "1,0\n-2,1\n3,1\n");
  Context c = context(model.get());
  c.train = c.test = &inside.train;
  const std::string spec =
      "{name: out_of_distribution, outside: {name: csv, label_column: last, "
      "path: '" +
      others.string() + "'}";
  const Result result = run(spec + "}", c);
  // Energies 0, 1, 4 inside and 1, 4, 9 outside: (1.5 + 2.5 + 3) of 9 pairs.
  CHECK(near(value_of(result, "area_under_roc"), 7 / 9., 1e-12));
  // V = 1, 5/6, 1/2 of the inside, U = 1/2, 5/6, 1 of the outside: variance 7/108 each.
  CHECK(near(value_of(result, "standard_error"), std::sqrt(2 * 7 / 108. / 3), 1e-12));
  CHECK(std::get<bool>(result.attributes.at("reliable")));
  CHECK(near(value_of(run(spec + ", classes: [1]}", c), "area_under_roc"), 5.5 / 6, 1e-12));
  c.test = nullptr;
  CHECK_FALSE(std::get<bool>(run(spec + "}", c).attributes.at("reliable")));
}

TEST_CASE("with classes the score outside is E(x), the classes summed out") {
  const TemporaryFolder folder;
  const auto model = make_classifier();
  const TextData inside(folder, bits);
  const fs::path others = folder.write("others", "1,0,1\n1,1,1\n");
  Context c = context(model.get());
  c.train = c.test = &inside.train;
  const Result result =
      run("{name: out_of_distribution, per_observation: true, outside: {name: csv, path: '" +
              others.string() + "'}}",
          c);
  Row expected;
  Batch x(3, 2);
  x << 1, 1, 0, 1, 1, 1;
  ClassMarginal(*model).energy(x, expected);
  for (Index n = 0; n < 2; ++n)
    CHECK(near(values_of(result, "energy_outside")[std::size_t(n)], expected(n), 1e-9));
  CHECK(values_of(result, "energy_inside").size() == 8);
}

TEST_CASE("data outside that do not fit the model, or lack the classes asked for, are refused") {
  const TemporaryFolder folder;
  auto model = make_model("{name: gaussian, mean: [0], precision: [2]}");
  const TextData inside(folder, "0,0\n1,0\n", false);
  Context c = context(model.get());
  c.train = &inside.train;
  CHECK(error_of([&] { make_evaluation("{name: out_of_distribution, outside: digits}", c); }) ==
        "evaluation out_of_distribution: outside: has 64 coordinates, but the model has 1");
  const std::string none =
      "{name: out_of_distribution, classes: [4], outside: {name: csv, "
      "label_column: last, path: '" +
      (folder / "data").string() + "'}}";
  CHECK(error_of([&] { make_evaluation(none, c); }) ==
        "evaluation out_of_distribution: outside: the dataset has no configuration of these "
        "classes");
}
