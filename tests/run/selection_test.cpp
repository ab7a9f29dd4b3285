// A part of a grid by what its cells have in common.
#include <doctest/doctest.h>

#include <gibbsite/core/error.hpp>
#include <gibbsite/io/yaml.hpp>
#include <gibbsite/run/plan.hpp>

using namespace gibbsite;

namespace {

// The ids of the cells that are left, or the fault.
std::string only(const std::vector<std::string>& filters) {
  Plan plan{"x", {}, {}};
  int id = 0;
  for (const char* sampler : {"{name: hmc, steps: 5}", "{name: hmc, steps: 10}", "gibbs"})
    for (const char* rate : {"0.001", "0.1"})
      plan.cells.push_back(
          {std::to_string(id++),
           parse_yaml("{seed: 7, model: {name: rbm, hidden: 3}, sample: {sampler: " +
                          std::string(sampler) + "}}",
                      "s"),
           {{"sample.sampler", parse_yaml(sampler, "s")},
            {"train.optimizer.step_size", parse_yaml(rate, "s")}}});
  try {
    keep_only(plan, filters);
  } catch (const Error& fault) {
    return fault.what();
  }
  std::string ids;
  for (const PlannedCell& cell : plan.cells) ids += cell.id;
  return ids;
}

}  // namespace

TEST_CASE("cells are chosen by the values of varying paths, numbers by value, plugins by name") {
  CHECK(only({}) == "012345");
  CHECK(only({"train.optimizer.step_size=1e-3"}) == "024");
  CHECK(only({"step_size=.1"}) == "135");
  CHECK(only({"sample.sampler=hmc"}) == "0123");
  CHECK(only({"sampler=hmc steps=10"}) == "23");
  CHECK(only({"sampler={steps: 10, name: hmc}"}) == "23");
  CHECK(only({"sampler=hmc", "step_size=0.1"}) == "13");
  CHECK(only({"sample.sampler={name: gibbs}"}) == "45");
}

TEST_CASE("values that do not vary may be asked for as well") {
  CHECK(only({"model.hidden=3"}) == "012345");
  CHECK(only({"model=rbm", "seed=7"}) == "012345");
  CHECK(only({"sample.sampler.steps=5"}) == "01");
  CHECK(only({"seed=8"}) == "--only: no cell has seed=8 (known: 7)");
}

TEST_CASE("a filter that finds nothing says what there is") {
  CHECK(only({"step_size=0.5"}) ==
        "--only: no cell has train.optimizer.step_size=0.5 (did you mean '0.1'; known: 0.001, "
        "0.1)");
  CHECK(only({"step_siz=0.1"}) ==
        "--only: unknown path 'step_siz' (known: sample.sampler, train.optimizer.step_size)");
  for (const char* bad : {"step_size", "=3", "step_size="})
    CHECK(only({bad}) == std::string("--only: must be path=value, got '") + bad + "'");
}
