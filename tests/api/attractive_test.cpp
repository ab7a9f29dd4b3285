// Which models keep the order of configurations.
#include <gibbsite/api/attractive.hpp>

#include "support/make.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

TEST_CASE("the order of configurations is kept by attraction alone") {
  CHECK(obstacle_to_order(*make_model("{name: ising, sides: [3], coupling: .1, field: [-1]}"))
            .empty());
  CHECK(obstacle_to_order(*make_model("{name: ising, sides: [3], coupling: -.1}")) ==
        "needs attraction, got units 0 and 1 that favour unlike states");
  CHECK(obstacle_to_order(*make_model("{name: potts, sides: [3], levels: 3, coupling: 1}")) ==
        "needs units of two states, got 9 categorical(3)");
  CHECK(obstacle_to_order(*recipe_rbm(4, 3, 1)) ==
        "needs weights >= 0, got a negative one between visible unit 0 and hidden unit 2");
  CHECK(obstacle_to_order(*make_model("{name: mlp, units: 5, hidden: [4], domain: spin}")) ==
        "needs a model of pair interactions or with a hidden layer");
  CHECK(obstacle_to_order(*make_model("{name: rbm, visible: 3, hidden: 2, weight_scale: 0}"))
            .empty());
}

TEST_CASE("the extreme configurations are of each unit's own coding") {
  const Domain domain{{{Domain::Kind::spin, 2, 2}, {Domain::Kind::binary, 1, 2}}};
  CHECK(extreme_configuration(domain, true) == Vector::Ones(3));
  Vector bottom(3);
  bottom << Real(-1), Real(-1), Real(0);
  CHECK(extreme_configuration(domain, false) == bottom);
}
