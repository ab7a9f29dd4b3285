// Images and class numbers in the IDX format of MNIST and Fashion-MNIST (LeCun, Cortes & Burges
// 1998), gzipped or not:
//   0 0 t k | N d_2 … d_k | N Π d_i bytes,  t = 8 (unsigned byte), k axes, sizes as big-endian
//   32-bit integers, bytes in row-major order;  x_n is the n-th block of Π d_i bytes
// MNIST's files: https://ossci-datasets.s3.amazonaws.com/mnist/; Fashion-MNIST's:
// https://github.com/zalandoresearch/fashion-mnist.
#include <zlib.h>

#include <filesystem>
#include <gibbsite/plugin.hpp>
#include <memory>

namespace {
using namespace gibbsite;

struct Idx {
  std::vector<Index> shape;
  std::vector<unsigned char> bytes;
  Index entries() const { return shape[0]; }
  Index entry_size() const { return shape[0] == 0 ? 0 : Index(bytes.size()) / shape[0]; }
};

// At most `count` bytes; fewer where the file ends.
std::vector<unsigned char> take(gzFile file, const std::string& path, std::size_t count) {
  std::vector<unsigned char> out(count);
  std::size_t have = 0;
  while (have < count) {
    const int got = gzread(file, out.data() + have,
                           static_cast<unsigned>(std::min<std::size_t>(count - have, 1U << 24)));
    int code = Z_OK;
    const char* const fault = gzerror(file, &code);
    if (got < 0 || (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR))
      throw StorageError(path + ": cannot be read: " + fault);
    if (got == 0) break;
    have += std::size_t(got);
  }
  out.resize(have);
  return out;
}

Idx read(const std::string& path) {
  std::error_code fault;
  const auto status = std::filesystem::status(path, fault);
  if (!std::filesystem::exists(status)) throw Error(path + ": no such file");
  if (!std::filesystem::is_regular_file(status)) throw Error(path + ": must be a regular file");
  const std::unique_ptr<gzFile_s, int (*)(gzFile)> file(gzopen(path.c_str(), "rb"), gzclose);
  if (!file) throw Error(path + ": cannot be opened for reading");
  const auto head = take(file.get(), path, 4);
  if (head.size() < 4 || head[0] != 0 || head[1] != 0)
    throw Error(path + ": must be an IDX file, which begins with two zero bytes");
  if (head[2] != 8)
    throw Error(path + ": must hold unsigned bytes (type 8), got type " + std::to_string(head[2]));
  const std::size_t axes = head[3];
  const auto sizes = take(file.get(), path, 4 * axes);
  if (axes == 0 || sizes.size() < 4 * axes) throw Error(path + ": ends before its first value");
  Idx idx;
  double total = 1;
  for (std::size_t a = 0; a < axes; ++a) {
    Index size = 0;
    for (std::size_t k = 0; k < 4; ++k) size = 256 * size + sizes[4 * a + k];
    idx.shape.push_back(size);
    total *= double(size);
  }
  if (total > 0x1p32) throw Error(path + ": must hold at most 2^32 values, got more");
  idx.bytes = take(file.get(), path, std::size_t(total));
  if (double(idx.bytes.size()) < total || !take(file.get(), path, 1).empty())
    throw Error(path + ": must hold " + number_text(total) + " values after its header, got " +
                (double(idx.bytes.size()) < total ? std::to_string(idx.bytes.size()) : "more"));
  return idx;
}

class IdxImages final : public Dataset {
 public:
  struct Params {
    std::string images, labels, test_images, test_labels;
    void fields(Fields& f) {
      f.file("images", images, "IDX file of unsigned bytes, gzipped or not", {.required = true});
      f.file("labels", labels, "IDX file of their class numbers", {.unset = "no labels"});
      f.file("test_images", test_images, "IDX file of held-out images",
             {.unset = "test_fraction holds some out"});
      f.file("test_labels", test_labels, "IDX file of their class numbers", {.unset = "no labels"});
    }
  };

  IdxImages(const Params& p, const Context& c) {
    if (p.test_images.empty() && !p.test_labels.empty())
      throw Error(c.subject + ": test_labels: needs test_images beside it");
    if (!p.test_images.empty() && p.labels.empty() != p.test_labels.empty())
      throw Error(c.subject + ": labels and test_labels: must be given both or neither");
    add(p.images, p.labels);
    if (!p.test_images.empty()) held_out_ = add(p.test_images, p.test_labels);
  }

  Index size() const override { return dim_ == 0 ? 0 : Index(pixels_.size()) / dim_; }
  Index dim() const override { return dim_; }
  Index held_out() const override { return held_out_; }
  std::vector<int> labels() const override { return labels_; }
  std::pair<double, double> range() const override { return {0, 255}; }

  void columns(std::span<const Index> indices, Stream, Eigen::Ref<Batch> out) const override {
    using Bytes = Eigen::Matrix<unsigned char, Eigen::Dynamic, 1>;
    for (Index k = 0; k < out.cols(); ++k)
      out.col(k) = Eigen::Map<const Bytes>(pixels_.data() + indices[std::size_t(k)] * dim_, dim_)
                       .cast<Real>();
  }

 private:
  // Appends a file of images, and their class numbers if there are any; the number of images.
  Index add(const std::string& images, const std::string& labels) {
    const Idx values = read(images);
    if (values.shape.size() < 2 || values.bytes.empty())
      throw Error(images + ": must hold images (two axes or more), got " +
                  std::to_string(values.shape.size()) + " and " +
                  std::to_string(values.bytes.size()) + " values");
    if (dim_ != 0 && values.entry_size() != dim_)
      throw Error(images + ": must have " + std::to_string(dim_) + " pixels per image, got " +
                  std::to_string(values.entry_size()));
    dim_ = values.entry_size();
    pixels_.insert(pixels_.end(), values.bytes.begin(), values.bytes.end());
    if (labels.empty()) return values.entries();
    const Idx classes = read(labels);
    if (classes.shape.size() != 1 || classes.entries() != values.entries())
      throw Error(labels + ": must hold a class number for each of " +
                  std::to_string(values.entries()) + " images, got " +
                  std::to_string(classes.bytes.size()));
    labels_.insert(labels_.end(), classes.bytes.begin(), classes.bytes.end());
    return values.entries();
  }

  std::vector<unsigned char> pixels_;  ///< one image after the other
  std::vector<int> labels_;
  Index dim_ = 0, held_out_ = 0;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<IdxImages>("idx", "images in IDX files, as MNIST and Fashion-MNIST come",
                          "LeCun, Bottou, Bengio & Haffner 1998, Proc. IEEE 86(11):2278-2324");
}
