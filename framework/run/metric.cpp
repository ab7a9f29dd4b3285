#include "gibbsite/run/metric.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "gibbsite/core/diagnostics.hpp"
#include "gibbsite/core/error.hpp"
#include "gibbsite/run/pack.hpp"

namespace gibbsite {
namespace {

using Form = Metric::Form;
using Better = Metric::Better;

const std::map<std::string, Form>& forms() {
  static const std::map<std::string, Form> all = {{"per_evaluation", Form::per_evaluation},
                                                  {"per_update", Form::per_update},
                                                  {"per_second", Form::per_second},
                                                  {"best", Form::best},
                                                  {"error", Form::error},
                                                  {"rms_error", Form::rms_error},
                                                  {"z", Form::z}};
  return all;
}

const std::vector<std::string> stages = {"train", "sample", "evaluate"};
// Texts of the root and of an estimate that rows may be told apart by.
const std::vector<std::string> root_texts = {"status",          "precision", "host",   "git_commit",
                                             "instruction_set", "compiler",  "started"};
const std::vector<std::string> estimate_texts = {"bound", "log_likelihood_bound", "evaluation",
                                                 "method", "warning"};

bool contains(const std::vector<std::string>& list, const std::string& item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

bool is_of(const std::string& path, const char* group) {
  return path.starts_with(std::string(group) + "/");
}

// Which end of a scale is the better one, as far as a name tells.
Better better_by_name(const std::string& path, Form form) {
  const auto says = [&](std::initializer_list<const char*> words) {
    return std::any_of(words.begin(), words.end(),
                       [&](const char* word) { return path.find(word) != std::string::npos; });
  };
  if (form == Form::rms_error) return Better::low;
  if (form == Form::error || form == Form::z) return Better::neither;
  const bool spent = is_of(path, "cost") || path == "seconds";
  if (spent || says({"standard_error", "mcse", "relative_bias", "bias_norm", "mean_squared_error"}))
    return Better::low;
  const auto name = path.find_last_of("/.");
  const bool ess = path.substr(name + 1).starts_with("ess_") || says({"effective_sample_size"});
  if (ess || says({"log_likelihood", "cosine", "training/objective"})) return Better::high;
  return Better::neither;
}

}  // namespace

Metric::Metric(const std::string& text) : name(text), path(text) {
  std::optional<Better> asked;
  if (const auto colon = name.rfind(':'); colon != std::string::npos) {
    const std::string word = name.substr(colon + 1);
    if (word != "high" && word != "low")
      throw Error("--metric: " + text + ": after ':' must be high or low, got '" + word + "'");
    asked = word == "high" ? Better::high : Better::low;
    name.resize(colon);
    path = name;
  }
  if (const auto slash = path.rfind('/'); slash != std::string::npos)
    if (const auto found = forms().find(path.substr(slash + 1)); found != forms().end()) {
      form = found->second;
      path.resize(slash);
    }
  better = asked.value_or(better_by_name(path, form));
  if (form != Form::best) return;
  if (!is_of(path, "training"))
    throw Error("--metric: " + text + ": 'best' is of a column of training");
  if (better == Better::neither)
    throw Error("--metric: " + text + ": say which value is best: " + name + ":high or :low");
}

std::string Metric::scalar() const {
  const std::string last = path.substr(path.find_last_of("/.") + 1);
  return is_of(path, "sample_stats") ? "mean_" + last : last;
}

CellNumbers::CellNumbers(const std::filesystem::path& folder) : outcome_(read_status(folder)) {
  const auto result = result_path(folder);
  if (!result.empty()) file_ = std::make_unique<Hdf5Reader>(result);
}

Measured CellNumbers::read(const Metric& metric) const {
  Measured found = at(metric);
  double share = 1;
  if (metric.form == Form::per_evaluation)
    share = cost("cost/sample/energy_evaluations") + cost("cost/sample/gradient_evaluations");
  else if (metric.form == Form::per_update)
    share = cost("cost/sample/site_updates");
  else if (metric.form == Form::per_second)
    share = cost("cost/sample/seconds");
  if (!(share > 0)) return {};
  for (double* number : {&found.value, &found.standard_error, &found.low, &found.high})
    *number /= share;
  return found;
}

Measured CellNumbers::at(const Metric& metric) const {
  const std::string& path = metric.path;
  if (path == "seconds") return {.value = outcome_.seconds};
  if (path == "status") return {.text = outcome_.status};
  if (!file_) return {};
  if (is_of(path, "estimates") || is_of(path, "gradients")) return of_group("/" + path);
  if (is_of(path, "training")) return of_training(metric);
  if (is_of(path, "sample_stats")) return of_statistic("/" + path);
  if (is_of(path, "cost")) return {.value = cost(path)};
  if (contains(root_texts, path)) return {.text = file_->text_attribute("/", path)};
  return headline(path);
}

Measured CellNumbers::headline(const std::string& name) const {
  if (const auto dot = name.find('.'); dot != std::string::npos)
    for (const char* group : {"/estimates/", "/gradients/"}) {
      const std::string path = group + name.substr(0, dot) + "/" + name.substr(dot + 1);
      if (file_->has(path) && file_->shape(path).empty()) return of_group(path);
    }
  Measured found;
  for (const auto& [key, value] : outcome_.headline) {
    if (key == name) found.value = value;
    if (key == name + "_low") found.low = value;
    if (key == name + "_high") found.high = value;
  }
  return found;
}

Measured CellNumbers::of_group(const std::string& path) const {
  const auto slash = path.rfind('/');
  const std::string group = path.substr(0, slash), name = path.substr(slash + 1);
  if (!file_->has(group)) return {};
  if (contains(estimate_texts, name)) return {.text = file_->text_attribute(group, name)};
  if (name == "reliable") {
    const auto flag = file_->boolean_attribute(group, name);
    return flag ? Measured{.value = *flag ? 1.0 : 0.0} : Measured{};
  }
  const auto number = [&](const std::string& of) {
    const bool scalar = file_->has(of) && file_->shape(of).empty();
    return scalar ? file_->read(of)[0] : std::nan("");
  };
  Measured found{.value = number(path)};
  if (name == "log_partition") {
    found.standard_error = number(group + "/standard_error");
    if (file_->has(group + "/interval")) {
      const auto ends = file_->read(group + "/interval");
      found.low = ends.at(0);
      found.high = ends.at(1);
    }
  } else {
    found.standard_error = number(path + "_standard_error");
  }
  return found;
}

Measured CellNumbers::of_training(const Metric& metric) const {
  const std::string path = "/" + metric.path;
  if (!file_->has(path)) return {};
  const auto values = file_->read(path);
  if (values.empty()) return {};
  if (metric.form != Form::best) return {.value = values.back()};
  double best = std::nan("");
  for (const double value : values)
    best = metric.better == Better::high ? std::fmax(best, value) : std::fmin(best, value);
  return {.value = best};
}

Measured CellNumbers::of_statistic(const std::string& name) const {
  if (!file_->has(name)) return {};
  const auto shape = file_->shape(name);
  if (shape.size() != 2 || shape[0] * shape[1] == 0) return {};
  const auto values = file_->read(name);
  const Eigen::Map<const Eigen::ArrayXXd> x(values.data(), Index(shape[1]), Index(shape[0]));
  return {.value = x.mean(), .standard_error = mcse_mean(x)};
}

double CellNumbers::cost(const std::string& path) const {
  if (!file_) return std::nan("");
  std::string name = path.substr(path.find('/') + 1);
  std::size_t first = 0, count = stages.size();
  if (const auto slash = name.find('/'); slash != std::string::npos) {
    const auto stage = std::find(stages.begin(), stages.end(), name.substr(0, slash));
    if (stage == stages.end()) return std::nan("");
    first = std::size_t(stage - stages.begin());
    count = 1;
    name = name.substr(slash + 1);
  }
  if (name == "stage" || !file_->has("/cost/" + name)) return std::nan("");
  const auto values = file_->read("/cost/" + name);
  if (values.size() == 1 && count > 1) return values[0];
  if (values.size() < first + count) return std::nan("");
  double sum = 0;
  for (std::size_t k = first; k < first + count; ++k) sum += values[k];
  return sum;
}

Measured CellNumbers::scalar(const std::string& label, const std::string& scalar) const {
  return file_ ? of_group("/estimates/" + label + "/" + scalar) : Measured{};
}

std::vector<std::string> CellNumbers::labels() const {
  return file_ ? file_->names("/estimates") : std::vector<std::string>{};
}

std::string CellNumbers::exact_label(const std::string& scalar) const {
  for (const std::string& label : labels())
    if (file_->text_attribute("/estimates/" + label, "bound") == "exact" &&
        file_->has("/estimates/" + label + "/" + scalar))
      return label;
  return "";
}

std::vector<std::string> CellNumbers::known() const {
  std::vector<std::string> all;
  for (const auto& [name, value] : outcome_.headline)
    if (!name.ends_with("_low") && !name.ends_with("_high")) all.push_back(name);
  all.emplace_back("seconds");
  if (!file_) return all;
  for (const std::string group : {"estimates", "gradients"})
    for (const std::string& label : file_->names("/" + group))
      for (const std::string& name : file_->names("/" + group + "/" + label))
        if (file_->shape("/" + group + "/" + label + "/" + name).empty())
          all.push_back(group + "/" + label + "/" + name);
  for (const std::string group : {"training", "sample_stats", "cost"})
    for (const std::string& name : file_->names("/" + group))
      if (!contains({"update", "chain", "draw", "stage"}, name)) all.push_back(group + "/" + name);
  all.insert(all.end(), root_texts.begin(), root_texts.end());
  return all;
}

}  // namespace gibbsite
