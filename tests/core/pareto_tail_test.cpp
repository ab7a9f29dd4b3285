#include <doctest/doctest.h>

#include <cmath>
#include <gibbsite/core/pareto_tail.hpp>
#include <limits>

using namespace gibbsite;

namespace {

const double infinity = std::numeric_limits<double>::infinity();

// The quantiles of a Pareto law of shape k at (i - 1/2) / n, as log weights.
Eigen::ArrayXd pareto(Index n, double k) {
  Eigen::ArrayXd out(n);
  for (Index i = 0; i < n; ++i) out(i) = -k * std::log1p(-(double(i) + .5) / double(n));
  return out;
}

}  // namespace

TEST_CASE("the shape is that of the published algorithm to ten digits") {
  // By ArviZ's routines (0.7, psislw and _gpdfit) on the same numbers; where the tail has an end
  // they leave out points of the posterior that move the shape by 3e-7.
  const double expected[3][4] = {{.2616525576, .4919600202, .6062891119, .8923632152},
                                 {.1499642675, .4970859613, .6706577683, 1.1046739293},
                                 {.1169775865, .4990032756, .6899820349, 1.1673062998}};
  const double shapes[] = {.1, .5, .7, 1.2},
               waves[] = {-1.2439625709, -1.3917402724, -1.8191926748};
  const Index sizes[] = {100, 1000, 10000};
  for (int a = 0; a < 3; ++a) {
    for (int b = 0; b < 4; ++b)
      CHECK(std::abs(pareto_shape(pareto(sizes[a], shapes[b])) - expected[a][b]) < 1e-9);
    Eigen::ArrayXd wave(sizes[a]);  // an end, so that the shape is negative
    for (Index i = 1; i <= sizes[a]; ++i) wave(i - 1) = 3 * std::sin(1 + 1.7 * double(i * i));
    CHECK(std::abs(pareto_shape(wave) - waves[a]) < 1e-6);
  }
}

TEST_CASE("the shape depends neither on the order nor on the scale of weights, however large") {
  const Eigen::ArrayXd x = pareto(500, .6);
  const double shape = pareto_shape(x);
  CHECK(pareto_shape(x.reverse()) == shape);
  for (const double shift : {-1e5, 1e5}) CHECK(std::abs(pareto_shape(x + shift) - shape) < 1e-8);
}

TEST_CASE("weights without a tail have no shape") {
  CHECK(std::isnan(pareto_shape(Eigen::ArrayXd::Constant(1000, 3.))));
  CHECK(std::isnan(pareto_shape(pareto(20, .5))));
  CHECK(std::isnan(pareto_shape(Eigen::ArrayXd::Constant(100, -infinity))));
  Eigen::ArrayXd x = pareto(100, .5);
  x.head(50).setConstant(-infinity);  // draws that the target makes impossible
  CHECK(std::isfinite(pareto_shape(x)));
  x(3) = infinity;
  CHECK(std::isnan(pareto_shape(x)));
}
