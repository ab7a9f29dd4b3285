// my_plugin: say here what it does, with the equation in the paper's letters, and the paper.
//   mean energy of the draws, its standard error from the means of the chains:
//   s = √(Σ_c (m_c - m)² / (C (C - 1)))
// To be changed into your own.
#include <cmath>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class MyPlugin final : public Evaluation {
 public:
  // What a spec may set, with its defaults. `fields` reads, checks and documents all of it.
  struct Params {
    Index discard = 0;

    void fields(Fields& f) {
      f.integer("discard", discard, "draws at the start of each chain that are left out");
    }
  };

  MyPlugin(const Params& p, const Context& c) : discard_(p.discard) {
    if (!c.has_samples) throw Error(c.subject + ": needs a sample section");
  }

  // A number, its uncertainty, and whether to rely on it. input.draws are the recorded draws,
  // input.random random numbers; a long computation reports to input.desk and keeps its state in
  // input.saved, so that it can be interrupted.
  Result evaluate(const Input& input) const override {
    const Eigen::ArrayXXd energy = input.draws->energy();  // draws x chains
    const Index kept = energy.rows() - discard_;
    if (kept < 1) throw Error("my_plugin: discard must be below the number of draws");
    Moments means;
    for (Index c = 0; c < energy.cols(); ++c) means.add(energy.col(c).tail(kept).mean());
    Result result;
    const double error = std::sqrt(means.variance() / means.count);
    result.scalar("mean_energy", means.mean);
    result.scalar("standard_error", error);
    result.attributes["reliable"] = std::isfinite(error);
    if (!std::isfinite(error))
      result.attributes["warning"] = std::string("one chain has no standard error");
    result.headline = {{"mean_energy", means.mean}};
    return result;
  }

 private:
  Index discard_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<MyPlugin>("my_plugin", "mean energy of the draws, to be changed into your own",
                         "name the paper here");
}
