#include "gibbsite/conformance/examine.hpp"

namespace gibbsite {

void examine(const Entry& entry, const Examination& how, Report& report) {
  switch (entry.kind) {
    case Kind::model:
      return examine_model(entry, how, report);
    case Kind::sampler:
      return examine_sampler(entry, how, report);
    case Kind::gradient:
      return examine_gradient(entry, how, report);
    case Kind::evaluation:
      return examine_evaluation(entry, how, report);
    case Kind::optimizer:
      return examine_optimizer(entry, how, report);
    case Kind::dataset:
      return examine_dataset(entry, how, report);
  }
}

std::vector<std::string> specs_by_default(const Entry& entry) {
  std::vector<std::string> all = {"{name: " + entry.name + "}"};
  Describer describer;
  entry.fields(describer);
  for (const auto& item : describer.items()) {
    if (item.field.rule.required) return {};
    std::vector<std::string> values = item.field.choices;
    if (item.type == "boolean") values = {"true", "false"};
    for (const std::string& value : values)
      if (!item.default_value || item.default_value->text != value)
        all.push_back("{name: " + entry.name + ", " + item.field.name + ": " + value + "}");
  }
  return all;
}

}  // namespace gibbsite
