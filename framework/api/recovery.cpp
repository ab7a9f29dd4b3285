#include "gibbsite/api/recovery.hpp"

namespace gibbsite {
namespace {

// -ln p(y | x̃) + constant as a function of u = (y - x̃)/σ.
class RecoveryEnergy final : public EnergyModel, public Differentiable {
 public:
  RecoveryEnergy(const NoiseLevels& levels, const Domain& domain)
      : levels_(levels), domain_(domain) {}

  const Domain& domain() const override { return domain_; }
  void set(Index level, const BatchView& noisy) {
    level_ = level;
    noisy_ = noisy;
    sigma_ = Real(levels_.noise()[std::size_t(level)]);
  }
  Batch configuration(const BatchView& u) const { return (sigma_ * u).colwise() + noisy_; }

 private:
  static Row half_squares(const BatchView& u) {
    return u.cast<double>().colwise().squaredNorm().array() / 2;
  }
  void do_energy(const BatchView& u, Row& energy) const override {
    levels_.energy_at(level_, configuration(u), energy);
    energy += half_squares(u);
  }
  void do_energy_and_gradient(const BatchView& u, Row& energy, Batch& gradient) const override {
    levels_.energy_and_gradient_at(level_, configuration(u), energy, gradient);
    energy += half_squares(u);
    gradient = sigma_ * gradient + u;
  }

  const NoiseLevels& levels_;
  Domain domain_;
  Index level_ = 0;
  Real sigma_ = 1;
  Vector noisy_;
};

}  // namespace

struct Recovery::Station {
  Station(const PluginSpec& sampler, const NoiseLevels& levels, const Context& context)
      : law(levels, context.model->domain()), kernel(context.sampler(sampler, &law)) {}
  RecoveryEnergy law;
  std::unique_ptr<Sampler> kernel;
};

// A station for one caller, for as long as the object lives.
class Recovery::Borrowed {
 public:
  explicit Borrowed(const Recovery& owner) : owner_(owner) {
    const std::lock_guard guard(owner.lock_);
    if (owner.idle_.empty()) {
      station_ = owner.build();
    } else {
      station_ = std::move(owner.idle_.back());
      owner.idle_.pop_back();
    }
  }
  ~Borrowed() {
    const std::lock_guard guard(owner_.lock_);
    owner_.idle_.push_back(std::move(station_));
  }
  Borrowed(const Borrowed&) = delete;
  Borrowed& operator=(const Borrowed&) = delete;
  Station* operator->() const { return station_.get(); }

 private:
  const Recovery& owner_;
  std::unique_ptr<Station> station_;
};

Recovery::Recovery(const PluginSpec& sampler, const Context& context)
    : sampler_(sampler), context_(context), levels_(context.require<NoiseLevels>()) {
  idle_.push_back(build());
}

Recovery::~Recovery() = default;

std::unique_ptr<Recovery::Station> Recovery::build() const {
  return std::make_unique<Station>(sampler_, levels_, context_);
}

Batch Recovery::recover(const BatchView& noisy, std::span<const Index> at, Index steps,
                        const Stream& random) const {
  const Borrowed station(*this);
  Batch y(noisy.rows(), noisy.cols());
  for (Index n = 0; n < noisy.cols(); ++n) {
    station->law.set(at[std::size_t(n)], noisy.col(n));
    Chains now = station->kernel->init(Batch::Zero(noisy.rows(), 1));
    for (Index k = 0; k < steps; ++k)
      station->kernel->step(now, random.split(std::uint64_t(k)).chains_from(n));
    y.col(n) = station->law.configuration(now.x);
  }
  return y;
}

}  // namespace gibbsite
