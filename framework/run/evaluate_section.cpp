#include "gibbsite/run/evaluate_section.hpp"

#include "gibbsite/run/sections.hpp"

namespace gibbsite {

namespace {

void check_label(const std::string& label, const std::vector<EvaluateStage>& others,
                 const Place& place, const std::string& path, Faults& faults) {
  constexpr const char* letters =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
  if (label.find_first_not_of(letters) != label.npos)
    faults.add(place, path + ".label", "must be of [A-Za-z0-9_-], got '" + label + "'");
  for (const EvaluateStage& other : others)
    if (other.label == label)
      faults.add(place, path, "label '" + label + "' is already used; give each its own label");
}

}  // namespace

std::vector<EvaluateStage> read_evaluations(const Node& list, const std::string& path,
                                            bool scheduled, const SectionTools& tools,
                                            Node& resolved) {
  std::vector<EvaluateStage> stages;
  if (!list.is_list()) {
    tools.faults.add(list.place, path, "must be a list, got " + list.shown());
    return stages;
  }
  resolved = Node::list({});
  resolved.place = list.place;
  for (std::size_t k = 0; k < list.items.size(); ++k) {
    const Node& item = list.items[k];
    const std::string at = path + "." + std::to_string(k);
    EvaluationParams params;
    ScheduledParams schedule;
    const PluginSpec spec =
        tools.resolver.resolve_with(Kind::evaluation, item, at, tools.faults, [&](Fields& f) {
          params.fields(f);
          if (scheduled) schedule.fields(f);
        });
    if (!spec) continue;
    const std::string label = params.label.empty() ? spec.name : params.label;
    resolved.items.push_back(spec.node);
    check_label(label, stages, item.place, at, tools.faults);
    tools.guard(item.place, at, [&] {
      auto evaluation = tools.registry.make<Evaluation>(Kind::evaluation, spec,
                                                        tools.with_stream(path + " " + label));
      stages.push_back({label, spec.name, std::move(evaluation), schedule.every});
    });
  }
  return stages;
}

}  // namespace gibbsite
