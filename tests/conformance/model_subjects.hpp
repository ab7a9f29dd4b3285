// The examples of all models as objects, for tests of what every model must do.
#pragma once

#include <gibbsite/conformance/model_checks.hpp>
#include <memory>
#include <string>
#include <vector>

#include "conformance/model_examples.hpp"
#include "support/make.hpp"
#include "support/torchscript.hpp"
#include "support/truth.hpp"

namespace gibbsite::test {

inline constexpr Index configurations = 21;

struct Subject {
  std::string name, spec;
  std::unique_ptr<EnergyModel> model;
  Batch x;  ///< some configurations

  const EnergyModel& operator*() const { return *model; }
  EnergyModel* operator->() const { return model.get(); }
  template <class C>
  C* as() const {
    return model->capability<C>();
  }
};

// Those of the optional model come with the files that they name.
inline std::vector<std::string> examples_of(const std::string& name) {
  if (name == "torchscript") return torchscript_examples();
  const auto found = examples.find(name);
  return found == examples.end() ? std::vector<std::string>{} : found->second;
}

inline std::vector<Subject> subjects(bool moved) {
  std::vector<Subject> all;
  for (const std::string& name : registry().names(Kind::model))
    for (const std::string& spec : examples_of(name)) {
      Subject subject{.name = name, .spec = spec, .model = make_model(spec), .x = {}};
      subject.x.resize(subject->dim(), configurations);
      Independent::uniform(subject->domain()).draw(Stream(11), subject.x);
      if (moved) move_parameters(*subject.model, subject.x);
      all.push_back(std::move(subject));
    }
  return all;
}

// Runs `check` on each example, naming it in failures.
template <class Check>
void for_each_model(Check check) {
  for (const Subject& subject : subjects(true)) {
    CAPTURE(subject.spec);
    check(subject);
  }
}

// Likewise, with the initial parameters and with moved ones: an ability may hold for some alone.
template <class Check>
void for_each_model_at_all_parameters(Check check) {
  for_each_model(check);
  for (const Subject& subject : subjects(false)) {
    CAPTURE(subject.spec);
    check(subject);
  }
}

}  // namespace gibbsite::test
