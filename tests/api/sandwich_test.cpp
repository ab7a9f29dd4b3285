#include <doctest/doctest.h>

#include <gibbsite/api/estimate_summary.hpp>
#include <limits>

using namespace gibbsite;

namespace {

constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

Verdict verdict(double lower, double upper, double error = 0, Index temperatures = 100) {
  return {Sandwich{lower, error, upper, error, temperatures}, .5};
}

Result result_of(const std::string& bound, double value) {
  Result result;
  result.scalar("log_partition", value);
  result.scalar("standard_error", .01);
  result.attributes["bound"] = bound;
  return result;
}

}  // namespace

TEST_CASE("a verdict says how far bounds are apart, and whether they cross by more than noise") {
  CHECK(verdict(1, 1.04).agree);
  CHECK(verdict(1, 1.04).text == "lower and upper bound agree within 0.04 nats");
  CHECK_FALSE(verdict(1, 12.7).agree);
  CHECK(verdict(1, 12.7).text ==
        "forward and reverse disagree by 11.7 nats: not converged; use more than 100 temperatures");
  CHECK(verdict(1, 12.7, 0, 0).text == "lower and upper bound are 11.7 nats apart");
  CHECK_FALSE(verdict(2, 1, 1).agree);
  CHECK(verdict(2, 1, 1).text.find("within their noise") != std::string::npos);
  CHECK_FALSE(verdict(2, 1).agree);
  CHECK(verdict(2, 1).text.find("one of them is no bound") != std::string::npos);
  CHECK_FALSE(verdict(unknown, 1).agree);
  CHECK_FALSE(verdict(1, unknown).agree);
  CHECK_FALSE(verdict(1, std::numeric_limits<double>::infinity()).agree);
}

TEST_CASE("the sandwich takes the best bound of each kind, and an exact value before all") {
  std::vector<EstimateSummary> all;
  for (const auto& [bound, value] : {std::pair{"lower", 1.},
                                     {"unbiased_Z", 3.},
                                     {"lower", 2.},
                                     {"upper", 7.},
                                     {"upper", 6.},
                                     {"none", 4.},
                                     {"none", 9.}})
    all.emplace_back(result_of(bound, value));
  CHECK(sandwich_of(all).lower == 3);
  CHECK(sandwich_of(all).upper == 6);
  Result both = result_of("unbiased_Z", 2.5);
  both.scalar("log_partition_upper", 5);
  all.emplace_back(both);
  CHECK(sandwich_of(all).upper == 5);
  all.emplace_back(result_of("exact", 4));
  CHECK(sandwich_of(all).lower == 4);
  CHECK(sandwich_of(all).gap() == 0);
  CHECK(std::isnan(sandwich_of({EstimateSummary(result_of("none", 1))}).lower));
  CHECK(std::isnan(sandwich_of({EstimateSummary(result_of("none", 1))}).upper));
}

TEST_CASE("a stored summary is read back with its texts, one after the other") {
  Result result = result_of("upper", 3);
  result.attributes["warning"] = std::string("β is too coarse");
  std::vector<double> numbers;
  EstimateSummary(result).store(numbers);
  EstimateSummary(result_of("exact", 4)).store(numbers);
  const double* at = numbers.data();
  const EstimateSummary first(at), second(at);
  CHECK(at == numbers.data() + numbers.size());
  CHECK(first.warning == "β is too coarse");
  CHECK(first.bound == "upper");
  CHECK(first.at[EstimateSummary::estimate] == 3);
  CHECK(second.bound == "exact");
  CHECK(std::isnan(second.at[EstimateSummary::test]));
}
