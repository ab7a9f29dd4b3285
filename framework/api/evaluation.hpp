// The fourth contract: a number with its uncertainty.
#pragma once

#include <map>
#include <string>
#include <variant>
#include <vector>

#include "gibbsite/api/gradient.hpp"

namespace gibbsite {

/// One array of a result with named axes; a scalar has none. Values are row-major.
struct Variable {
  enum class Type { real, integer, boolean };
  std::string name;
  std::vector<std::string> dimensions;
  std::vector<Index> shape;
  std::vector<double> values;
  Type type = Type::real;
};

/// What an evaluation found, ready to be stored as one group of the results file.
struct GIBBSITE_API Result {
  std::string group = "estimates";  ///< top-level group; the label is the group below it
  std::vector<Variable> variables;
  std::map<std::string, std::vector<double>> coordinates;  ///< per dimension; default 0, 1, ...
  std::map<std::string, std::variant<bool, double, std::string>> attributes;
  /// The few numbers that stand for this result in a table, in order.
  std::vector<std::pair<std::string, double>> headline;

  void scalar(std::string name, double value) {
    variables.push_back({std::move(name), {}, {}, {value}});
  }
  void vector(std::string name, std::string dimension,
              const Eigen::Ref<const Eigen::ArrayXd>& values);
};

/// The draws that the sample stage recorded.
class GIBBSITE_API Draws {
 public:
  virtual ~Draws() = default;
  virtual Index chains() const = 0;
  virtual Index draws() const = 0;
  virtual Index dim() const = 0;
  /// Coordinates [first, first + count): one draws x chains array each.
  virtual std::vector<Eigen::ArrayXXd> coordinates(Index first, Index count) const = 0;
  /// The energies, draws x chains.
  virtual Eigen::ArrayXXd energy() const = 0;
};

/// How a long computation reports and is saved.
class GIBBSITE_API Desk {
 public:
  virtual ~Desk() = default;
  /// `done` of `total` parts are finished and the caller's Saved is consistent: may write a
  /// checkpoint, may throw Interrupted. `note` is one headline for the progress line.
  virtual void report(double done, double total, const std::string& note) = 0;
};

/// A computation on the trained model, the data and the recorded draws.
class GIBBSITE_API Evaluation : public Plugin {
 public:
  struct Input {
    const Draws* draws = nullptr;  ///< null where the spec has no sample section
    Stream random;
    Saved& saved;  ///< empty at first, restored after an interruption
    Desk& desk;
  };
  virtual Result evaluate(const Input& input) const = 0;
};

}  // namespace gibbsite
