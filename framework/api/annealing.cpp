#include "gibbsite/api/annealing.hpp"

#include <algorithm>
#include <cmath>

#include "gibbsite/core/error.hpp"
#include "gibbsite/core/log_weights.hpp"

namespace gibbsite {

void AnnealingParams::fields(Fields& f) {
  f.count("temperatures", temperatures, "number T of steps from β = 0 to 1");
  f.count("steps", steps, "kernel steps per move");
  f.choice(
      "schedule", schedule, {"linear", "salakhutdinov_murray", "adaptive"},
      "spacing of β: even; 500, 4000, 10000 of 14500 in [0, .5], [.5, .9], [.9, 1]; or even in "
      "the conditional effective sample size that a pilot finds");
  f.integer("pilot", pilot, "schedule adaptive: particles of the pilot", {.minimum = 2});
  f.choice("base", base, {"uniform", "data"},
           "units at β = 0: uniform (real ones N(0, 1)), or by their law in the training data");
  f.positive("smoothing", smoothing, "base data: pseudo-counts of each state per training row");
  f.plugin("base_model", base_model, Kind::model,
           "a model to start from in place of `base`; needs a known log Z and exact draws");
  f.plugin("sampler", sampler, Kind::sampler, "the Markov kernel K; its step size stays fixed");
}

std::unique_ptr<Independent> annealing_base(const std::string& base, double smoothing,
                                            const Context& context) {
  const Domain& domain = context.model->domain();
  using Owned = std::unique_ptr<Independent>;
  if (base == "uniform") return Owned(new Independent(Independent::uniform(domain)));
  const Dataset& data = context.require_train();
  return Owned(
      new Independent(Independent::from_data(domain, data, smoothing * double(data.size()))));
}

Annealing::Annealing(const AnnealingParams& params, const Context& context, Kernels kernels)
    : params_(params), context_(context) {
  if (context.model == nullptr) throw Error(context.subject + ": needs a model");
  const Domain& domain = context.model->domain();
  if (params.base_model)
    base_ = context.energy_model(params.base_model);
  else
    base_ = annealing_base(params.base, params.smoothing, context);
  const auto* known = base_->capability<Normalized>();
  if (known == nullptr || !known->log_partition(1) || base_->capability<Exact>() == nullptr)
    throw Error(context.subject + ": base_model must have a known log Z and exact draws");
  const Walker trial(*this);  // refuses now what could not run later
  Batch x(domain.dim(), 1);
  Row whole, alone;
  base_->capability<Exact>()->draw(Stream(0), x);
  trial.path_.energy(x, whole);
  base_->energy(x, alone);
  log_z0_ = *known->log_partition(1) - (whole(0) - alone(0));
  if (!std::isfinite(log_z0_))
    throw Error(context.subject + ": the path has no finite log Z at β = 0");
  if (kernels == Kernels::reversible && !trial.kernel().is_reversible())
    throw Error(
        context.subject + ": sampler: must be reversible, for moves that are read backwards, got " +
        params.sampler.name +
        (params.sampler.name == "gibbs" ? " with a systematic scan (scan: palindromic is)" : ""));
  if (!trial.kernel().keeps_x_alone())
    caveat_ = params.sampler.name + " does not leave the laws on the path exactly as they are";
}

Annealing::Walker::Walker(const Annealing& of)
    : of_(of),
      path_(WeightedSum::path(*of.base_, *of.context_.model, 0)),
      kernel_(of.context_.sampler(of.params_.sampler, &path_)) {}

Row Annealing::Walker::log_weight(const BatchView& x, double from, double to) const {
  Row step = path_.energy_difference(x, {1 - from, from}, {1 - to, to});
  if (step.isNaN().any())
    throw Diverged("an energy is NaN between β = " + number_text(from) + " and " + number_text(to));
  return step;
}

Row Annealing::Walker::slope(const BatchView& x, double beta) const {
  const EnergyModel& model = *of_.context_.model;
  Row slope, base;
  of_.base_->energy(x, base);
  if (path_.capability<Latent>() != nullptr) {
    // E_β(v) = (1-β) E_base(v) + β A(v) - ln Z(β η(v)).
    const Latent& latent = *model.capability<Latent>();
    Batch natural;
    latent.visible_energy(x, slope);
    latent.hidden_natural(x, natural);
    slope -= log_partition_slope(latent.hidden(), natural, beta);
  } else {
    model.energy(x, slope);
  }
  slope -= base;
  if (slope.isNaN().any()) throw Diverged("an energy is NaN at β = " + number_text(beta));
  return slope;
}

void Annealing::Walker::move(Chains& now, double beta, Stream random) {
  path_.set_weights({1 - beta, beta});
  kernel_->refresh(now);
  for (Index k = 0; k < of_.params_.steps; ++k) kernel_->step(now, random.split(std::uint64_t(k)));
}

Annealing::Leg Annealing::upwards(const std::vector<double>& ladder, Index chains,
                                  const Stream& start) const {
  return {.ladder = ladder,
          .start =
              [this, chains, start] {
                Batch x(base_->dim(), chains);
                base_->capability<Exact>()->draw(start, x);
                return x;
              },
          .chains = chains,
          .last_position = ladder.size() - 1};
}

Eigen::ArrayXd Annealing::run(const Leg& leg, const Evaluation::Input& input,
                              const Stream& moves) const {
  const Index total = Index(leg.ladder.size()) - 1, width = block_width(leg.chains);
  Saved& saved = input.saved;
  saved.numbers.resize(std::max(saved.numbers.size(), std::size_t(leg.first_number + leg.chains)));
  const Eigen::Map<Eigen::ArrayXd> log_weights(saved.numbers.data() + leg.first_number, leg.chains);
  const std::uint64_t end = leg.first_position + std::uint64_t(total);
  if (saved.position >= end) return log_weights;
  std::vector<std::unique_ptr<Walker>> walkers(std::size_t(block_count(leg.chains)));
  for (auto& walker : walkers) {
    walker = std::make_unique<Walker>(*this);
    walker->path_.share_inputs();
  }
  if (saved.position == leg.first_position) {
    const Batch x = leg.start();
    saved.chains.clear();
    for (Index first = 0; first < leg.chains; first += width)
      saved.chains.push_back(walkers[std::size_t(first / width)]->init(
          x.middleCols(first, std::min(width, leg.chains - first))));
  }
  const auto advance = [&](Index b, Index first, Index last) {
    Walker& walker = *walkers[std::size_t(b)];
    Chains& now = saved.chains[std::size_t(b)];
    Eigen::Map<Row> own(saved.numbers.data() + leg.first_number + b * width, now.x.cols());
    const auto move = [&](Index t) {
      walker.move(now, leg.ladder[std::size_t(t)],
                  moves.at(std::uint64_t(t)).chains_from(b * width));
    };
    if (first == 0 && leg.moves_first) move(0);
    for (Index t = first + 1; t <= last; ++t) {
      own += walker.log_weight(now.x, leg.ladder[std::size_t(t - 1)], leg.ladder[std::size_t(t)]);
      if (t < total) move(t);
    }
  };
  while (saved.position < end) {
    const Index first = Index(saved.position - leg.first_position);
    const Index last = std::min(total, first + total / 100 + 1);
    context_.workers->run(Index(walkers.size()), [&](Index b) { advance(b, first, last); });
    saved.position = leg.first_position + std::uint64_t(last);
    const double ess = std::round(summarise(log_weights).effective_sample_size);
    input.desk.report(double(saved.position), double(leg.last_position),
                      "ESS " + number_text(ess) + " of " + std::to_string(leg.chains));
  }
  return log_weights;
}

}  // namespace gibbsite
