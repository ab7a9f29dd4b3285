#include <algorithm>
#include <cmath>
#include <numeric>

#include "gibbsite/api/enumerate.hpp"
#include "gibbsite/run/stages.hpp"

namespace gibbsite {
namespace {

Batch start_from_file(const std::string& path, Index dim, Index chains) {
  const Hdf5Reader reader(path);
  const auto shape = reader.shape("/posterior/x");
  if (shape.size() != 3 || Index(shape[0]) < chains || shape[1] < 1 || Index(shape[2]) != dim)
    throw Error("sample.init.path: " + path + " needs /posterior/x with at least " +
                std::to_string(chains) + " chains of " + std::to_string(dim) + " coordinates");
  const auto values =
      reader.read("/posterior/x", {0, shape[1] - 1, 0}, {std::size_t(chains), 1, std::size_t(dim)});
  return Eigen::Map<const Eigen::MatrixXd>(values.data(), dim, chains).cast<Real>();
}

// The whole configurations the chains start from.
Batch start(const Experiment& experiment, const Stream& random) {
  const SampleStage& stage = *experiment.sample;
  const EnergyModel& model = *experiment.model;
  Batch x(model.dim(), stage.params.chains);
  if (stage.init.from == "noise") {
    Independent::uniform(model.domain()).draw(random, x);
  } else if (stage.init.from == "value") {
    x.setConstant(Real(*stage.init.value));
  } else if (stage.init.from == "model") {
    x = exact_draws(model, stage.params.chains, random);
  } else if (stage.starts) {
    std::vector<Index> lines(std::size_t(stage.params.chains));
    std::iota(lines.begin(), lines.end(), Index{0});
    stage.starts->columns(lines, random, x);
  } else if (stage.init.from == "file") {
    x = start_from_file(stage.init.path, model.dim(), stage.params.chains);
  } else {
    const Dataset& data = stage.other ? *stage.other->train : *experiment.training;
    Stream rows = random.split("rows");
    const auto chosen = rows.below(data.size(), stage.params.chains);
    const std::vector<Index> indices(chosen.begin(), chosen.end());
    data.columns(indices, random, x);
  }
  require_inside(model.domain(), x);
  return x;
}

// One block of chains with what it needs to record them.
class Block {
 public:
  Block(const Experiment& experiment, const RecordLayout& layout, Index first)
      : experiment_(experiment),
        stage_(*experiment.sample),
        layout_(layout),
        first_(first),
        random_(Stream(experiment.seed).split("sample").chains_from(first)) {}

  // Steps number `from` to `to` (from 0, warm-up first), kept draws appended to `buffer`.
  void run(Chains& chains, Index from, Index to, DrawBuffer& buffer) const {
    for (Index t = from; t < to; ++t) {
      const Index dim = chains.x.rows(), width = chains.x.cols();
      stage_.sampler->step(chains, random_.at(std::uint64_t(t)));
      require_shape(chains, dim, width);
      const bool warm = t < stage_.params.warmup;
      if (warm) stage_.sampler->adapt(chains, {.done = t + 1, .total = stage_.params.warmup});
      const Index in_phase = warm ? t : t - stage_.params.warmup;
      if ((in_phase + 1) % stage_.params.thin == 0 && (!warm || stage_.params.save_warmup))
        keep(chains, t, buffer);
    }
  }

 private:
  void require_shape(const Chains& chains, Index dim, Index width) const {
    const Index kept = stage_.record_energy ? 2 : 0;
    const Index rows = Index(layout_.statistics.size()) - kept;
    const auto require = [](const char* what, const auto& got, Index high, Index wide) {
      if (got.rows() == high && got.cols() == wide) return;
      throw Error("the sampler leaves " + std::string(what) + " of " + std::to_string(got.rows()) +
                  " x " + std::to_string(got.cols()) + ", must be " + std::to_string(high) + " x " +
                  std::to_string(wide));
    };
    require("x", chains.x, dim, width);
    if (chains.energy.size() > 0) require("energies", chains.energy, 1, width);
    if (rows > 0) require("statistics", chains.statistics, rows, width);
  }

  void keep(const Chains& chains, Index t, DrawBuffer& buffer) const {
    Table statistics(Index(layout_.statistics.size()), chains.x.cols());
    Index row = 0;
    if (stage_.record_energy) {
      Row energy = chains.energy;
      if (energy.size() == 0) {
        const EnergyModel& model = stage_.clamped ? *stage_.clamped : *experiment_.model;
        model.energy(chains.x, energy);
      }
      for (Index c = 0; c < energy.size(); ++c)
        if (!std::isfinite(energy(c)))
          throw Diverged("the energy of chain " + std::to_string(first_ + c) + " is " +
                         number_text(energy(c)) + " at step " + std::to_string(t));
      statistics.row(row++) = experiment_.temperature * energy;
      statistics.row(row++) = -energy;
    }
    statistics.bottomRows(statistics.rows() - row) = chains.statistics;
    if (stage_.clamped)
      buffer.append(first_, stage_.clamped->embed(chains.x), statistics);
    else
      buffer.append(first_, chains.x, statistics);
  }

  const Experiment& experiment_;
  const SampleStage& stage_;
  const RecordLayout& layout_;
  Index first_;
  Stream random_;
};

std::vector<Chains> start_chains(const Experiment& experiment) {
  const SampleStage& stage = *experiment.sample;
  Batch x = start(experiment, Stream(experiment.seed).split("sample").split("init"));
  if (stage.clamped) x = stage.clamped->restrict(x);
  std::vector<Chains> blocks;
  const Index width = block_width(stage.params.chains);
  for (Index first = 0; first < stage.params.chains; first += width)
    blocks.push_back(
        stage.sampler->init(x.middleCols(first, std::min(width, stage.params.chains - first))));
  return blocks;
}

}  // namespace

void sample(Session& session) {
  const Experiment& experiment = session.experiment;
  if (!experiment.sample) return;
  const SampleStage& stage = *experiment.sample;
  Checkpoint& state = session.state;
  const RecordLayout layout = record_layout(experiment);
  const Index total = stage.params.warmup + stage.params.draws * stage.params.thin;
  if (state.chains.empty()) state.chains = start_chains(experiment);
  auto buffer = std::make_shared<DrawBuffer>(layout);
  // The segment is written while the chains go on into another buffer.
  const auto close = [&] {
    if (buffer->rows() == 0) return;
    const bool warm = state.steps <= stage.params.warmup;
    const auto file = segment_file(session.folder, state.segments.size(), session.attempt);
    session.disk.add([full = buffer, file, warm] {
      full->write(file, warm ? "warmup_posterior" : "posterior",
                  warm ? "warmup_sample_stats" : "sample_stats");
    });
    session.fresh_segments.push_back(file);
    state.segments.push_back({buffer->rows(), session.attempt});
    buffer = std::make_shared<DrawBuffer>(layout);
  };
  session.before_save = close;
  const Index block = record_cut(layout).block * stage.params.thin;  // steps
  Index stride = 1;
  while (state.steps < total) {
    // A stride never crosses the end of warm-up, so that a segment belongs to one phase,
    // nor that of a block of draws, which is one segment.
    const bool warm = state.steps < stage.params.warmup;
    const Index phase_begin = warm ? 0 : stage.params.warmup;
    const Index phase_end = warm ? stage.params.warmup : total;
    const Index block_end = phase_begin + ((state.steps - phase_begin) / block + 1) * block;
    const Index to = std::min({phase_end, block_end, state.steps + stride});
    const auto begun = std::chrono::steady_clock::now();
    session.workers.run(Index(state.chains.size()), [&](Index b) {
      Block(experiment, layout, b * block_width(stage.params.chains))
          .run(state.chains[std::size_t(b)], state.steps, to, *buffer);
    });
    state.steps = to;
    // Strides of some 50 ms: results do not depend on them, the streams are keyed by the step.
    const double took =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
    stride = std::clamp<Index>(took < 0.025 ? stride * 2
                               : took > 0.1 ? stride / 2
                                            : stride,
                               1, 1 << 20);
    if (to == phase_end || to == block_end) close();
    session.report(double(state.steps), double(total),
                   state.steps <= stage.params.warmup ? "warm-up" : "sampling");
  }
  session.before_save = nullptr;
  session.disk.finish();
  state.chains.clear();
}

}  // namespace gibbsite
