// Conservative sampling-based likelihood (Bengio, Yao & Cho 2013): a chain of the model gives
// hidden states h_s ~ p(h), and observations the probability
//   p̂(v) = (1/S) Σ_s p(v | h_s),  E p̂(v) = p(v),  E ln p̂(v) <= ln p(v),
// closer from below as S grows, and far below where no h_s explains v. It needs no Z; with -E(v) it
// gives an upper bound on ln Z. Of deep machines v are the observed units alone. Both hold for a
// chain that has forgotten its start: chains are compared by R̂ of their energies.
#include <gibbsite/api/averages.hpp>
#include <gibbsite/api/exact_draws.hpp>
#include <gibbsite/api/hidden_mixture.hpp>
#include <gibbsite/core/diagnostics.hpp>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

constexpr double largest_rhat = 1.05;

class ConservativeLikelihood final : public Evaluation {
 public:
  using Needs = Abilities<Latent>;
  struct Params {
    PluginSpec sampler;
    std::string start = "noise";
    Index chains = 100, warmup = 1000, samples = 100, steps = 10, observations = 100;

    void fields(Fields& f) {
      f.plugin("sampler", sampler, Kind::sampler, "the Markov kernel of the chains");
      f.choice("start", start, {"noise", "data", "exact"},
               "where chains start: uniform units (real ones N(0, 1)), rows of the training data, "
               "or draws from the model, which need no warm-up");
      f.integer("chains", chains, "independent chains", {.minimum = 2});
      f.integer("warmup", warmup, "steps before the first hidden state that counts");
      f.count("samples", samples, "hidden states of each chain");
      f.count("steps", steps, "steps between two of them");
      f.count("observations", observations,
              "evenly spaced rows of the training and of the test data, or all if fewer");
    }
  };

  ConservativeLikelihood(const Params& p, const Context& c)
      : params_(p), context_(c), kernel_(c.sampler(p.sampler)) {
    c.require_train();
    if (p.start == "exact" && draw_method(*c.model).empty())
      throw Error(c.subject + ": start: this model cannot be drawn from exactly");
  }

  Result evaluate(const Input& input) const override {
    const auto observed = [&](const Dataset* data, const std::string& which) {
      return evenly_spaced_rows(data == nullptr ? nullptr : &data->observed(), params_.observations,
                                input.random.split(which));
    };
    const Batch train = observed(context_.train, "train"), test = observed(context_.test, "test");
    Batch v(train.rows(), train.cols() + test.cols());
    v.leftCols(train.cols()) = train;
    if (test.cols() > 0) v.rightCols(test.cols()) = test;
    const Index C = params_.chains, width = block_width(C);
    const Index total = params_.warmup + params_.samples * params_.steps;
    Saved& saved = input.saved;
    if (saved.position == 0) {
      saved.numbers.assign(std::size_t(C * (v.cols() + params_.samples)),
                           -std::numeric_limits<double>::infinity());
      const Batch x = starts(input.random.split("start"));
      for (Index first = 0; first < C; first += width)
        saved.chains.push_back(kernel_->init(x.middleCols(first, std::min(width, C - first))));
    }
    const Found all = found(saved, v.cols());
    while (Index(saved.position) < total) {
      const Index first = Index(saved.position), last = std::min(total, first + total / 100 + 1);
      context_.workers->run(Index(saved.chains.size()), [&](Index b) {
        const Stream random = input.random.chains_from(b * width);
        Chains& now = saved.chains[std::size_t(b)];
        for (Index m = first; m < last; ++m) {
          kernel_->step(now, random.split("moves").at(std::uint64_t(m)));
          if (m < params_.warmup || (m - params_.warmup + 1) % params_.steps != 0) continue;
          const Index size = now.x.cols();
          Row energy;
          context_.model->energy(now.x, energy);
          Found(all).energy.col((m - params_.warmup) / params_.steps).segment(b * width, size) =
              energy.transpose();
          add_hidden_mixture(*context_.model, now.x, random.split("hidden").at(std::uint64_t(m)), v,
                             Found(all).sums.middleRows(b * width, size));
        }
      });
      saved.position = std::uint64_t(last);
      input.desk.report(double(last), double(total), "chains of the model");
    }
    return conclude(all, v, train.cols());
  }

 private:
  // What is known so far, within Saved::numbers.
  struct Found {
    Eigen::Map<Eigen::ArrayXXd> sums;    ///< ln Σ_s p(v | h_s), chains x observations
    Eigen::Map<Eigen::ArrayXXd> energy;  ///< chains x samples
  };
  Found found(Saved& saved, Index observations) const {
    double* at = saved.numbers.data();
    return {{at, params_.chains, observations},
            {at + params_.chains * observations, params_.chains, params_.samples}};
  }

  Batch starts(const Stream& random) const {
    Batch x(context_.model->dim(), params_.chains);
    if (params_.start == "exact") {
      x = exact_draws(*context_.model, params_.chains, random);
    } else if (params_.start == "noise") {
      Independent::uniform(context_.model->domain()).draw(random, x);
    } else {
      Stream own = random;
      const auto chosen = own.below(context_.train->size(), params_.chains);
      context_.train->columns({chosen.data(), std::size_t(chosen.size())}, own, x);
    }
    return x;
  }

  Result conclude(const Found& all, const Batch& v, Index train) const {
    Result result;
    std::vector<std::string> warnings;
    const Row energy = energy_of(v);
    const bool is_exact = kernel_->is_exact();
    if (!is_exact) warnings.push_back("the kernel does not leave the model's law as it is");
    const double mixed = rhat(all.energy.transpose());
    if (params_.start != "exact" && !(mixed <= largest_rhat))
      warnings.push_back("chains have not forgotten their start (R-hat " +
                         number_text(std::round(100 * mixed) / 100) + "): use more steps");
    add("train", all.sums.leftCols(train), energy.head(train), train == v.cols(), result, warnings);
    add("test", all.sums.rightCols(v.cols() - train), energy.tail(v.cols() - train), true, result,
        warnings);
    result.scalar("rhat_energy", mixed);
    result.attributes = {{"bound", std::string(is_exact ? "upper" : "none")},
                         {"log_likelihood_bound", std::string(is_exact ? "lower" : "none")},
                         {"reliable", warnings.empty()}};
    if (!warnings.empty()) result.attributes["warning"] = join(warnings, "; ");
    return result;
  }

  // E(v), that of observed coordinates by the sum over all others; NaN where these are too many.
  Row energy_of(const Batch& v) const {
    Row energy = Row::Constant(v.cols(), std::numeric_limits<double>::quiet_NaN());
    if (v.rows() == context_.model->dim())
      context_.model->energy(v, energy);
    else if (log2_hidden_states(*context_.model, v.rows()) + std::log2(double(v.cols())) <=
             max_log2_hidden)
      energy = -log_sum(*context_.model, v);
    return energy;
  }

  // One set of observations: `sums` has ln Σ_s p(v | h_s), chains x observations.
  void add(const std::string& which, const Eigen::ArrayXXd& sums, const Row& energy, bool keep,
           Result& result, std::vector<std::string>& warnings) const {
    if (sums.cols() == 0) return;
    const HiddenMixture found(sums, params_.samples);
    const Eigen::ArrayXd& log_p = found.log_probability;
    const double error = found.standard_error;
    const std::string name = "mean_log_likelihood_" + which;
    result.scalar(name, log_p.mean());
    result.scalar(name + "_standard_error", error);
    result.scalar("effective_chains_" + which, found.effective_chains);
    result.headline.emplace_back(name, log_p.mean());
    if (which == "train" && !energy.isNaN().any()) {  // -E(v) - ln p̂(v) is above ln Z on average
      const double value = -energy.mean() - log_p.mean();
      result.scalar("log_partition", value);
      result.scalar("standard_error", error);
      result.vector("interval", "bound",
                    Eigen::Array2d(-std::numeric_limits<double>::infinity(),
                                   value + 1.959963984540054 * error));
    }
    if (keep) {
      const Dataset& data = which == "train" ? *context_.train : *context_.test;
      const auto chosen = evenly_spaced(data.size(), log_p.size());
      result.coordinates["observation"] = {chosen.begin(), chosen.end()};
      result.vector("log_likelihood", "observation", log_p);
    }
    if (!(found.effective_chains >= .1 * double(params_.chains)))
      warnings.push_back("a " + which + " observation is explained by " +
                         number_text(std::round(10 * found.effective_chains) / 10) + " of " +
                         std::to_string(params_.chains) +
                         " chains: the bound is probably far too low");
  }

  Params params_;
  Context context_;
  std::unique_ptr<Sampler> kernel_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<ConservativeLikelihood>(
      "conservative_likelihood", "lower bound on log-likelihoods from hidden states of the model",
      "Bengio, Yao & Cho 2013, arXiv 1311.6184");
}
