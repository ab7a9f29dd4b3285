// Means over repetitions, and whether two of them differ.
#pragma once

#include <vector>

namespace gibbsite {

/// A mean with its 95 % interval. What is not known is NaN: one value has no interval.
struct Mean {
  int count = 0;
  double value = 0;
  double standard_error = 0;
  double low = 0, high = 0;
};

/// The mean of independent values of one law with Student's interval, of count - 1 degrees of
/// freedom; NaN where there are no values.
Mean mean_of(const std::vector<double>& values);

/// The two-sided p-value of "the mean is 0" by Student's t; 1 or 0 where all values were equal. NaN
/// where there is no standard error.
double student_p(const Mean& mean);

/// The same of one value with a known standard error, by the normal law.
double normal_p(double value, double standard_error);

/// A mean of one value from its known standard error, with the normal interval.
Mean known_mean(double value, double standard_error);

/// The p-values corrected for their number (Holm 1979, Scandinavian Journal of Statistics 6:65-70).
/// NaN stands for no test: it stays NaN and does not count.
std::vector<double> holm(const std::vector<double>& p);

}  // namespace gibbsite
