// Abilities of particular families of models: all classes at once, levels of noise, training part
// by part.
#pragma once

#include <memory>

#include "gibbsite/api/dataset.hpp"
#include "gibbsite/api/energy_model.hpp"

namespace gibbsite {

/// Of a model of (x, y): all classes of one x together, for what one of them costs. Tables are
/// classes x columns; x does not include y.
class GIBBSITE_API AllClasses : public virtual Counted {
 public:
  static constexpr std::string_view name = "all_classes";
  /// E(x, y) of every y; resized. Counts as one energy per column.
  void class_energies(const BatchView& x, Table& energy) const;
  /// Σ_y w_y ∇ₓE(x, y) (dim of x, x columns); resized. Counts as one gradient per column.
  void class_gradient(const BatchView& x, const Table& weights, Batch& gradient) const;
  /// out += Σ_n Σ_y w_yn ∂E(x_n, y)/∂θ. Counts as one parameter gradient per column.
  void class_parameter_gradient(const BatchView& x, const Table& weights, Parameters& out) const;

 protected:
  ~AllClasses() = default;

 private:
  virtual void do_class_energies(const BatchView& x, Table& energy) const = 0;
  virtual void do_class_gradient(const BatchView& x, const Table& weights,
                                 Batch& gradient) const = 0;
  virtual void do_class_parameter_gradient(const BatchView& x, const Table& weights,
                                           Parameters& out) const = 0;
};

/// Energies E_t(y) of one θ for data under more and more noise, t = 0 … T - 1; the model's own
/// energy is E_0. With x_0 the data, x_{t+1} = √(1 - σ²_{t+1}) x_t + σ_{t+1} ε and ε ~ N(0, I),
/// e^{-E_t} is to become the law of y_t = √(1 - σ²_{t+1}) x_t (Gao et al. 2021, ICLR).
class GIBBSITE_API NoiseLevels : public virtual Counted {
 public:
  static constexpr std::string_view name = "noise_levels";
  /// σ_1 … σ_T, each in (0, 1).
  virtual const std::vector<double>& noise() const = 0;
  /// E_level of each column of `y`; resized. Counts as energies.
  void energy_at(Index level, const BatchView& y, Row& energy) const;
  /// E_level and its gradient by y (dim x columns); both are resized. Counts as gradients.
  void energy_and_gradient_at(Index level, const BatchView& y, Row& energy, Batch& gradient) const;
  /// out += Σ_n w_n ∂E_level(y_n)/∂θ. Counts as parameter gradients.
  void parameter_gradient_at(Index level, const BatchView& y, const Row& weights,
                             Parameters& out) const;

 protected:
  ~NoiseLevels() = default;

 private:
  virtual void do_energy_at(Index level, const BatchView& y, Row& energy) const = 0;
  virtual void do_energy_and_gradient_at(Index level, const BatchView& y, Row& energy,
                                         Batch& gradient) const = 0;
  virtual void do_parameter_gradient_at(Index level, const BatchView& y, const Row& weights,
                                        Parameters& out) const = 0;
};

/// A model that training may build up from parts: smaller models with parameters that become some
/// of this one's, trained one after the other before the whole is (layers, resolutions).
class GIBBSITE_API Parted {
 public:
  static constexpr std::string_view name = "parts";
  /// A part, and what it sees of the data.
  struct Part {
    std::unique_ptr<EnergyModel> model;
    std::unique_ptr<Dataset> data;
  };

  /// How many parts there are.
  virtual Index parts() const = 0;
  /// Part `k`. Its data go by this model's parameters at the time when they are asked for; both
  /// `data` and this model outlive it.
  virtual Part part(Index k, const Dataset& data) const = 0;
  /// Where part `k` starts: its θ by this model's present one.
  virtual Parameters part_parameters(Index k) const = 0;
  /// Takes over what part `k` has learnt.
  virtual void take_part(Index k, const Parameters& theta) = 0;

 protected:
  ~Parted() = default;
};

}  // namespace gibbsite
