#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "gibbsite/conformance/comparison.hpp"
#include "gibbsite/conformance/examine.hpp"
#include "gibbsite/conformance/explain.hpp"
#include "gibbsite/conformance/memory_checks.hpp"
#include "gibbsite/conformance/models.hpp"
#include "gibbsite/conformance/sampler_checks.hpp"
#include "gibbsite/conformance/sampler_figures.hpp"

namespace gibbsite {
namespace {

// A sampler as one spec has it, on one model.
struct Case {
  std::string title;
  MakeSampler make;
  EnergyModel* model;
};

class SamplerExamination {
 public:
  SamplerExamination(const Entry& entry, const Examination& how, Report& report)
      : entry_(entry), how_(how), report_(report), small_(how.context) {}

  void run() {
    report_.judge("documentation", description_faults(entry_),
                  "summary, source and every field are there");
    find_cases();
    if (cases_.empty()) return;
    small_checks();
    if (!state_kept_) law();
    nan();
    efficiency();
  }

 private:
  MakeSampler maker(const PluginSpec& spec) const {
    return [this, spec](EnergyModel& model) {
      Context context = how_.context;
      context.model = &model;
      return how_.context.registry->make<Sampler>(Kind::sampler, spec, context);
    };
  }
  MakeSampler maker(const std::string& yaml) const {
    return [this, yaml](EnergyModel& model) { return sampler_of(yaml, model, how_.context); };
  }

  void find_cases() {
    std::string reason;
    if (how_.own) add({"your spec", maker(how_.own), how_.context.model}, reason);
    const auto specs = specs_by_default(entry_);
    for (const auto& [title, model] : small_.all())
      for (const std::string& spec : specs)
        if (spec == specs[0] || !how_.quick)
          add({(specs.size() > 1 && spec != specs[0] ? spec + " on " : "") + title, maker(spec),
               model},
              reason);
    if (how_.quick) alternate();
    if (cases_.empty())
      report_.fault("models", "it runs on none of " + std::to_string(small_.all().size()) +
                                  " small models: " + reason +
                                  " (give it a model and parameters by --spec)");
    else
      report_.note("models", "it runs on " + std::to_string(cases_.size()) +
                                 " cases: " + cases_[0].title + (cases_.size() > 1 ? " ..." : ""));
  }

  void add(const Case& one, std::string& reason) {
    try {
      one.make(*one.model);
      cases_.push_back(one);
    } catch (const Error& fault) {
      reason = fault.what();
    }
  }

  // Real and discrete models by turns: where time is short, the first cases are the ones looked at.
  void alternate() {
    std::vector<Case> kinds[2];
    for (Case& one : cases_) kinds[one.model->domain().is_discrete()].push_back(std::move(one));
    cases_.clear();
    for (std::size_t k = 0; k < kinds[0].size() + kinds[1].size(); ++k)
      for (auto& kind : kinds)
        if (k < kind.size()) cases_.push_back(std::move(kind[k]));
  }

  // Runs a check on every case, in quick examinations until it has taken its time: the report says
  // on how many. A fault is told once, with how many further cases have it.
  template <class Check>
  void on_all(const std::string& name, const std::string& otherwise, Check check) {
    std::map<std::string, int> more;
    std::vector<std::string> wrong;
    std::set<std::string> seen;
    int faulty = 0, looked = 0;
    const double began = processor_seconds();
    for (const Case& one : cases_) {
      if (looked > 0 && processor_seconds() - began > (how_.quick ? 0.3 : 15)) break;
      ++looked;
      const Sentences found = check(one);
      if (!found.empty() && faulty++ > 0) continue;
      for (const std::string& sentence : found) wrong.push_back(one.title + ": " + sentence);
    }
    if (faulty > 1 && !wrong.empty())
      wrong.back() += " (and in " + std::to_string(faulty - 1) + " more cases)";
    const std::string where = looked == int(cases_.size())
                                  ? ""
                                  : " (on " + std::to_string(looked) + " of " +
                                        std::to_string(cases_.size()) + " cases, for time)";
    report_.judge(name, wrong, otherwise + where);
    state_kept_ = state_kept_ || (name == "determinism" && !wrong.empty());
  }

  void small_checks() {
    const Workers& workers = *how_.context.workers;
    on_all("determinism", "the same seed gives the same bits, another seed others",
           [](const Case& c) { return repeat_faults(*c.make(*c.model), *c.model); });
    on_all("batches", "a chain moves alike alone and in a batch of five",
           [](const Case& c) { return batch_faults(*c.make(*c.model), *c.model); });
    if (!state_kept_)
      on_all("threads", "blocks of chains move alike on one thread and on two",
             [&](const Case& c) { return thread_faults(*c.make(*c.model), *c.model, workers); });
    on_all("stop and resume", "a new object goes on from stored chains bit by bit",
           [](const Case& c) { return resume_faults(c.make, *c.model); });
    on_all("domain", "x stays in the domain, statistics are as declared",
           [](const Case& c) { return domain_faults(*c.make(*c.model), *c.model); });
    on_all("caches", "kept energies and gradients are those of x",
           [](const Case& c) { return cache_faults(*c.make(*c.model), *c.model); });
    on_all("tuning", "it changes in adapt() alone",
           [](const Case& c) { return tuning_faults(*c.make(*c.model), *c.model); });
    on_all("memory", "further steps leave the heap as it is", [](const Case& c) {
      const auto kernel = c.make(*c.model);
      Chains chains = kernel->init(some_starts(*c.model, 2));
      std::uint64_t n = 0;
      return leak_faults([&] { kernel->step(chains, Stream(17).at(++n)); });
    });
    const bool free = entry_.name == "exact";
    on_all("evaluation counts", "what a step spends is what the model counts",
           [&](const Case& c) { return count_faults(c.make, *c.model, free); });
  }

  void nan() {
    for (const std::string& spec : specs_by_default(entry_)) {
      const Sentences wrong = nan_faults(maker(spec));
      report_.judge("NaN", wrong, "a place of NaN energy is never entered, where there is one");
      if (!wrong.empty() || how_.quick) return;
    }
  }

  // Whether the law is kept: exactly where the outcomes can be walked, else from exact starts.
  void law() {
    const double began = processor_seconds();
    int tried = 0;
    for (const Case& one : cases_) {
      const auto kernel = one.make(*one.model);
      if (!kernel->is_exact())
        return examine_unadjusted(entry_, how_.context, small_["gaussian"], report_);
      if (!kernel->keeps_x_alone() || !can_draw_exactly(*one.model)) continue;
      // A law that is right on several models may go unlooked at on further ones.
      if (tried > 1 && processor_seconds() - began > (how_.quick ? 3 : 150)) break;
      ++tried;
      if (!walk(one, *kernel)) from_exact_starts(one, *kernel);
      if (report_.faults() > 2) return;
    }
    if (tried == 0)
      report_.note("stationarity",
                   "not examined: it keeps the law of x only together with its own state, or "
                   "none of its models can be drawn from exactly");
  }

  bool walk(const Case& one, const Sampler& kernel) {
    const auto found =
        walk_outcomes(kernel, *one.model, how_.quick ? 20000 : 200000, how_.quick ? 1 : 20);
    if (!found) return false;
    const std::string size = std::to_string(found->states) + " states of " + one.title;
    if (found->why.empty())
      report_.well("stationarity", "pi K = pi to " + shown(found->defect) + " on the " + size +
                                       " (every outcome walked: no false alarms)");
    else
      report_.fault("stationarity", "pi K differs from pi by " + shown(found->defect) + " on the " +
                                        size + ": " + found->why);
    return true;
  }

  void from_exact_starts(const Case& one, const Sampler& kernel) {
    Starts starts{.most_rounds = how_.quick ? 3 : 7};
    const Table tuned = warmed_up_tuning(kernel, *one.model);
    for (const bool warm : {false, true}) {
      if (warm && tuned.size() == 0) continue;
      starts.tuning = warm ? tuned : Table();
      starts.steps = forgetting_steps(kernel, *one.model, starts.tuning, *how_.context.workers);
      starts.count = affordable_starts(
          kernel, *one.model, starts, *how_.context.workers,
          {.least = 1000, .most = how_.quick ? 10000 : 50000, .seconds = how_.quick ? 0.7 : 15});
      const Verdict verdict = invariance_test(kernel, *one.model, *how_.context.workers, starts);
      const std::string where = one.title + (warm ? " as warm-up tunes it" : "") + ", " +
                                std::to_string(starts.steps) + " steps from " +
                                std::to_string(verdict.starts) + " exact starts";
      if (verdict.passed) {
        const bool real = !one.model->domain().is_discrete();
        report_.well("stationarity",
                     where + ": nothing found (false-alarm rate " + shown(false_alarm_rate) +
                         (real ? "; a mean off by " + shown(detectable_shift(*one.model, starts)) +
                                     " standard deviations would be found with probability .99)"
                               : ")"));
        continue;
      }
      std::string why;
      if (!one.model->domain().is_discrete()) {
        const std::string found =
            explain_real(one.make, small_["gaussian"], *how_.context.workers, starts.steps);
        if (!found.empty()) why = ": " + found;
      }
      return report_.fault("stationarity", where + ": the law is not kept (p = " +
                                               shown(verdict.smallest_p) + ")" + why);
    }
  }

  void efficiency() {
    for (const Case& one : cases_) {
      if (!can_draw_exactly(*one.model)) continue;
      const std::string figures =
          efficiency_of(*one.make(*one.model), *one.model, entry_, how_.context);
      if (!figures.empty()) return report_.note("efficiency", "on " + one.title + " " + figures);
    }
  }

  const Entry& entry_;
  const Examination& how_;
  Report& report_;
  SmallModels small_;
  std::vector<Case> cases_;
  bool state_kept_ = false;
};

}  // namespace

void examine_sampler(const Entry& entry, const Examination& how, Report& report) {
  SamplerExamination(entry, how, report).run();
}

}  // namespace gibbsite
