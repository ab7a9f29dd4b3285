#include "gibbsite/api/mass_adaptation.hpp"

#include <Eigen/Cholesky>

#include "gibbsite/core/error.hpp"

namespace gibbsite {
namespace {

enum class Phase { outside, inside, closing };

// Where step `at.done` (from 1) lies in the schedule of windows.
Phase phase(Warmup at) {
  Index first = 75, last = 50, size = 25;
  if (at.total < first + last + size) {
    first = at.total * 15 / 100;
    last = at.total / 10;
    size = at.total - first - last;
  }
  const Index end = at.total - last;
  if (at.total < 20 || at.done <= first || at.done > end) return Phase::outside;
  for (Index begin = first; begin < end;) {
    // A window that would leave too little for the next one, twice as long, runs to the end.
    const Index close = begin + 3 * size > end ? end : begin + size;
    if (at.done <= close) return at.done == close ? Phase::closing : Phase::inside;
    begin = close;
    size *= 2;
  }
  return Phase::outside;
}

}  // namespace

void MassAdaptation::init(Table& tuning) const {
  tuning.middleRows(row_, dim_).setOnes();
  tuning.middleRows(row_ + dim_, 2 * dim_ + 1).setZero();
}

bool MassAdaptation::adapt(Table& tuning, const Batch& x, Warmup at) const {
  const Phase now = phase(at);
  if (now == Phase::outside) return false;
  auto mean = tuning.middleRows(row_ + dim_, dim_);
  auto squares = tuning.middleRows(row_ + 2 * dim_, dim_);
  auto count = tuning.row(row_ + 3 * dim_);
  count += 1;
  const Table step = x.cast<double>().array() - mean;
  mean += step.rowwise() / count;
  squares += step * (x.cast<double>().array() - mean);
  if (now != Phase::closing) return false;
  const double n = count(0);
  if (n > 1) tuning.middleRows(row_, dim_) = squares / (n - 1) * (n / (n + 5)) + 1e-3 * 5 / (n + 5);
  tuning.middleRows(row_ + dim_, 2 * dim_ + 1).setZero();
  return n > 1;
}

void MassAdaptation::scale(const Table& tuning, Batch& v) const {
  v.array() *= inverse_mass(tuning).sqrt().cast<Real>();
}

void DenseMassAdaptation::init(Table& tuning) const {
  tuning.middleRows(row_, rows()).setZero();
  for (Index i = 0; i < dim_; ++i) tuning.row(row_ + i * (dim_ + 1)).setOnes();
}

bool DenseMassAdaptation::adapt(Table& tuning, const Batch& x, Warmup at) const {
  const Phase now = phase(at);
  if (now == Phase::outside) return false;
  const Index first = row_ + dim_ * dim_;
  const double n = ++tuning(first + dim_ + dim_ * dim_, 0);
  const bool closes = now == Phase::closing && n > 1;
  for (Index c = 0; c < tuning.cols(); ++c) {
    double* const window = tuning.col(c).data() + first;
    Eigen::Map<Eigen::VectorXd> mean(window, dim_);
    Eigen::Map<Eigen::MatrixXd> products(window + dim_, dim_, dim_);
    window[dim_ + dim_ * dim_] = n;
    const Eigen::VectorXd step = x.col(c).cast<double>() - mean;
    mean += step / n;
    const Eigen::VectorXd rest = x.col(c).cast<double>() - mean;
    for (Index j = 0; j < dim_; ++j) products.col(j) += step * rest(j);
    if (!closes) continue;
    Eigen::MatrixXd covariance = products / (n - 1) * (n / (n + 5));
    covariance.diagonal().array() += 1e-3 * 5 / (n + 5);
    const Eigen::LLT<Eigen::MatrixXd> cholesky(covariance);
    // Draws so far apart that rounding makes the matrix indefinite teach nothing.
    if (cholesky.info() == Eigen::Success)
      Eigen::Map<Eigen::MatrixXd>(tuning.col(c).data() + row_, dim_, dim_) = cholesky.matrixL();
  }
  if (now == Phase::closing) tuning.middleRows(first, dim_ + dim_ * dim_ + 1).setZero();
  return closes;
}

// Sums in a fixed order, one chain at a time, so that a chain does not feel its batch.
void DenseMassAdaptation::scale(const Table& tuning, Batch& v) const {
  for (Index c = 0; c < v.cols(); ++c) {
    const auto L = factor(tuning, c);
    Eigen::VectorXd sum = Eigen::VectorXd::Zero(dim_);
    for (Index j = 0; j < dim_; ++j)
      sum.tail(dim_ - j) += double(v(j, c)) * L.col(j).tail(dim_ - j);
    v.col(c) = sum.cast<Real>();
  }
}

void DenseMassAdaptation::scale_transposed(const Table& tuning, Batch& v) const {
  for (Index c = 0; c < v.cols(); ++c) {
    const auto L = factor(tuning, c);
    for (Index j = 0; j < dim_; ++j) {
      double sum = 0;
      for (Index i = j; i < dim_; ++i) sum += L(i, j) * double(v(i, c));
      v(j, c) = Real(sum);
    }
  }
}

std::unique_ptr<MassMatrix> mass_matrix(const std::string& form, Index first_row, Index dim) {
  if (form == "identity") return std::make_unique<MassMatrix>();
  if (form == "diagonal") return std::make_unique<MassAdaptation>(first_row, dim);
  if (form == "dense") return std::make_unique<DenseMassAdaptation>(first_row, dim);
  throw Error("a mass matrix must be identity, diagonal or dense, got " + form);
}

}  // namespace gibbsite
