#include "gibbsite/api/schedule.hpp"

#include <cmath>
#include <numbers>

namespace gibbsite {

void ScheduleParams::fields(Fields& f) {
  f.choice("schedule", schedule, {"constant", "step", "cosine", "inverse"},
           "how the learning rate falls");
  f.integer("period", period,
            "updates P: between two drops (step), until the end (cosine), until half the rate "
            "(inverse)",
            {.minimum = 1, .unset = "10000 where the schedule has one"});
  f.real("decay", decay, "factor f of one drop (step), share f left at the end (cosine)",
         {.minimum = 0, .maximum = 1, .unset = "0.1 where the schedule has one"});
  f.integer("warmup", warmup, "first updates W, in which the learning rate rises linearly",
            {.minimum = 0, .maximum = 1e12});
}

void ScheduleParams::check(const std::string& subject) const {
  const auto refuse = [&](const char* field) {
    throw Error(subject + ": " + field + ": is of no use to schedule " + schedule);
  };
  if (period && schedule == "constant") refuse("period");
  if (decay && (schedule == "constant" || schedule == "inverse")) refuse("decay");
}

double ScheduleParams::factor(std::uint64_t update) const {
  const double n = double(update), warm = double(warmup);
  if (n < warm) return (n + 1) / (warm + 1);
  const double periods = (n - warm) / double(period.value_or(10000));
  const double share = decay.value_or(0.1);
  if (schedule == "step") return std::pow(share, std::floor(periods));
  if (schedule == "inverse") return 1 / (1 + periods);
  if (schedule == "constant") return 1;
  return share + (1 - share) * (1 + std::cos(std::numbers::pi * std::min(periods, 1.0))) / 2;
}

}  // namespace gibbsite
