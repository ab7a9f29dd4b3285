// What warm-up learns, and step sizes that shrink.
#include "gibbsite/api/step_size.hpp"

#include <cmath>

#include "support/make.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

// Windows of a warm-up of `total` steps filled with draws of a normal law of covariance A Aᵀ.
Table learnt(const MassMatrix& mass, const Eigen::MatrixXd& A, Index chains, Index total) {
  Table tuning(mass.rows(), chains);
  mass.init(tuning);
  Batch z(A.rows(), chains);
  for (Index n = 1; n <= total; ++n) {
    Stream(1).at(std::uint64_t(n)).normal(z);
    mass.adapt(tuning, (A * z.cast<double>()).cast<Real>(), {n, total});
  }
  return tuning;
}

Batch identity(Index dim) { return Batch::Identity(dim, dim); }

}  // namespace

TEST_CASE("dual averaging stays finite whatever the acceptance is, for as long as one likes") {
  const DualAveraging averaging(0, 0.8);
  for (const double acceptance : {0.0, 1.0, std::nan("")})
    for (const double start : {1e-30, 1.0, 1e9}) {
      CAPTURE(acceptance);
      CAPTURE(start);
      Table tuning(DualAveraging::rows, 1);
      averaging.init(tuning, start);
      for (Index n = 1; n <= 200000; ++n)
        averaging.adapt(tuning, Row::Constant(1, acceptance), {n, 200000});
      CHECK(tuning.isFinite().all());
      CHECK(tuning(0, 0) > 0);
      CHECK((acceptance == 1 ? tuning(0, 0) > start : tuning(0, 0) < start));
      averaging.restart(tuning);
      CHECK(tuning.isFinite().all());
    }
}

// The last window of 1000 steps has 500 draws. An entry of their covariance has the standard error
// √((S_ii S_jj + S_ij²)/500), and the shrinkage moves it by 1 %.
TEST_CASE("dense masses are the inverse covariance of the last window") {
  Eigen::MatrixXd A(3, 3);
  A << 10, 0, 0, -3, 1, 0, .02, .03, .05;
  const Eigen::MatrixXd truth = A * A.transpose();
  const DenseMassAdaptation mass(0, 3);
  const Table tuning = learnt(mass, A, 4, 1000);
  for (Index c = 0; c < 4; ++c) {
    const Eigen::MatrixXd L = mass.factor(tuning, c);
    CHECK(L.isLowerTriangular());
    const Eigen::MatrixXd found = L * L.transpose();
    for (Index i = 0; i < 3; ++i)
      for (Index j = 0; j < 3; ++j) {
        const double error =
            std::sqrt((truth(i, i) * truth(j, j) + truth(i, j) * truth(i, j)) / 500);
        CHECK(std::abs(found(i, j) - truth(i, j)) < 5 * error + .01 * std::abs(truth(i, j)) + 1e-5);
      }
  }
  CHECK(mass.factor(tuning, 0) != mass.factor(tuning, 1));
}

TEST_CASE("dense masses of a window are n/(n+5) S + 1e-3 · 5/(n+5) I to the last digits") {
  // Of 100 steps the one window has steps 16 ... 90.
  const DenseMassAdaptation mass(2, 2);
  Table tuning(2 + mass.rows(), 1);
  mass.init(tuning);
  Eigen::MatrixXd kept(2, 75);
  Index closed = 0;
  for (Index n = 1; n <= 100; ++n) {
    Batch x(2, 1);
    Stream(3).at(std::uint64_t(n)).normal(x);
    x(1) += 100 + x(0);
    if (n > 15 && n <= 90) kept.col(n - 16) = x.cast<double>();
    closed += mass.adapt(tuning, x, {n, 100});
  }
  CHECK(closed == 1);
  const Eigen::MatrixXd centred = kept.colwise() - kept.rowwise().mean();
  Eigen::MatrixXd expected = centred * centred.transpose() / 74 * (75. / 80);
  expected.diagonal().array() += 1e-3 * 5 / 80;
  const Eigen::MatrixXd L = mass.factor(tuning, 0);
  CHECK(distance(Eigen::MatrixXd(L * L.transpose()), expected) < 1e-12);
}

TEST_CASE("a mass matrix scales by L and its transpose, whatever its form") {
  Eigen::MatrixXd A(3, 3);
  A << 2, 0, 0, 1, 1, 0, -.5, .3, .5;
  for (const std::string form : {"identity", "diagonal", "dense"}) {
    CAPTURE(form);
    const auto mass = mass_matrix(form, 0, 3);
    Table one = learnt(*mass, A, 1, 200);
    const Table tuning = one.replicate(1, 3);
    Batch L = identity(3), transposed = identity(3);
    mass->scale(tuning, L);
    mass->scale_transposed(tuning, transposed);
    CHECK(distance(transposed, Batch(L.transpose())) == 0);
    CHECK((L == identity(3)) == (form == "identity"));
    CHECK((L(1, 0) != 0) == (form == "dense"));
  }
  CHECK(error_of([] { mass_matrix("full", 0, 3); }) ==
        "a mass matrix must be identity, diagonal or dense, got full");
}

TEST_CASE("a decreasing schedule is (b + t)^-γ, counted chain by chain beyond 2^24 steps") {
  const StepSchedule schedule{.schedule = "decreasing", .offset = 3, .exponent = 0.7};
  Chains chains;
  chains.x = Batch::Zero(1, 2);
  schedule.init(chains);
  for (int t = 0; t < 100; ++t) {
    const Row factor = schedule.next(chains);
    CHECK(std::abs(factor(0) - std::pow(3. + t, -.7)) < 1e-15);
  }
  chains.aux.col(1) << Real((1 << 20) - 1), Real(63);
  CHECK(std::abs(schedule.next(chains)(1) / std::pow(3 + 0x1p26 - 1, -.7) - 1) < 1e-12);
  CHECK(std::abs(schedule.next(chains)(1) / std::pow(3 + 0x1p26, -.7) - 1) < 1e-12);
  CHECK(std::abs(schedule.next(chains)(0) - std::pow(3 + 102., -.7)) < 1e-15);
  const StepSchedule fixed;
  CHECK((fixed.next(chains) == 1).all());
}

TEST_CASE("chosen chains come in the order asked for and go back where they were") {
  Chains all;
  all.x = Batch::Random(2, 5);
  all.energy = Row::LinSpaced(5, 0, 4);
  all.nested.resize(1);
  all.nested[0].x = Batch::Random(3, 10);
  const std::vector<Index> chosen = {4, 1};
  Chains part = columns(all, chosen);
  CHECK(part.x.col(0) == all.x.col(4));
  CHECK(part.x.col(1) == all.x.col(1));
  CHECK(part.energy(0) == 4);
  CHECK(part.gradient.size() == 0);
  CHECK(part.nested[0].x.leftCols(2) == all.nested[0].x.middleCols(8, 2));
  CHECK(part.nested[0].x.rightCols(2) == all.nested[0].x.middleCols(2, 2));
  const Chains before = all;
  part.x *= 2;
  part.nested[0].x *= 3;
  set_columns(all, chosen, part);
  CHECK(all.x.col(4) == 2 * before.x.col(4));
  CHECK(all.x.col(0) == before.x.col(0));
  CHECK(all.nested[0].x.col(9) == 3 * before.nested[0].x.col(9));
  CHECK(all.nested[0].x.col(7) == before.nested[0].x.col(7));
}
