// ln Z = ln Σ_x e^{-E(x)} in closed form, summed over the hidden layer or over all x, and with it
// the exact log-likelihood ln p(x) = -E(x) - ln Z of the data.
#include <gibbsite/api/averages.hpp>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class ExactLogPartition final : public Evaluation {
 public:
  struct Params {
    double max_log2_states = 26;
    bool per_observation = true;

    void fields(Fields& f) {
      f.real("max_log2_states", max_log2_states, "refuse sums over more than 2^this states",
             {.minimum = 0, .maximum = 40});
      f.flag("per_observation", per_observation,
             "keep the log-likelihood of every observation, of at most 100000");
    }
  };

  ExactLogPartition(const Params& p, const Context& c)
      : context_(c), limit_{p.max_log2_states}, per_observation_(p.per_observation) {
    if (c.model == nullptr) throw Error(c.subject + ": needs a model");
    require_exact_sum(*c.model, limit_, WithGradient::no, c.subject);
  }

  Result evaluate(const Input& input) const override {
    const ExactSum sum = exact_sum(*context_.model, *context_.workers, false, limit_);
    Result result;
    result.scalar("log_partition", sum.log_partition);
    result.scalar("standard_error", 0);
    result.vector("interval", "bound", Eigen::Array2d::Constant(sum.log_partition));
    result.headline.emplace_back("log_partition", sum.log_partition);
    add_log_likelihoods(result, context_, sum.log_partition, 0, per_observation_, input.random);
    result.attributes["bound"] = std::string("exact");
    result.attributes["method"] = sum.method;
    result.attributes["reliable"] = true;
    return result;
  }

 private:
  Context context_;
  ExactLimit limit_;
  bool per_observation_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<ExactLogPartition>(
      "exact_log_partition", "log Z and log-likelihood by closed form or summation over states",
      "Salakhutdinov & Murray 2008, ICML, section 3 (summing out the smaller layer)");
}
