// Ascent along exact gradients against trajectories that were computed independently.
#include "support/trained.hpp"

using namespace gibbsite;

namespace {

struct Point {
  std::uint64_t update;
  double log_likelihood;
  double log_partition = 0;  // 0: not known
};

void check_trajectory(Index hidden, const std::vector<Point>& points) {
  test::ExactTraining training(hidden);
  for (const Point& point : points) {
    training.advance(point.update);
    const Result now = training.likelihood();
    CAPTURE(hidden);
    CAPTURE(point.update);
    CHECK(std::abs(test::value_of(now, "mean_log_likelihood_train") - point.log_likelihood) < 1e-8);
    if (point.log_partition != 0)
      CHECK(std::abs(test::value_of(now, "log_partition") - point.log_partition) < 1e-8);
  }
}

}  // namespace

TEST_CASE("exact ascent on 3x3 bars and stripes follows the tabulated trajectory to 1e-8") {
  check_trajectory(4, {{0, -6.2393788771, 8.9796442659},
                       {1, -6.2392834432},
                       {10, -6.2386094955},
                       {100, -6.2334910574, 9.0016437355},
                       {1000, -5.6564114560, 8.9323154431}});
  check_trajectory(8, {{0, -6.2427714304}, {100, -6.2307686796}, {1000, -5.5253989535}});
  check_trajectory(
      16, {{0, -6.2426922204}, {100, -6.2218091281}, {1000, -4.9407730013, 17.5846131811}});
}

TEST_CASE("after 20000 updates exact ascent is still on the tabulated trajectory" *
          doctest::test_suite("slow")) {
  check_trajectory(4, {{5000, -3.8715395167}, {20000, -3.3391422173}});
  check_trajectory(8, {{5000, -2.7598032450}, {20000, -2.6248509648, 45.5391987541}});
  check_trajectory(16, {{5000, -2.7099793551}, {20000, -2.6108934299, 50.9981020952}});
}
