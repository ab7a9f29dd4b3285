#include "gibbsite/api/network.hpp"

#include <cmath>

#include "gibbsite/api/network_layers.hpp"
#include "gibbsite/api/network_text.hpp"
#include "gibbsite/core/error.hpp"

namespace gibbsite {
namespace {

const std::vector<std::string> known = {"average_pool", "conv",     "dense", "elu", "relu",
                                        "residual",     "softplus", "swish", "tanh"};

}  // namespace

std::string Shape::text() const {
  if (height == 1 && width == 1) return std::to_string(channels);
  return std::to_string(channels) + "x" + std::to_string(height) + "x" + std::to_string(width);
}

Shape Shape::of(const std::vector<Index>& sizes, const std::string& subject) {
  if (sizes.size() == 1) return {sizes[0]};
  if (sizes.size() != 3)
    throw Error(subject + ": must be [units] or [channels, height, width], got " +
                std::to_string(sizes.size()) + " sizes");
  return {sizes[0], sizes[1], sizes[2]};
}

void NetworkSettings::layer_fields(Fields& f) {
  f.texts("layers", layers,
          "layers before the last dense one, in PyTorch's sense: 'dense N', 'conv C HxW [stride S] "
          "[padding P]', 'average_pool HxW [stride S]', 'residual (layer, layer, ...)', relu, elu, "
          "swish, softplus, tanh",
          {.unset = layers.empty() ? "none, the network is affine" : ""});
}

void NetworkSettings::weight_fields(Fields& f) {
  f.choice("initialisation", initialisation, {"lecun", "glorot", "he"},
           "variance of the initial weights, which are normal: 1/inputs, 2/(inputs + outputs) or "
           "2/inputs of a unit; biases start at 0");
  f.real("weight_scale", weight_scale, "factor on the initial weights", {.minimum = 0});
  f.flag("spectral_normalisation", spectral_normalisation,
         "divide every weight matrix by its largest singular value");
}

// Reads the texts of layers into steps.
class Network::Builder {
 public:
  Builder(Network& network, const Shape& input, bool spectral)
      : network_(network), shape_(input), spectral_(spectral) {
    network_.inputs_ = input.size();
    network_.sizes_ = {input.size()};
  }

  void read(const std::vector<std::string>& layers, const std::string& subject) {
    try {
      for (const std::string& text : layers) read(text);
    } catch (const Error& error) {
      throw Error(subject + ": layers: " + error.what());
    }
  }
  void dense(Index outputs) { add(dense_layer(shape_.size(), outputs, spectral_), {outputs}); }
  const Shape& shape() const { return shape_; }

 private:
  void read(const std::string& text) {
    try {
      append(text);
    } catch (const Error& error) {
      const std::string fault = error.what();
      throw Error(fault.starts_with("'") ? fault : "'" + text + "': " + fault);
    }
  }
  void append(const std::string& text) {
    Words words(text.substr(0, text.find('(')));
    const std::string name = words.take();
    if (std::find(known.begin(), known.end(), name) == known.end())
      throw Error("unknown layer '" + name + "'" + known_names(name, known));
    if (name == "residual") return residual(text);
    if (text.find('(') != std::string::npos) throw Error("only residual takes parentheses");
    if (name == "dense")
      dense(words.integer("number of units"));
    else if (name == "conv")
      convolution(words);
    else if (name == "average_pool")
      average_pool(words);
    else
      add(activation_layer(name, shape_.size()), shape_);
    if (!words.empty()) throw Error("does not take '" + words.take() + "'");
  }

  void convolution(Words& words) {
    const Index channels = words.integer("number of channels");
    Window window = words.window(shape_);
    window.stride = words.option("stride", 1, 1);
    window.padding = words.option("padding", 0, 0);
    add(convolution_layer(window, channels, spectral_), checked(window, channels));
  }
  void average_pool(Words& words) {
    Window window = words.window(shape_);
    if (window.rows != window.columns && words.empty())
      throw Error("needs a stride, as its window is not square");
    window.stride = words.option("stride", window.rows, 1);
    add(average_pool_layer(window), checked(window, shape_.channels));
  }
  static Shape checked(const Window& window, Index channels) {
    const Shape output = window.output(channels);
    if (output.height < 1 || output.width < 1 || window.padding >= window.rows ||
        window.padding >= window.columns)
      throw Error("its window or padding does not fit an input of " + window.input.text());
    return output;
  }
  void residual(const std::string& text) {
    const std::size_t open = text.find('('), close = text.rfind(')');
    if (open == std::string::npos || close == std::string::npos || close < open ||
        text.find_first_not_of(' ', close + 1) != std::string::npos)
      throw Error("must be written residual (layer, layer, ...)");
    const Shape before = shape_;
    const Index from = Index(network_.steps_.size());
    for (const std::string& part : split_layers(text.substr(open + 1, close - open - 1)))
      read(part);
    if (!(shape_ == before))
      throw Error("must lead from " + before.text() + " to the same, got " + shape_.text());
    network_.steps_.push_back({.layer = nullptr, .skip = from});
    network_.sizes_.push_back(shape_.size());
  }

  void add(std::unique_ptr<Layer> layer, const Shape& output) {
    network_.work_ = std::max(network_.work_, layer->work());
    network_.steps_.push_back({.layer = std::move(layer)});
    network_.sizes_.push_back(output.size());
    shape_ = output;
  }

  Network& network_;
  Shape shape_;
  bool spectral_;
};

Network::Network(Shape input, Index outputs, const NetworkSettings& settings, Stream random,
                 std::string subject)
    : subject_(std::move(subject)) {
  Builder builder(*this, input, settings.spectral_normalisation);
  builder.read(settings.layers, subject_);
  builder.dense(outputs);
  std::vector<double> start;
  for (Step& step : steps_) {
    step.first = Index(start.size());
    if (step.layer == nullptr || step.layer->blocks("").empty()) continue;
    const auto blocks = step.layer->blocks("");
    const auto [in, out] = step.layer->fan();
    const double variance = settings.initialisation == "lecun" ? 1 / double(in)
                            : settings.initialisation == "he"  ? 2 / double(in)
                                                               : 2 / double(in + out);
    Batch weight(blocks[0].size(), 1);
    random.normal(weight);
    const double scale = settings.weight_scale * std::sqrt(variance);
    for (Index k = 0; k < weight.size(); ++k) start.push_back(scale * double(weight(k, 0)));
    start.resize(start.size() + std::size_t(blocks[1].size()), 0);
  }
  set_parameters(Eigen::Map<const Parameters>(start.data(), Index(start.size())));
}

Shape Network::shape_after(const Shape& input, const std::vector<std::string>& layers,
                           const std::string& subject) {
  Network scratch;
  Builder builder(scratch, input, false);
  builder.read(layers, subject);
  return builder.shape();
}

Network::Network(Network&&) noexcept = default;
Network::~Network() = default;

Index Network::inputs() const { return inputs_; }
Index Network::outputs() const { return sizes_.back(); }

std::vector<ParameterBlock> Network::blocks() const {
  std::vector<ParameterBlock> all;
  for (const Step& step : steps_)
    if (step.layer != nullptr)
      for (ParameterBlock& block : step.layer->blocks(std::to_string(all.size() / 2 + 1)))
        all.push_back(std::move(block));
  return all;
}

void Network::set_parameters(const Parameters& theta) {
  if (!theta.allFinite()) throw Error(subject_ + ": weights and biases must be finite");
  for (const Step& step : steps_)
    if (step.layer != nullptr && !step.layer->accepts(theta.data() + step.first))
      throw Error(subject_ + ": a weight matrix of zeros cannot be normalised");
  theta_ = theta;
  for (const Step& step : steps_)
    if (step.layer != nullptr) step.layer->set_parameters(theta.data() + step.first);
}

const Batch& Network::forward(const BatchView& x, Tape& tape) const {
  tape.values.resize(sizes_.size());
  tape.gradients.resize(sizes_.size());
  tape.work.resize(work_);
  tape.values[0] = x.topRows(inputs());
  for (std::size_t k = 0; k < steps_.size(); ++k) {
    const Step& step = steps_[k];
    Batch& next = tape.values[k + 1];
    next.resize(sizes_[k + 1], x.cols());
    if (step.layer == nullptr)
      next = tape.values[k] + tape.values[std::size_t(step.skip)];
    else
      step.layer->forward(tape.values[k].data(), next.data(), x.cols(), tape.work.data());
  }
  return tape.values.back();
}

const Batch& Network::backward(const Batch& slope, const Row& weights, Tape& tape,
                               double* out) const {
  const Index count = slope.cols();
  for (std::size_t k = 0; k < sizes_.size(); ++k) tape.gradients[k].setZero(sizes_[k], count);
  tape.gradients.back() = slope;
  for (std::size_t k = steps_.size(); k-- > 0;) {
    const Step& step = steps_[k];
    const Batch& by_next = tape.gradients[k + 1];
    if (step.layer == nullptr) {
      tape.gradients[k] += by_next;
      tape.gradients[std::size_t(step.skip)] += by_next;
      continue;
    }
    const Real* x = tape.values[k].data();
    const Real* y = tape.values[k + 1].data();
    step.layer->backward(x, y, by_next.data(), tape.gradients[k].data(), count, tape.work.data());
    if (out != nullptr)
      step.layer->parameter_gradient(x, y, by_next.data(), weights, out + step.first,
                                     tape.work.data());
  }
  return tape.gradients[0];
}

}  // namespace gibbsite
