// Energies written in PyTorch and exported by torch.jit.script or torch.jit.trace (Paszke et al.
// 2019, PyTorch: An Imperative Style, High-Performance Deep Learning Library).
//   E(x) = forward(x), with ∇ₓE and ∂E/∂θ by PyTorch's automatic differentiation
// θ are the parameters that require a gradient, tied ones once; all else stays as in the file.
// forward has to confine real x by itself, or stand in a `product` with a normal law.
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/script.h>

#include <cmath>
#include <filesystem>
#include <gibbsite/plugin.hpp>

extern "C" __attribute__((weak)) void openblas_set_num_threads(int);

namespace {
using namespace gibbsite;
using torch::Tensor;

constexpr auto real_type = c10::CppTypeToScalarType<Real>::value;

// Sums over threads, and graphs that PyTorch rewrites after their first calls, round in ways that
// change from machine to machine and from call to call. PyTorch keeps such settings by thread.
void prepare_thread() {
  static thread_local bool ready = false;
  if (ready) return;
  at::set_num_threads(1);
  if (&openblas_set_num_threads != nullptr) openblas_set_num_threads(1);
  torch::jit::setGraphExecutorOptimize(false);
  ready = true;
}

// What PyTorch says without the places in its sources: a traceback's last line, else the first.
std::string reason(const std::exception& fault) {
  std::string text = fault.what();
  text.erase(std::min(text.size(), text.find("Exception raised from")));
  while (text.ends_with('\n')) text.pop_back();
  if (text.find("Traceback") != std::string::npos) return text.substr(text.rfind('\n') + 1);
  return text.substr(0, text.find('\n'));
}

// Columns of x as rows, in memory of their own: a module may write to its input.
Tensor rows_of(const BatchView& x) {
  return torch::from_blob(const_cast<Real*>(x.data()), {x.cols(), x.rows()}, {x.outerStride(), 1},
                          real_type)
      .clone(at::MemoryFormat::Contiguous);
}

// All entries, one tensor after the other, each row-major.
Parameters values_of(const std::vector<Tensor>& tensors) {
  std::vector<Tensor> flat;
  for (const Tensor& tensor : tensors) flat.push_back(tensor.detach().flatten());
  const Tensor all = torch::cat(flat).to(torch::kDouble);
  return Eigen::Map<const Parameters>(all.data_ptr<double>(), all.numel());
}

class TorchScript final : public EnergyModel,
                          public Differentiable,
                          public Conditional,
                          public Parametric {
 public:
  struct Params {
    std::string file, domain = "real";
    std::optional<Index> units;

    void fields(Fields& f) {
      f.file("file", file,
             "module saved by torch.jit.save, whose forward takes x of shape (batch, units) to "
             "energies of shape (batch) or (batch, 1)",
             {.required = true});
      f.choice("domain", domain, {"real", "binary", "spin"}, "what a coordinate is");
      f.integer("units", units, "number of coordinates",
                {.minimum = 1, .maximum = 1e7, .unset = "the width of the data"});
    }
  };

  TorchScript(const Params& p, const Context& c) : place_(c.subject + ": " + p.file + ": ") {
    const Index units = p.units ? *p.units : c.require_train().dim();
    if (p.domain == "real")
      domain_ = Domain::real(units);
    else
      domain_ = p.domain == "spin" ? Domain::spin(units) : Domain::binary(units);
    if (!std::filesystem::exists(p.file)) throw Error(place_ + "no such file");
    if (!std::filesystem::is_regular_file(p.file)) throw Error(place_ + "must be a regular file");
    attempt([&] {
      load(p.file);
      Batch x(units, 16);
      Independent::uniform(domain_).draw(c.random, x);
      require_energies(x);
      const bool slope = call(fixed_, rows_of(x).requires_grad_()).requires_grad();
      differentiable_ = slope && domain_.all(Domain::Kind::real);
      parametric_ = call(trained_, rows_of(x)).requires_grad();
    });
  }

  const Domain& domain() const override { return domain_; }

  bool offers(std::string_view capability) const override {
    if (capability == Conditional::name) return domain_.is_discrete();
    return capability == Parametric::name ? parametric_ : differentiable_;
  }

  std::vector<ParameterBlock> blocks() const override { return blocks_; }

  Parameters parameters() const override { return values_of(theta_); }

  void set_parameters(const Parameters& theta) override {
    if (!theta.cast<Real>().allFinite()) throw Error(place_ + "parameters must be finite");
    const torch::NoGradGuard guard;
    auto* from = const_cast<double*>(theta.data());
    for (const Tensor& block : theta_) {
      block.copy_(torch::from_blob(from, block.sizes(), torch::kDouble));
      from += block.numel();
    }
  }

 private:
  // `action` on a thread that is ready for PyTorch, whose exceptions become ours.
  template <class Action>
  void attempt(Action action) const {
    try {
      prepare_thread();
      action();
    } catch (const Error&) {
      throw;
    } catch (const std::exception& fault) {
      throw Error(place_ + reason(fault));
    }
  }

  static Tensor call(const torch::jit::Module& module, const Tensor& x) {
    return module.get_method("forward")({x}).toTensor();
  }

  // Two modules on the same numbers: slopes in x come faster from one that has no slopes in θ.
  void load(const std::string& file) {
    trained_ = torch::jit::load(file, torch::kCPU);
    trained_.eval();
    for (const c10::IValue& value : trained_.attributes())
      if (value.isTensor() && value.toTensor().is_floating_point())
        value.toTensor().set_data(value.toTensor().detach().to(real_type).contiguous());
    const torch::NoGradGuard guard;
    fixed_ = trained_.deepcopy();
    std::vector<Tensor> twins;
    for (const Tensor& twin : fixed_.parameters()) twins.push_back(twin);
    auto twin = twins.begin();
    for (const auto& [name, tensor] : trained_.named_parameters()) {
      (twin++)->set_data(tensor.detach());
      const auto same = [&tensor](const Tensor& known) { return known.is_same(tensor); };
      if (!tensor.requires_grad() || std::any_of(theta_.begin(), theta_.end(), same)) continue;
      if (tensor.is_complex()) throw Error(place_ + "parameter " + name + " must be real");
      theta_.push_back(tensor);
      blocks_.push_back({name, {}, {tensor.sizes().begin(), tensor.sizes().end()}});
      for (Index axis = 0; axis < tensor.dim(); ++axis)
        blocks_.back().dimensions.push_back(name + ".axis" + std::to_string(axis));
    }
  }

  // Refuses other shapes, and values that change between calls or with the rows beside them.
  void require_energies(const Batch& x) const {
    const torch::NoGradGuard guard;
    const Tensor together = call(fixed_, rows_of(x));
    const std::vector<Index> flat = {x.cols()}, column = {x.cols(), 1};
    const at::IntArrayRef allowed[] = {flat, column}, got = together.sizes();
    if (got != allowed[0] && got != allowed[1])
      throw Error(place_ + c10::str("forward must return shape ", allowed[0], " or ", allowed[1],
                                    " for x of shape ", rows_of(x).sizes(), ", got ", got));
    Row once(x.cols()), again(x.cols()), beside = values_of({together}).transpose();
    do_energy(x, once);
    do_energy(x, again);
    if ((once != again && !(once.isNaN() && again.isNaN())).any())
      throw Error(place_ + "forward must be deterministic in eval mode: two calls on one x differ");
    const double close = std::sqrt(double(std::numeric_limits<Real>::epsilon()));
    if (((beside - once).abs() > close * once.abs().max(1.0)).any())
      throw Error(place_ + "the energy of a row must not depend on the rows beside it");
  }

  // Row by row: products of matrices round by the number of rows.
  void do_energy(const BatchView& x, Row& energy) const override {
    attempt([&] {
      const torch::NoGradGuard guard;
      for (Index n = 0; n < x.cols(); ++n)
        energy(n) = call(fixed_, rows_of(x.col(n))).item<double>();
    });
  }

  void do_energy_and_gradient(const BatchView& x, Row& energy, Batch& gradient) const override {
    attempt([&] {
      for (Index n = 0; n < x.cols(); ++n) {
        const Tensor row = rows_of(x.col(n)).requires_grad_();
        const Tensor value = call(fixed_, row);
        energy(n) = value.item<double>();
        const Tensor slope = torch::autograd::grad({value}, {row})[0].contiguous();
        gradient.col(n) = Eigen::Map<const Vector>(slope.data_ptr<Real>(), x.rows());
      }
    });
  }

  void do_natural(std::span<const Index> sites, const BatchView& x, Batch& natural) const override {
    natural_from_energies(sites, x, natural);
  }

  // Sums over rows are PyTorch's where Real is double, and ours, in double, where it is float.
  void do_parameter_gradient(const BatchView& x, const Row& weights,
                             Parameters& out) const override {
    const Index most = std::is_same_v<Real, double> ? 64 : 1;
    attempt([&] {
      for (Index first = 0; first < x.cols(); first += most) {
        const Index rows = std::min(most, x.cols() - first);
        const Tensor value = call(trained_, rows_of(x.middleCols(first, rows)));
        const Tensor weight =
            torch::from_blob(const_cast<double*>(weights.data()) + first, {rows}, torch::kDouble)
                .to(value.scalar_type())
                .reshape(value.sizes());
        auto slopes = torch::autograd::grad({value}, theta_, {weight}, {}, false, true);
        for (std::size_t k = 0; k < slopes.size(); ++k)  // θ that E does not depend on has none
          if (!slopes[k].defined()) slopes[k] = torch::zeros_like(theta_[k]);
        out += values_of(slopes);
      }
    });
  }

  std::string place_;
  Domain domain_;
  torch::jit::Module trained_, fixed_;
  std::vector<Tensor> theta_;  ///< of trained_
  std::vector<ParameterBlock> blocks_;
  bool differentiable_ = false, parametric_ = false;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<TorchScript>("torchscript", "energy written in PyTorch, exported as TorchScript",
                            "Paszke et al. 2019, PyTorch: An Imperative Style, High-Performance "
                            "Deep Learning Library");
}
