// Annealed importance sampling that was interrupted, and on other numbers of threads.
#include <cmath>

#include "support/annealed.hpp"
#include "support/rows.hpp"

using namespace gibbsite;
using test::ais;

namespace {

// Interrupts at the first report with this note.
class NoteDesk final : public Desk {
 public:
  explicit NoteDesk(std::string note) : note_(std::move(note)) {}
  void report(double, double, const std::string& note) override {
    if (note == note_) throw Interrupted();
  }

 private:
  std::string note_;
};

}  // namespace

TEST_CASE("one thread and two give the same bits") {
  const auto model = test::recipe_rbm(12, 8, 1);
  const Workers one(1);
  const auto single = test::make_evaluation(ais(30, ", runs: 37"),
                                            test::context_with(*model, nullptr, nullptr, one));
  const auto both =
      test::make_evaluation(ais(30, ", runs: 37"), test::context_with(*model, nullptr));
  CHECK(test::identical(test::evaluate(*single, 2), test::evaluate(*both, 2)));
}

TEST_CASE("interrupted and resumed annealing equals the uninterrupted one bit for bit") {
  const auto model = test::recipe_rbm(12, 8, 1);
  const auto make = [&] {
    return test::make_evaluation(ais(250, ", runs: 20"), test::context_with(*model, nullptr));
  };
  const Result whole = test::evaluate(*make(), 9);
  for (const int at : {1, 40, 84})
    CHECK(test::identical(test::evaluate_interrupted(make, 9, at), whole));
}

TEST_CASE("a resumed evaluation takes its pilot's ladder from what was saved") {
  // Energies of the pilot: were it run again, the count of evaluations would show it.
  const auto model = test::recipe_rbm(12, 8, 1);
  const auto make = [&] {
    return test::make_evaluation(ais(250, ", runs: 20, schedule: adaptive, pilot: 500"),
                                 test::context_with(*model, nullptr));
  };
  const Result whole = test::evaluate(*make(), 9);
  const auto first = make(), second = make(), third = make();
  const auto cost = [&](const Evaluation& evaluation, Saved& saved, Desk& desk) {
    const auto before = model->evaluations().site_updates;
    try {
      const Result result =
          evaluation.evaluate({.random = Stream(9), .saved = saved, .desk = desk});
      CHECK(test::identical(result, whole));
    } catch (const Interrupted&) {
    }
    return model->evaluations().site_updates - before;
  };
  Saved saved, other;
  NoteDesk desk("the pilot has ended");
  test::QuietDesk quiet;
  const auto pilot = cost(*first, saved, desk), rest = cost(*second, saved, quiet);
  CHECK(cost(*third, other, quiet) == pilot + rest);
  CHECK(pilot > 500 * 20);
  for (const int at : {3, 40, 84})
    CHECK(test::identical(test::evaluate_interrupted(make, 9, at), whole));
}
