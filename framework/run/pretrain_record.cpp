#include "gibbsite/run/pretrain_record.hpp"

#include <numeric>

namespace gibbsite {
namespace {

struct Column {
  const char* name;
  Stored type;
};
constexpr Column recorded[] = {{"part", Stored::int64},
                               {"update", Stored::int64},
                               {"objective", Stored::float64},
                               {"energy_gap", Stored::float64},
                               {"gradient_norm", Stored::float64},
                               {"parameter_norm", Stored::float64},
                               {"learning_rate", Stored::float64},
                               {"seconds", Stored::float64},
                               {"energy_evaluations", Stored::int64},
                               {"gradient_evaluations", Stored::int64},
                               {"parameter_gradient_evaluations", Stored::int64},
                               {"site_updates", Stored::int64}};

}  // namespace

void record_pretraining(Session& session, const GradientEstimate& estimate, double learning_rate) {
  Pretraining& state = session.state.pretraining;
  const Evaluations spent = session.evaluations();
  for (const double value :
       {double(state.part), double(state.update), estimate.objective, estimate.energy_gap,
        estimate.ascent.norm(), state.theta.norm(), learning_rate, session.seconds(),
        double(spent.energy), double(spent.gradient), double(spent.parameter_gradient),
        double(spent.site_updates)})
    state.rows.push_back(value);
}

void write_pretraining(Hdf5Writer& file, const Session& session) {
  if (session.experiment.train->pretraining.empty()) return;
  const std::vector<double>& rows = session.state.pretraining.rows;
  const std::size_t width = std::size(recorded);
  std::vector<double> numbers(rows.size() / width);
  std::iota(numbers.begin(), numbers.end(), 0.0);
  file.dimension("/pretraining", "row", numbers);
  for (std::size_t k = 0; k < width; ++k) {
    std::vector<double> values;
    for (std::size_t at = k; at < rows.size(); at += width) values.push_back(rows[at]);
    file.put("/pretraining", recorded[k].name, recorded[k].type, {"row"}, values);
  }
}

}  // namespace gibbsite
