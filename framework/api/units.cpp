#include <cmath>
#include <limits>
#include <numbers>
#include <type_traits>

#include "gibbsite/api/domain.hpp"
#include "gibbsite/core/choice.hpp"
#include "gibbsite/core/kernels.hpp"
#include "gibbsite/core/numerics.hpp"
#include "gibbsite/core/rectified.hpp"

namespace gibbsite {
namespace {

using Kind = Domain::Kind;

bool has_precision(const Domain::Part& part) {
  return part.kind == Kind::real || part.kind == Kind::rectified;
}

Index rows_per_unit(const Domain::Part& part) {
  return has_precision(part) ? 2 : part.kind == Kind::categorical ? part.levels : 1;
}

// Calls visit(part, first coordinate, first natural row) for each part.
template <class Visit>
void each_part(const Domain& domain, Visit visit) {
  Index site = 0, row = 0;
  for (const auto& part : domain.parts) {
    visit(part, site, row);
    site += part.count;
    row += part.count * rows_per_unit(part);
  }
}

// The numbers themselves where Real is double, nothing where they must be converted.
[[maybe_unused]] const double* as_doubles(const double* numbers) { return numbers; }
[[maybe_unused]] const double* as_doubles(const float*) { return nullptr; }

double unit_log_partition(const Domain::Part& part, const double* eta) {
  switch (part.kind) {
    case Kind::binary:
      return softplus(*eta);
    case Kind::spin:
      return std::abs(*eta) + std::log1p(std::exp(-2 * std::abs(*eta)));
    case Kind::categorical:
      return log_sum_exp(Eigen::Map<const Eigen::ArrayXd>(eta, part.levels));
    case Kind::rectified:
      return rectified_log_partition(eta[0], eta[1]);
    case Kind::real:
      break;
  }
  const double linear = eta[0], precision = eta[1];
  if (!(precision > 0)) return std::numeric_limits<double>::quiet_NaN();
  return 0.5 * std::log(2 * std::numbers::pi / precision) + linear * linear / (2 * precision);
}

double unit_energy(const Domain::Part& part, const Real* eta, double x) {
  switch (part.kind) {
    case Kind::binary:
    case Kind::spin:
      return double(*eta) * x;
    case Kind::categorical:
      return double(eta[Index(x)]);
    case Kind::real:
    case Kind::rectified:
      break;
  }
  return double(eta[0]) * x - 0.5 * double(eta[1]) * x * x;
}

// The probabilities of a categorical unit's states.
Eigen::ArrayXd probabilities(const Domain::Part& part, const Real* eta) {
  const Eigen::ArrayXd wide = Eigen::Map<const Vector>(eta, part.levels).cast<double>();
  return (wide - log_sum_exp(wide)).exp();
}

Real unit_mean(const Domain::Part& part, const Real* eta) {
  switch (part.kind) {
    case Kind::binary:
      return Real(sigmoid(double(*eta)));
    case Kind::spin:
      return Real(std::tanh(double(*eta)));
    case Kind::real:
      return eta[0] / eta[1];
    case Kind::rectified:
      return Real(rectified_mean(double(eta[0]), double(eta[1])));
    case Kind::categorical:
      break;
  }
  const Eigen::ArrayXd p = probabilities(part, eta);
  return Real((p * Eigen::ArrayXd::LinSpaced(part.levels, 0, double(part.levels - 1))).sum());
}

// E[η·T(x)] under natural parameters s η. With a precision p and a linear term l, integration by
// parts gives E[x²] = (1 + s l E[x])/(s p) on the line and on x >= 0 alike.
double unit_slope(const Domain::Part& part, const Eigen::Ref<const Eigen::ArrayXd>& eta, double s) {
  switch (part.kind) {
    case Kind::binary:
      return eta(0) * sigmoid(s * eta(0));
    case Kind::spin:
      return eta(0) * std::tanh(s * eta(0));
    case Kind::categorical:
      return (eta * (s * eta - log_sum_exp(s * eta)).exp()).sum();
    case Kind::rectified:
      return (eta(0) * rectified_mean(s * eta(0), s * eta(1)) - 1 / s) / 2;
    case Kind::real:
      break;
  }
  return (eta(0) * eta(0) / eta(1) - 1 / s) / 2;
}

Real draw_category(const Domain::Part& part, const Real* eta, double u) {
  const Eigen::ArrayXd p = probabilities(part, eta);
  double below = 0;
  for (Index k = 0; k + 1 < part.levels; ++k) {
    below += p(k);
    if (u < below) return Real(k);
  }
  return Real(part.levels - 1);
}

void sample_part(const Domain::Part& part, const BatchView& eta, Stream& random,
                 Eigen::Ref<Batch> x) {
  if (part.kind == Kind::binary) {
    random.bernoulli(eta, x);
  } else if (part.kind == Kind::spin) {
    random.bernoulli(Real(2) * eta, x);
    x.array() = Real(2) * x.array() - Real(1);
  } else if (part.kind == Kind::real) {
    random.normal(x);
    for (Index c = 0; c < x.cols(); ++c)
      for (Index i = 0; i < part.count; ++i)
        x(i, c) = eta(2 * i, c) / eta(2 * i + 1, c) + x(i, c) / std::sqrt(eta(2 * i + 1, c));
  } else if (part.kind == Kind::rectified) {
    random.uniform(x);
    for (Index c = 0; c < x.cols(); ++c)
      for (Index i = 0; i < part.count; ++i)
        x(i, c) = Real(
            rectified_quantile(double(eta(2 * i, c)), double(eta(2 * i + 1, c)), double(x(i, c))));
  } else if (Outcomes::current() != nullptr) {
    for (Index c = 0; c < x.cols(); ++c)
      for (Index i = 0; i < part.count; ++i)
        x(i, c) = Real(choose(
            eta.col(c).segment(i * part.levels, part.levels).cast<double>().array(), random));
  } else {
    random.uniform(x);
    for (Index c = 0; c < x.cols(); ++c)
      for (Index i = 0; i < part.count; ++i)
        x(i, c) = draw_category(part, eta.col(c).data() + i * part.levels, double(x(i, c)));
  }
}

}  // namespace

Index natural_rows(const Domain& domain) {
  Index rows = 0;
  for (const auto& part : domain.parts) rows += part.count * rows_per_unit(part);
  return rows;
}

Row natural_energy(const Domain& domain, const BatchView& natural, const BatchView& x) {
  Row out = Row::Zero(x.cols());
  for (Index c = 0; c < x.cols(); ++c)
    each_part(domain, [&](const Domain::Part& part, Index site, Index row) {
      if (part.levels == 2 && part.kind != Kind::categorical) {
        out(c) += natural.col(c)
                      .segment(row, part.count)
                      .template cast<double>()
                      .dot(x.col(c).segment(site, part.count).template cast<double>());
        return;
      }
      for (Index i = 0; i < part.count; ++i, row += rows_per_unit(part))
        out(c) += unit_energy(part, natural.col(c).data() + row, double(x(site + i, c)));
    });
  return out;
}

Row log_partition(const Domain& domain, const BatchView& natural, double scale) {
  Row out = Row::Zero(natural.cols());
  Eigen::VectorXd wide(natural.rows());
  for (Index c = 0; c < natural.cols(); ++c) {
    const double* eta = scale == 1 ? as_doubles(natural.col(c).data()) : nullptr;
    if (eta == nullptr) {
      wide = scale * natural.col(c).template cast<double>();
      eta = wide.data();
    }
    each_part(domain, [&](const Domain::Part& part, Index, Index row) {
      if (part.kind == Kind::binary) {
        out(c) += kernels<double>().softplus_sum(eta + row, part.count);
        return;
      }
      for (Index i = 0; i < part.count; ++i, row += rows_per_unit(part))
        out(c) += unit_log_partition(part, eta + row);
    });
  }
  return out;
}

Row log_partition_slope(const Domain& domain, const BatchView& natural, double scale) {
  Row out = Row::Zero(natural.cols());
  for (Index c = 0; c < natural.cols(); ++c) {
    const Eigen::ArrayXd eta = natural.col(c).template cast<double>();
    each_part(domain, [&](const Domain::Part& part, Index, Index row) {
      for (Index i = 0; i < part.count; ++i, row += rows_per_unit(part))
        out(c) += unit_slope(part, eta.segment(row, rows_per_unit(part)), scale);
    });
  }
  return out;
}

Batch mean(const Domain& domain, const BatchView& natural) {
  Batch out(domain.dim(), natural.cols());
  for (Index c = 0; c < natural.cols(); ++c)
    each_part(domain, [&](const Domain::Part& part, Index site, Index row) {
      if (part.kind == Kind::binary) {
        kernels<Real>().sigmoid(natural.col(c).data() + row, out.col(c).data() + site, part.count);
        return;
      }
      for (Index i = 0; i < part.count; ++i, row += rows_per_unit(part))
        out(site + i, c) = unit_mean(part, natural.col(c).data() + row);
    });
  return out;
}

void sample(const Domain& domain, const BatchView& natural, Stream& random, Eigen::Ref<Batch> x) {
  if (domain.parts.size() == 1) return sample_part(domain.parts[0], natural, random, x);
  each_part(domain, [&](const Domain::Part& part, Index site, Index row) {
    sample_part(part, natural.middleRows(row, part.count * rows_per_unit(part)), random,
                x.middleRows(site, part.count));
  });
}

}  // namespace gibbsite
