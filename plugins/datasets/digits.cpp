// The 1797 handwritten digits of 8 x 8 grey values 0 ... 16 (Alpaydin & Kaynak 1998, UCI Machine
// Learning Repository, test part), linked into this module from experiments/data/digits.csv.
//   x_{8i+j} = number of set pixels in the 4 x 4 block (i, j) of a bitmap of 32 x 32,  y the digit
#include <charconv>
#include <gibbsite/plugin.hpp>
#include <string_view>

// .incbin costs no compile time, unlike an array of 116805 initialisers.
__asm__(
    ".pushsection .rodata\n"
    "gibbsite_digits_begin: .incbin \"" GIBBSITE_DIGITS_CSV
    "\"\n"
    "gibbsite_digits_end: .byte 0\n"
    ".popsection");
extern "C" __attribute__((visibility("hidden"))) const char gibbsite_digits_begin[];
extern "C" __attribute__((visibility("hidden"))) const char gibbsite_digits_end[];

namespace {
using namespace gibbsite;

class Digits final : public Dataset {
 public:
  struct Params {
    void fields(Fields&) {}
  };

  Digits(const Params&, const Context&) {
    const char* at = gibbsite_digits_begin;
    while (at < gibbsite_digits_end) {
      int value = 0;
      at = std::from_chars(at, gibbsite_digits_end, value).ptr;
      if (*at++ == ',')
        grey_.push_back(static_cast<unsigned char>(value));
      else
        labels_.push_back(value);
    }
  }

  Index size() const override { return Index(labels_.size()); }
  Index dim() const override { return 64; }
  std::vector<int> labels() const override { return labels_; }
  std::pair<double, double> range() const override { return {0, 16}; }

  void columns(std::span<const Index> indices, Stream, Eigen::Ref<Batch> out) const override {
    for (Index k = 0; k < out.cols(); ++k)
      for (Index i = 0; i < dim(); ++i)
        out(i, k) = Real(grey_[std::size_t(indices[std::size_t(k)] * dim() + i)]);
  }

 private:
  std::vector<unsigned char> grey_;  ///< 64 per digit, row by row
  std::vector<int> labels_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<Digits>("digits", "1797 handwritten digits, 8 x 8 grey values",
                       "Alpaydin & Kaynak 1998, UCI Machine Learning Repository, 10.24432/C50P49");
}
