// Importance sampling: draws of a normalised proposal q weigh
//   w = e^{-E(x)} / q(x),  x ~ q;  E[w] = Z,
// and means under the model are those of the draws by normalised weights W ∝ w, Σ W = 1, here
// that of the energy. The weights have no variance where their tail is that of a Pareto law with
// shape k >= 1/2, and their mean is not to be had from any number of draws above k = .7 (Vehtari et
// al. 2024), which the weights at hand may hide: so the shape is fitted and reported.
#include <gibbsite/api/annealing.hpp>
#include <gibbsite/core/log_weights.hpp>
#include <gibbsite/core/pareto_tail.hpp>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

constexpr double largest_shape = .7;

class ImportanceSampling final : public Evaluation {
 public:
  struct Params {
    PluginSpec proposal;
    std::string base = "data";
    double smoothing = 500. / 60000;
    Index draws = 10000;
    bool per_observation = true;

    void fields(Fields& f) {
      f.choice("base", base, {"data", "uniform"},
               "proposal of independent units: by their laws in the training data (rates; mean and "
               "variance of real ones), or uniform (real ones N(0, 1))");
      f.positive("smoothing", smoothing, "base data: pseudo-counts of each state per training row");
      f.plugin("proposal", proposal, Kind::model,
               "a model to draw from in place of `base`; needs a known log Z and exact draws");
      f.integer("draws", draws, "independent draws, each giving one weight", {.minimum = 25});
      f.flag("per_observation", per_observation,
             "keep the log-likelihood of every observation, of at most 100000");
    }
  };

  ImportanceSampling(const Params& p, const Context& c) : params_(p), context_(c) {
    if (c.model == nullptr) throw Error(c.subject + ": needs a model");
    if (p.proposal)
      proposal_ = c.energy_model(p.proposal);
    else
      proposal_ = annealing_base(p.base, p.smoothing, c);
    if (proposal_->domain() != c.model->domain())
      throw Error(c.subject + ": proposal: must have the model's " + c.model->domain().text() +
                  ", got " + proposal_->domain().text());
    const auto* known = proposal_->capability<Normalized>();
    if (known == nullptr || !known->log_partition(1) || proposal_->capability<Exact>() == nullptr)
      throw Error(c.subject + ": proposal: must have a known log Z and exact draws");
  }

  Result evaluate(const Input& input) const override {
    const Index n = params_.draws, width = block_width(n), blocks = block_count(n);
    Saved& saved = input.saved;
    saved.numbers.resize(std::size_t(2 * n));  // log weights, then energies
    const Eigen::Map<Eigen::ArrayXd> log_weights(saved.numbers.data(), n);
    const Eigen::Map<Eigen::ArrayXd> energies(saved.numbers.data() + n, n);
    const Index step = blocks / 100 + 1;
    while (Index(saved.position) < blocks) {
      const Index first = Index(saved.position), count = std::min(step, blocks - first);
      context_.workers->run(count, [&](Index k) {
        const Index at = (first + k) * width, size = std::min(width, n - at);
        weigh(input.random.split("draws").chains_from(at), saved.numbers.data() + at,
              saved.numbers.data() + n + at, size);
      });
      saved.position = std::uint64_t(first + count);
      const Index done = std::min(n, (first + count) * width);
      const double ess = summarise(log_weights.head(done)).effective_sample_size;
      input.desk.report(double(done), double(n),
                        "ESS " + number_text(std::round(ess)) + " of " + std::to_string(done));
    }
    return conclude(log_weights, energies);
  }

 private:
  void weigh(const Stream& random, double* log_weights, double* energies, Index size) const {
    Batch x(context_.model->dim(), size);
    Row energy, of_proposal;
    proposal_->capability<Exact>()->draw(random, x);
    context_.model->energy(x, energy);
    proposal_->energy(x, of_proposal);
    if (energy.isNaN().any() || of_proposal.isNaN().any())
      throw Diverged("the energy of a draw of the proposal is NaN");
    Eigen::Map<Row>(log_weights, size) = of_proposal - energy;
    Eigen::Map<Row>(energies, size) = energy;
  }

  Result conclude(const Eigen::ArrayXd& log_weights, const Eigen::ArrayXd& energies) const {
    const double log_z = *proposal_->capability<Normalized>()->log_partition(1);
    Result result = weighted_result(context_, log_weights, log_z, params_.per_observation);
    const double shape = pareto_shape(log_weights);
    result.scalar("pareto_shape", shape);
    const Eigen::ArrayXd W = (log_weights - log_sum_exp(log_weights)).exp();
    // Draws that the model makes impossible have no weight and an infinite energy.
    const Eigen::ArrayXd possible = energies.isFinite().select(energies, 0.);
    const double mean = (W * possible).sum();
    result.scalar("mean_energy", mean);
    result.scalar("mean_energy_standard_error", std::sqrt((W * (possible - mean)).square().sum()));
    result.headline.emplace_back("pareto_shape", shape);
    if (shape > largest_shape) {
      std::string warning = "the weights have a Pareto tail of shape " +
                            number_text(std::round(100 * shape) / 100) +
                            ", above 0.7: log Z is probably too low, whatever its standard error";
      const auto other = result.attributes.find("warning");
      if (other != result.attributes.end())
        warning = std::get<std::string>(other->second) + "; " + warning;
      result.attributes["reliable"] = false;
      result.attributes["warning"] = warning;
    }
    return result;
  }

  Params params_;
  Context context_;
  std::unique_ptr<EnergyModel> proposal_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<ImportanceSampling>(
      "importance_sampling", "log Z from weighted draws of a normalised proposal",
      "Kahn & Harris 1951, NBS Appl. Math. 12:27-30; Zhang & Stephens 2009, Technometrics "
      "51:316-325; Vehtari, Simpson, Gelman, Yao & Gabry 2024, JMLR 25:72 (Pareto shape)");
}
