// What the pairwise graph of both layers must be, for every model that has one.
#include <gibbsite/api/joint_graph.hpp>

#include "conformance/model_subjects.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

TEST_CASE("the joint graph has the ln Z of its model, whatever its layers and units") {
  int pairwise = 0, latent = 0;
  for_each_model_at_all_parameters([&](const Subject& subject) {
    const bool has_pairs = subject.as<Pairwise>() != nullptr;
    const auto* layers = subject.as<Latent>();
    if (!has_pairs &&
        (layers == nullptr || !subject->domain().is_discrete() || !layers->hidden().is_discrete()))
      return;
    const PairwiseGraph graph = joint_graph(*subject);
    if (log_states(graph) > std::log(20000.)) return;
    ++(has_pairs ? pairwise : latent);
    CHECK(near(log_sum_exp(-energies_of_states(graph)), log_sum_over_states(*subject),
               tolerance(1e-11, 1e-4)));
  });
  CHECK(pairwise > 5);
  CHECK(latent > 5);
}
