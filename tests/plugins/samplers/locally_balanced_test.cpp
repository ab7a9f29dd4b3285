// Locally balanced proposals, by their transition matrix.
#include "support/discrete_models.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

std::string spec(const std::string& balancing, const std::string& ratios) {
  return "{name: locally_balanced, balancing: " + balancing + ", ratios: " + ratios + "}";
}

const std::vector<std::string> functions = {"sqrt", "barker", "min", "max"};

double balance(const std::string& name, double t) {
  if (name == "sqrt") return std::sqrt(t);
  if (name == "barker") return t / (1 + t);
  return name == "min" ? std::min(1.0, t) : std::max(1.0, t);
}

}  // namespace

TEST_CASE("locally balanced proposals keep every discrete law reversibly to 1e-12") {
  for (const std::string& balancing : functions)
    for (const std::string ratios : {"exact", "gradient"})
      discrete_models().check_kept(spec(balancing, ratios));
}

TEST_CASE("each balancing function proposes as its formula says, on any law, by exact ratios") {
  RoughTable model = RoughTable::mixed(0.4);
  for (const std::string& balancing : functions) {
    INFO(balancing);
    const auto proposal =
        single_change_proposals(model, [&](double t) { return balance(balancing, t); });
    CHECK(largest_difference(matrix_of(spec(balancing, "exact"), model),
                             metropolised(proposal, model)) < 1e-12);
  }
}

TEST_CASE("ratios by the gradient are the exact ones where units act in pairs, and only there") {
  const auto pairs = recipe_boltzmann(5, 1.5, true), rbm = recipe_rbm(4, 3, 2);
  for (const std::string& balancing : functions) {
    CHECK(largest_difference(matrix_of(spec(balancing, "exact"), *pairs),
                             matrix_of(spec(balancing, "gradient"), *pairs)) < 1e-12);
    CHECK(largest_difference(matrix_of(spec(balancing, "exact"), *rbm),
                             matrix_of(spec(balancing, "gradient"), *rbm)) > 1e-3);
  }
}

TEST_CASE("square roots of ratios by the gradient are Gibbs with gradients") {
  const auto model = recipe_rbm(4, 3, 2);
  CHECK(largest_difference(matrix_of(spec("sqrt", "gradient"), *model),
                           matrix_of("{name: gibbs_with_gradients}", *model)) < 1e-15);
}

TEST_CASE("exact ratios cost an energy and every conditional per update, a gradient the rest") {
  const auto model = recipe_rbm(5, 3, 1);
  for (const auto& [ratios, cost] :
       {std::pair{"exact", Evaluations{.energy = 1, .site_updates = 5}},
        std::pair{"gradient", Evaluations{.gradient = 1}}}) {
    const auto kernel = make_sampler(
        "{name: locally_balanced, updates: 2, ratios: " + std::string(ratios) + "}", *model);
    const Evaluations before = model->evaluations();
    Chains chains = kernel->init(Batch::Zero(5, 7));
    for (std::uint64_t n = 0; n < 3; ++n) kernel->step(chains, Stream(1).at(n));
    const Evaluations spent = model->evaluations() - before;
    CHECK(spent.energy == cost.energy * 7 * 7);
    CHECK(spent.site_updates == cost.site_updates * 7 * 7);
    CHECK(spent.gradient == cost.gradient * 7 * 7);
    CHECK(spent.parameter_gradient == 0);
  }
}

TEST_CASE("a start of probability 0 is left for a neighbour that has any, by exact ratios") {
  RoughTable model = RoughTable::mixed(std::numeric_limits<double>::infinity());
  const Batch x = states(model.domain(), 3, 1);
  Row energy;
  model.energy(x, energy);
  REQUIRE(std::isinf(energy(0)));
  const auto kernel = make_sampler("{name: locally_balanced}", model);
  Chains chains = kernel->init(x.replicate(1, 50));
  kernel->step(chains, Stream(1));
  CHECK(chains.energy.isFinite().all());
}

TEST_CASE("locally balanced proposals refuse a model without the ability their ratios need") {
  TableModel table = TableModel::rugged(Domain::binary(3));
  CHECK_NOTHROW(make_sampler(spec("sqrt", "exact"), table));
  CHECK_THROWS_AS(make_sampler(spec("sqrt", "gradient"), table), Error);
  CHECK_THROWS_AS(make_sampler("{name: locally_balanced, balancing: cube}", table), Error);
}
