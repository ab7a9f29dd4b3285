#include "gibbsite/api/directional.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "gibbsite/api/batch_sums.hpp"

namespace gibbsite {
namespace {

// Directions whose points are held at once.
constexpr Index most_directions = 64;

// The points x + k h u, and their factors in the two stencils times 12h and 12h².
constexpr std::array<double, 4> multiples = {-2, -1, 1, 2};
constexpr std::array<double, 4> of_first = {1, -8, 8, -1};
constexpr std::array<double, 4> of_second = {-1, 16, 16, -1};
constexpr double of_second_at_x = -30;

}  // namespace

void DifferenceParams::fields(Fields& f) {
  f.positive("length_scale", length_scale,
             "length in x over which the energy changes; derivatives are differences over small "
             "parts of it");
}

DirectionalDerivatives::DirectionalDerivatives(const DifferenceParams& params, const Context& c)
    : differentiable_(c.require<Differentiable>()),
      parametric_(c.require<Parametric>()),
      step_(std::pow(double(std::numeric_limits<Real>::epsilon()), 1.0 / 6) * params.length_scale) {
  if (!c.model->domain().all(Domain::Kind::real))
    throw Error(c.subject + ": needs a model on real coordinates, got " + c.model->domain().text());
}

Batch DirectionalDerivatives::points(const Eigen::Ref<const Vector>& x,
                                     const BatchView& directions) const {
  Batch all(x.size(), 4 * directions.cols());
  for (Index j = 0; j < directions.cols(); ++j)
    for (std::size_t k = 0; k < 4; ++k)
      all.col(4 * j + Index(k)) = x + Real(multiples[k] * step_) * directions.col(j);
  return all;
}

Eigen::ArrayXd DirectionalDerivatives::curvatures(const Eigen::Ref<const Vector>& x,
                                                  const BatchView& directions) const {
  Eigen::ArrayXd all = Eigen::ArrayXd::Zero(directions.cols());
  Row energy;
  Batch gradient;
  for (Index begin = 0; begin < directions.cols(); begin += most_directions) {
    const Index count = std::min(most_directions, directions.cols() - begin);
    differentiable_.energy_and_gradient(points(x, directions.middleCols(begin, count)), energy,
                                        gradient);
    for (Index j = 0; j < count; ++j)
      for (std::size_t k = 0; k < 4; ++k)
        all(begin + j) += of_first[k] / (12 * step_) *
                          directions.col(begin + j).cast<double>().dot(
                              gradient.col(4 * j + Index(k)).cast<double>());
  }
  return all;
}

void DirectionalDerivatives::add(const Eigen::Ref<const Vector>& x, const BatchView& directions,
                                 const Eigen::Ref<const Eigen::ArrayXd>& first,
                                 const Eigen::Ref<const Eigen::ArrayXd>& second,
                                 Parameters& out) const {
  const double by_step = 1 / (12 * step_), by_square = 1 / (12 * step_ * step_);
  for (Index begin = 0; begin < directions.cols(); begin += most_directions) {
    const Index count = std::min(most_directions, directions.cols() - begin);
    Row weights(4 * count);
    for (Index j = 0; j < count; ++j)
      for (std::size_t k = 0; k < 4; ++k)
        weights(4 * j + Index(k)) =
            first(begin + j) * by_step * of_first[k] + second(begin + j) * by_square * of_second[k];
    parametric_.parameter_gradient(points(x, directions.middleCols(begin, count)), weights, out);
  }
  const double at_x = of_second_at_x * by_square * second.sum();
  if (at_x != 0) parametric_.parameter_gradient(x, Row::Constant(1, at_x), out);
}

void DirectionalDerivatives::add_along(const Eigen::Ref<const Vector>& x,
                                       const Eigen::Ref<const Vector>& r, double factor,
                                       Parameters& out) const {
  const double length = r.cast<double>().norm();
  if (length == 0) return;
  const Batch direction = (r.cast<double>() / length).cast<Real>();
  add(x, direction, Eigen::ArrayXd::Constant(1, factor * length), Eigen::ArrayXd::Zero(1), out);
}

GradientEstimate sum_over_scores(const BatchView& x, const DirectionalDerivatives& derivatives,
                                 const Workers& workers, const AddObservation& one) {
  return sum_over_blocks(
      x.cols(), derivatives.parametric(), workers,
      [&](Index first, Index count, double& objective, Parameters& ascent) {
        Row energy;
        Batch gradient;
        derivatives.differentiable().energy_and_gradient(x.middleCols(first, count), energy,
                                                         gradient);
        if (!gradient.allFinite())
          throw Diverged("the gradient of the energy at an observation is not finite");
        for (Index n = 0; n < count; ++n)
          one(first + n, x.col(first + n), gradient.col(n), objective, ascent);
      });
}

}  // namespace gibbsite
