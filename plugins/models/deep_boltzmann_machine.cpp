// Deep Boltzmann machine (Salakhutdinov & Hinton 2009, AISTATS 5). Layers h^0 = v … h^N, N >= 2:
//   E(h^0 … h^N) = -Σ_l (h^{l-1})ᵀ W^l h^l - bᵀv - Σ_l (c^l)ᵀ h^l,  all units in {0,1}
//   P(h^l_j = 1|rest) = σ(c^l + (W^l)ᵀ h^{l-1} + W^{l+1} h^{l+1})_j
// Even layers interact with odd layers alone, so this is one bipartite model. A configuration is
// all even layers (v, h^2, h^4 …), the hidden units are all odd ones (h^1, h^3 …):
//   F(v, h^2 …) = -bᵀv - Σ_{l even} (c^l)ᵀ h^l - Σ_{l odd} Σ_j ln(1 + e^{input_j})
// Block Gibbs alternates even and odd layers; annealing sums the odd layers out. Data are v alone,
// as images are, or whole configurations. Of v alone, h^2 … are filled in (api/completion.hpp): E
// is linear in each unit, so at the means of a factorised q, ∂F/∂θ = E_q[∂E/∂θ] and training climbs
//   E_q[-E] + H(q) - ln Z <= ln p(v).
// Its parts, for pre-training, are the machines between neighbouring layers, with two copies of
// whatever layer has no further neighbour of its own to hear from (section 3.1 there):
//   inputs 2 (W^1)ᵀv + c^1 and W^1 h^1 + b;  2 (W^l)ᵀh^{l-1} + c^l and 2 W^l h^l + c^{l-1};
//   (W^N)ᵀh^{N-1} + c^N and 2 W^N h^N + c^{N-1}.
// The whole has the mean of what a layer hears from below and from above: each W once, and the mean
// of a layer's two biases. A part's data are drawn upwards, layer by layer, by the parts below it.
#include <gibbsite/api/completion.hpp>
#include <gibbsite/api/copied_rbm.hpp>
#include <gibbsite/api/mapped_data.hpp>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class DeepBoltzmannMachine final : public EnergyModel,
                                   public Conditional,
                                   public DiscreteGradient,
                                   public Latent,
                                   public Parametric,
                                   public Parted,
                                   public PartlyObserved {
 public:
  struct Params : InferenceParams {
    Index visible = 0;
    std::vector<Index> hidden;
    double weight_scale = 0.01;

    void fields(Fields& f) {
      f.integer("visible", visible, "number of units of the visible layer v",
                {.minimum = 1, .maximum = 1e7, .required = true});
      f.integers("hidden", hidden,
                 "number of units of each of two or more hidden layers, from the lowest on",
                 {.minimum = 1, .maximum = 1e7, .required = true});
      f.real("weight_scale", weight_scale,
             "standard deviation of the initial weights; biases are 0", {.minimum = 0});
      InferenceParams::fields(f);
    }
  };

  DeepBoltzmannMachine(const Params& p, const Context& c) : inference_(p.inferred()) {
    if (p.hidden.size() < 2)
      throw Error(c.subject + ": hidden: must have at least 2 layers, got " +
                  std::to_string(p.hidden.size()) + " (one layer is an rbm)");
    std::vector<Index> sizes = p.hidden;
    sizes.insert(sizes.begin(), p.visible);
    Index units[2] = {0, 0};
    Stream random = c.random;
    for (std::size_t l = 0; l < sizes.size(); units[l % 2] += sizes[l], ++l) {
      first_.push_back(units[l % 2]);
      biases_.emplace_back(Vector::Zero(sizes[l]));
      if (l == 0) continue;
      weights_.push_back(Coupling::normal(sizes[l - 1], sizes[l], p.weight_scale, random));
    }
    name_parameters();
    even_ = Domain::binary(units[0]);
    odd_ = Domain::binary(units[1]);
  }

  const Domain& domain() const override { return even_; }
  const Domain& hidden() const override { return odd_; }
  Index observed() const override { return biases_[0].size(); }
  Inference inference() const override { return inference_; }

  void visible_energy(const BatchView& even, Row& energy) const override {
    energy = Row::Zero(even.cols());
    for (std::size_t l = 0; l < biases_.size(); l += 2)
      energy -= inner_products(biases_[l], layer(even, l));
  }

  void gradient_over_hidden(const BatchView& even, const BatchView& hidden_natural,
                            const Row& weights, Parameters& out) const override {
    accumulate(even, mean(odd_, hidden_natural), weights, out);
  }

  void gradient_over_visible(const BatchView& visible_natural, const BatchView& odd,
                             const Row& weights, Parameters& out) const override {
    accumulate(mean(even_, visible_natural), odd, weights, out);
  }

  std::vector<ParameterBlock> blocks() const override { return theta_.blocks(); }
  Parameters parameters() const override { return theta_.parameters(); }
  void set_parameters(const Parameters& theta) override { theta_.set(theta); }

  Index parts() const override { return Index(weights_.size()); }

  Part part(Index k, const Dataset& v) const override {
    const std::size_t lower = std::size_t(k);
    const Index units = biases_[lower].size(), below = k + 1 < parts() ? 2 : 1;
    auto model =
        std::make_unique<CopiedRbm>(units, biases_[lower + 1].size(), below, k > 0 ? 2 : 1);
    const auto map = [this, lower, below](const Batch& x, const Stream& random) {
      return Batch(upwards(x, lower, random).replicate(below, 1));
    };
    return {std::move(model), std::make_unique<MappedData>(v, below * units, map)};
  }

  Parameters part_parameters(Index k) const override {
    const std::size_t l = std::size_t(k);
    Parameters theta(weights_[l].size() + biases_[l].size() + biases_[l + 1].size());
    theta << weights_[l].weights(), biases_[l].cast<double>(), biases_[l + 1].cast<double>();
    return theta;
  }

  void take_part(Index k, const Parameters& theta) override {
    const std::size_t l = std::size_t(k);
    const Index lower = biases_[l].size();
    weights_[l].set_weights(theta.head(weights_[l].size()));
    const Vector from_above = theta.segment(weights_[l].size(), lower).cast<Real>();
    biases_[l] = k == 0 ? from_above : Vector((biases_[l] + from_above) / 2);
    biases_[l + 1] = theta.tail(biases_[l + 1].size()).cast<Real>();
  }

 private:
  // States of layer l, drawn from v on.
  Batch upwards(Batch h, std::size_t layer, const Stream& random) const {
    for (std::size_t l = 1; l <= layer; ++l) {
      const Batch logits = weights_[l - 1].to_right(biases_[l], 2 * h);
      h.resize(logits.rows(), logits.cols());
      Stream own = random.split(std::uint64_t(l));
      own.bernoulli(logits, h);
    }
    return h;
  }

  // Once all layers exist: the list keeps their addresses.
  void name_parameters() {
    const auto name = [](std::size_t l) {
      return l == 0 ? std::string("visible") : "hidden_" + std::to_string(l);
    };
    for (std::size_t l = 0; l < weights_.size(); ++l)
      theta_.add("W" + std::to_string(l + 1), {name(l), name(l + 1)}, weights_[l]);
    for (std::size_t l = 0; l < biases_.size(); ++l)
      theta_.add(l == 0 ? "b" : "c" + std::to_string(l), {name(l)}, biases_[l]);
  }

  // The rows of layer l among those of the layers on its side.
  BatchView layer(const BatchView& side, std::size_t l) const {
    return side.middleRows(first_[l], biases_[l].size());
  }

  // The input to every layer of parity `parity` from the layers of the other.
  Batch input(std::size_t parity, const BatchView& other) const {
    Batch natural((parity == 0 ? even_ : odd_).dim(), other.cols());
    for (std::size_t l = parity; l < biases_.size(); l += 2) {
      auto own = natural.middleRows(first_[l], biases_[l].size());
      own.colwise() = biases_[l];
      if (l > 0) weights_[l - 1].add_to_right(layer(other, l - 1), own);
      if (l < weights_.size()) weights_[l].add_to_left(layer(other, l + 1), own);
    }
    return natural;
  }

  void do_energy(const BatchView& even, Row& energy) const override {
    visible_energy(even, energy);
    energy -= log_partition(odd_, input(1, even));
  }
  void do_hidden_natural(const BatchView& even, Batch& eta) const override { eta = input(1, even); }
  void do_visible_natural(const BatchView& odd, Batch& xi) const override { xi = input(0, odd); }
  void do_natural(std::span<const Index> sites, const BatchView& even,
                  Batch& natural) const override {
    natural_from_energies(sites, even, natural);
  }

  void do_energy_and_local_natural(const BatchView& even, Row& energy,
                                   Batch& natural) const override {
    free_energy_and_local_natural(even, energy, natural);
  }

  void do_parameter_gradient(const BatchView& even, const Row& weights,
                             Parameters& out) const override {
    gradient_over_hidden(even, input(1, even), weights, out);
  }

  // out -= Σ_n w_n (h^{l-1} (h^l)ᵀ of every W^l, then every h^l).
  void accumulate(const BatchView& even, const BatchView& odd, const Row& weights,
                  Parameters& out) const {
    const auto states = [&](std::size_t l) { return layer(l % 2 == 0 ? even : odd, l); };
    GradientSum sum(weights, out);
    for (std::size_t l = 0; l < weights_.size(); ++l) sum.products(states(l), states(l + 1));
    for (std::size_t l = 0; l < biases_.size(); ++l) sum.sums(states(l));
  }

  Inference inference_;
  Domain even_, odd_;
  std::vector<Index> first_;       ///< of each layer, its first row on its side
  std::vector<Coupling> weights_;  ///< W^1 … W^N
  std::vector<Vector> biases_;     ///< b, c^1 … c^N
  ParameterList theta_{"deep_boltzmann_machine"};
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<DeepBoltzmannMachine>("deep_boltzmann_machine", "Boltzmann machine of many layers",
                                     "Salakhutdinov & Hinton 2009, AISTATS 5:448-455");
}
