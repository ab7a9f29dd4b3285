#include "gibbsite/api/particles.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "gibbsite/api/completion.hpp"
#include "gibbsite/api/independent.hpp"

namespace gibbsite {

void ParticleParams::fields(Fields& f) {
  f.flag("persistent", persistent,
         "particles go on where the last update left them (PCD) instead of starting anew");
  f.count("chains", chains,
          "persistent particles per update; without `persistent` there is one per observation");
  f.choice("start", start, {"data", "noise"},
           "where particles start: training observations (without `persistent` those of the "
           "update), or noise (fair coins, N(0, 1))");
  lasting_fields(f);
}

void ParticleParams::chain_fields(Fields& f) {
  one_per_observation = false;
  f.flag("persistent", persistent,
         "chains go on where the last update left them instead of starting anew");
  f.count("chains", chains, "chains per update");
  f.choice("start", start, {"data", "noise"},
           "where chains start: random training observations, or noise (fair coins, N(0, 1))");
  lasting_fields(f);
}

void ParticleParams::persistent_fields(Fields& f) {
  persistent = true;
  f.count("chains", chains, "persistent particles per update");
  f.choice("start", start, {"data", "noise"},
           "where particles start: random training observations, or noise (fair coins, N(0, 1))");
  lasting_fields(f);
}

void ParticleParams::lasting_fields(Fields& f) {
  f.reals("noise_range", noise_range,
          "noise on real coordinates is uniform in [least, greatest], in place of N(0, 1)",
          {.unset = "N(0, 1)"});
  f.integer("buffer_size", buffer_size,
            "persistent particles kept, of which each update moves `chains` random ones",
            {.minimum = 1, .maximum = 1e7, .unset = "chains"});
  f.fraction("reinitialization_rate", reinitialization_rate,
             "probability that a persistent particle starts anew before it is moved");
}

Particles::Particles(ParticleParams params, const Context& c, const Sampler& sampler)
    : params_(std::move(params)),
      buffer_(params_.buffer_size.value_or(params_.chains)),
      model_(*c.model),
      train_(params_.start == "data" && (params_.persistent || !params_.one_per_observation)
                 ? &c.require_train()
                 : nullptr),
      sampler_(sampler) {
  if (!params_.persistent && params_.buffer_size)
    throw Error(c.subject + ": buffer_size: must go with persistent: true");
  if (!params_.persistent && params_.reinitialization_rate > 0)
    throw Error(c.subject + ": reinitialization_rate: must go with persistent: true");
  const std::vector<double>& range = params_.noise_range;
  if (!range.empty() && (range.size() != 2 || !(range[0] < range[1])))
    throw Error(c.subject + ": noise_range: must be two values, the lesser one first");
  if (!range.empty() && (params_.start != "noise" || !model_.domain().all(Domain::Kind::real)))
    throw Error(c.subject + ": noise_range: must go with start: noise on real coordinates");
  if (buffer_ < params_.chains)
    throw Error(c.subject + ": buffer_size: must be at least chains (" +
                std::to_string(params_.chains) + "), got " + std::to_string(buffer_));
}

Saved Particles::init(const Stream& random) const {
  if (!params_.persistent) return {};
  return {.numbers = std::vector<double>(std::size_t(buffer_)),
          .chains = {sampler_.init(starts(buffer_, random))}};
}

std::vector<Index> Particles::choose(Saved& saved, const Stream& random) const {
  if (!params_.persistent) return {};
  std::vector<Index> chosen(static_cast<std::size_t>(buffer_));
  std::iota(chosen.begin(), chosen.end(), Index{0});
  if (buffer_ > params_.chains) {
    const Row u = random.split("which particles").uniform(params_.chains);
    for (Index k = 0; k < params_.chains; ++k) {
      const Index left = buffer_ - k;
      const Index other = k + std::min(Index(u(k) * double(left)), left - 1);
      std::swap(chosen[std::size_t(k)], chosen[std::size_t(other)]);
    }
    chosen.resize(std::size_t(params_.chains));
  }
  const Row u = random.split("start anew").uniform(params_.chains);
  std::vector<Index> anew;
  for (Index k = 0; k < params_.chains; ++k)
    if (u(k) < params_.reinitialization_rate) anew.push_back(chosen[std::size_t(k)]);
  if (anew.empty()) return chosen;
  const Batch x = starts(Index(anew.size()), random.split("starts"));
  set_columns(saved.chains[0], anew, sampler_.init(x));
  for (const Index n : anew) saved.numbers[std::size_t(n)] = 0;
  return chosen;
}

Chains Particles::begin(const BatchView& data, const Saved& saved, std::span<const Index> chosen,
                        Index first, Index size, const Stream& random) const {
  if (params_.persistent) {
    Chains now = columns(saved.chains[0], chosen.subspan(std::size_t(first), std::size_t(size)));
    sampler_.refresh(now);  // the parameters have moved since
    return now;
  }
  if (params_.start == "data" && params_.one_per_observation)
    return sampler_.init(draw_hidden(model_, data.middleCols(first, size),
                                     random.split("hidden").chains_from(first)));
  return sampler_.init(starts(size, random.split("starts").chains_from(first)));
}

void Particles::keep(Saved& saved, std::span<const Index> chosen, Index first,
                     const Chains& now) const {
  if (!params_.persistent) return;
  set_columns(saved.chains[0], chosen.subspan(std::size_t(first), std::size_t(now.x.cols())), now);
}

std::vector<std::string> Particles::statistics() const {
  if (sampler_.is_exact() || std::isnan(sampler_.temperature())) return {};
  return {"temperature"};
}

void Particles::grow_older(Saved& saved, std::span<const Index> chosen, Index steps,
                           GradientEstimate& estimate) const {
  if (!statistics().empty()) estimate.statistics.push_back(sampler_.temperature());
  estimate.mean_chain_age = estimate.max_chain_age = double(steps);
  if (!params_.persistent) return;
  estimate.mean_chain_age = estimate.max_chain_age = 0;
  for (const Index n : chosen) {
    const double age = saved.numbers[std::size_t(n)] += double(steps);
    estimate.mean_chain_age += age / double(chosen.size());
    estimate.max_chain_age = std::max(estimate.max_chain_age, age);
  }
}

// Configurations to start from, one per chain of `random`.
Batch Particles::starts(Index count, Stream random) const {
  Batch x(model_.dim(), count);
  if (!params_.noise_range.empty()) {
    const double least = params_.noise_range[0], width = params_.noise_range[1] - least;
    random.uniform(x);
    x = (x.array() * Real(width) + Real(least)).matrix();
  } else if (params_.start == "noise") {
    Independent::uniform(model_.domain()).draw(random, x);
  } else {
    const auto rows = random.below(train_->size(), count);
    train_->columns({rows.data(), std::size_t(count)}, random, x);
  }
  return x;
}

}  // namespace gibbsite
