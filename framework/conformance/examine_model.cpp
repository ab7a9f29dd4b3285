#include <algorithm>
#include <map>

#include "gibbsite/api/independent.hpp"
#include "gibbsite/conformance/comparison.hpp"
#include "gibbsite/conformance/examine.hpp"
#include "gibbsite/conformance/memory_checks.hpp"
#include "gibbsite/conformance/model_checks.hpp"
#include "gibbsite/conformance/models.hpp"

namespace gibbsite {
namespace {

// A model as one spec has it.
struct Made {
  std::string title;
  std::unique_ptr<EnergyModel> model;
  Batch x;
};

class ModelExamination {
 public:
  ModelExamination(const Entry& entry, const Examination& how, Report& report)
      : entry_(entry), how_(how), report_(report) {}

  void run() {
    report_.judge("documentation", description_faults(entry_),
                  "summary, source and every field are there");
    make();
    if (made_.empty()) return;
    const Workers& workers = *how_.context.workers;
    on_all("abilities", "it offers what its class inherits, or less",
           [&](Made& m) { return ability_faults(*m.model); });
    on_all("batches", "a configuration's numbers are finite and do not feel its batch",
           [](Made& m) { return model_batch_faults(*m.model, m.x); });
    on_all("threads", "two threads get what one gets",
           [&](Made& m) { return model_thread_faults(*m.model, m.x, workers); });
    on_all("memory", "further energies leave the heap as it is", [](Made& m) {
      Row energy;
      return leak_faults([&] { m.model->energy(m.x, energy); });
    });
    on_ability<Differentiable>("gradient", "it is that of central differences", gradient_faults);
    on_ability<Parametric>("parameter gradient", "it is that of central differences",
                           parameter_gradient_faults);
    on_ability<Parametric>("parameters", "they come back as set, NaN is refused", parameter_faults);
    on_ability<Conditional>("conditionals", "they are those that differences of the energy imply",
                            conditional_faults);
    on_ability<Latent>("hidden units", "the layers have one joint energy, summed out rightly",
                       latent_faults);
    on_all("evaluation counts", "every evaluation is counted once",
           [](Made& m) { return model_count_faults(*m.model, m.x); });
    on_ability<Normalized>(
        "ln Z", "the closed form is that of a sum or of quadrature",
        [&](EnergyModel& model, const Batch&) { return partition_faults(model, workers); });
    on_ability<Exact>("exact draws", "they lie in the domain and follow their chain's own numbers",
                      draw_faults);
  }

 private:
  void make() {
    std::string reason = "a parameter is required";
    std::vector<PluginSpec> specs;
    if (how_.own) specs.push_back(how_.own);
    for (const std::string& yaml : specs_by_default(entry_)) try {
        specs.push_back(resolved(Kind::model, yaml, how_.context));
      } catch (const Error& fault) {
        reason = fault.what();
      }
    Context context = how_.context;
    context.model = nullptr;
    for (const PluginSpec& spec : specs) {
      try {
        Made one{to_flow(spec.node),
                 context.registry->make<EnergyModel>(Kind::model, spec, context),
                 {}};
        one.x.resize(one.model->dim(), 21);
        Independent::uniform(one.model->domain()).draw(Stream(11), one.x);
        move_parameters(*one.model, one.x);
        made_.push_back(std::move(one));
      } catch (const Error& fault) {
        reason = fault.what();
      }
    }
    if (made_.empty())
      report_.fault("models", "it cannot be built by its defaults: " + reason +
                                  " (give it parameters by --spec)");
  }

  template <class Check>
  void on_all(const std::string& name, const std::string& otherwise, Check check) {
    Sentences wrong;
    std::size_t faulty = 0;
    for (Made& one : made_) {
      const Sentences found = check(one);
      if (found.empty() || faulty++ > 0) continue;
      for (const std::string& sentence : found)
        wrong.push_back((made_.size() > 1 ? one.title + ": " : "") + sentence);
    }
    report_.judge(name, wrong, otherwise);
  }

  template <class Ability, class Check>
  void on_ability(const std::string& name, const std::string& otherwise, Check check) {
    const bool any = std::any_of(made_.begin(), made_.end(), [](const Made& m) {
      return m.model->template capability<Ability>() != nullptr;
    });
    if (any)
      on_all(name, otherwise, [&](Made& m) {
        return m.model->template capability<Ability>() == nullptr ? Sentences{}
                                                                  : check(*m.model, m.x);
      });
  }

  Sentences ability_faults(const EnergyModel& model) const {
    Sentences wrong;
    for (const std::string& ability : capabilities_of(model))
      if (std::find(entry_.capabilities.begin(), entry_.capabilities.end(), ability) ==
          entry_.capabilities.end())
        wrong.push_back("it offers '" + ability + "' without inheriting it");
    if (model.dim() < 1) wrong.emplace_back("it has no coordinates");
    return wrong;
  }

  static Sentences draw_faults(EnergyModel& model, const Batch&) {
    const auto& exact = *model.capability<Exact>();
    Batch draws(model.dim(), 50), again(model.dim(), 20);
    exact.draw(Stream(3), draws);
    exact.draw(Stream(3).chains_from(5), again);
    Sentences wrong;
    try {
      require_inside(model.domain(), draws);
    } catch (const Error& fault) {
      wrong.emplace_back(fault.what());
    }
    if (again != draws.middleCols(5, 20))
      wrong.emplace_back("column j of a draw must depend on chain j of the stream alone");
    return wrong;
  }

  const Entry& entry_;
  const Examination& how_;
  Report& report_;
  std::vector<Made> made_;
};

}  // namespace

void examine_model(const Entry& entry, const Examination& how, Report& report) {
  ModelExamination(entry, how, report).run();
}

}  // namespace gibbsite
