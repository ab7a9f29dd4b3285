#include "gibbsite/io/checkpoint.hpp"

#include <boost/archive/binary_iarchive.hpp>
#include <boost/archive/binary_oarchive.hpp>
#include <boost/serialization/array_wrapper.hpp>
#include <boost/serialization/map.hpp>
#include <boost/serialization/string.hpp>
#include <boost/serialization/utility.hpp>
#include <boost/serialization/vector.hpp>
#include <sstream>

#include "gibbsite/core/error.hpp"
#include "gibbsite/io/files.hpp"

namespace boost::serialization {

template <class Archive, class Dense>
void dense(Archive& archive, Dense& values) {
  Eigen::Index rows = values.rows(), columns = values.cols();
  archive& rows& columns;
  if constexpr (Archive::is_loading::value) values.resize(rows, columns);
  if (values.size() > 0)
    archive& make_array(values.data(), static_cast<std::size_t>(values.size()));
}

template <class Archive, class S, int R, int C, int O, int MR, int MC>
void serialize(Archive& archive, Eigen::Matrix<S, R, C, O, MR, MC>& values, unsigned) {
  dense(archive, values);
}

template <class Archive, class S, int R, int C, int O, int MR, int MC>
void serialize(Archive& archive, Eigen::Array<S, R, C, O, MR, MC>& values, unsigned) {
  dense(archive, values);
}

template <class Archive>
void serialize(Archive& a, gibbsite::Chains& c, unsigned) {
  a& c.x& c.energy& c.gradient& c.aux& c.tuning& c.statistics& c.nested;
}

template <class Archive>
void serialize(Archive& a, gibbsite::Saved& s, unsigned) {
  a& s.position& s.numbers& s.chains;
}

template <class Archive>
void serialize(Archive& a, gibbsite::Evaluations& e, unsigned) {
  a& e.energy& e.gradient& e.parameter_gradient& e.site_updates;
}

template <class Archive>
void serialize(Archive& a, gibbsite::StageCost& c, unsigned) {
  a& c.evaluations& c.seconds;
}

template <class Archive>
void serialize(Archive& a, gibbsite::Variable& v, unsigned) {
  a& v.name& v.dimensions& v.shape& v.values& v.type;
}

template <class Archive>
void serialize(Archive& a, std::variant<bool, double, std::string>& value, unsigned) {
  std::size_t index = value.index();
  a& index;
  if constexpr (Archive::is_loading::value) {
    if (index == 0) value = false;
    if (index == 1) value = 0.0;
    if (index == 2) value = std::string();
  }
  std::visit([&](auto& inner) { a& inner; }, value);
}

template <class Archive>
void serialize(Archive& a, gibbsite::Result& r, unsigned) {
  a& r.group& r.variables& r.coordinates& r.attributes& r.headline;
}

template <class Archive>
void serialize(Archive& a, gibbsite::Training& t, unsigned) {
  a& t.update& t.theta& t.slots& t.gradient& t.average& t.activity& t.centre& t.clipped;
  a& t.best& t.best_value& t.best_update& t.not_better;
}

template <class Archive>
void serialize(Archive& a, gibbsite::Pretraining& p, unsigned) {
  a& p.part& p.whole& p.update& p.theta& p.slots& p.gradient& p.rows;
}

template <class Archive>
void serialize(Archive& a, gibbsite::ScheduledResult& r, unsigned) {
  a& r.update& r.label& r.headline;
}

template <class Archive>
void serialize(Archive& a, gibbsite::Rollback& r, unsigned) {
  a& r.update& r.restart& r.learning_rate& r.reason;
}

template <class Archive>
void serialize(Archive& a, gibbsite::Segment& s, unsigned) {
  a& s.rows& s.attempt;
}

template <class Archive>
void serialize(Archive& a, gibbsite::Checkpoint& c, unsigned) {
  a& c.cell& c.precision& c.stage& c.seconds& c.made_by& c.attempts& c.costs& c.pretraining;
  a& c.training& c.snapshot;
  a& c.training_rows& c.scheduled& c.rollbacks& c.divergence;
  a& c.chains& c.steps& c.segments& c.results& c.evaluation;
}

}  // namespace boost::serialization

namespace gibbsite {
namespace {

namespace fs = std::filesystem;

// magic, format, SHA-256 of the payload, its length: checked before Boost sees a byte.
const std::string magic = "gibbsite checkpoint 3\n";

Checkpoint unpack(const fs::path& file, const std::string& cell) {
  const std::string bytes = read_file(file);
  const auto damaged = [&](const std::string& why) {
    return StorageError(file.string() + ": damaged checkpoint: " + why);
  };
  if (bytes.compare(0, magic.size(), magic) != 0) throw damaged("not of this format");
  const auto end = bytes.find('\n', magic.size());
  if (end == std::string::npos || end < magic.size() + 65) throw damaged("its header is cut off");
  const std::string payload = bytes.substr(end + 1);
  if (bytes.substr(magic.size() + 64, end - magic.size() - 64) !=
      " " + std::to_string(payload.size()))
    throw damaged("its length is wrong");
  if (bytes.compare(magic.size(), 64, sha256(payload)) != 0) throw damaged("its checksum is wrong");
  Checkpoint checkpoint;
  try {
    std::istringstream stream(payload);
    boost::archive::binary_iarchive archive(stream);
    archive >> checkpoint;
  } catch (const boost::archive::archive_exception& fault) {
    throw damaged(fault.what());
  }
  if (checkpoint.cell != cell)
    throw StorageError(file.string() + ": belongs to cell " + checkpoint.cell + ", not " + cell);
  return checkpoint;
}

}  // namespace

std::string packed_checkpoint(const Checkpoint& checkpoint) {
  std::ostringstream stream;
  {
    boost::archive::binary_oarchive archive(stream);
    archive << checkpoint;
  }
  return std::move(stream).str();
}

void write_checkpoint(const fs::path& folder, const Checkpoint& checkpoint) {
  write_checkpoint(folder, packed_checkpoint(checkpoint));
}

void write_checkpoint(const fs::path& folder, const std::string& packed) {
  const std::string head = magic + sha256(packed) + " " + std::to_string(packed.size()) + "\n";
  const fs::path newest = folder / "checkpoint.bin", previous = folder / "checkpoint.previous.bin";
  const fs::path beside = write_beside(newest, head + packed);
  try {
    sync_files({beside});
    std::error_code fault;
    if (fs::exists(newest)) fs::rename(newest, previous, fault);
    publish_file(beside, newest);
  } catch (...) {
    std::error_code ignored;
    fs::remove(beside, ignored);
    throw;
  }
}

FoundCheckpoint read_checkpoint(const fs::path& folder, const std::string& cell) {
  FoundCheckpoint found;
  std::vector<std::string> faults;
  for (const char* name : {"checkpoint.bin", "checkpoint.previous.bin"}) {
    if (!fs::exists(folder / name)) continue;
    try {
      found.checkpoint = unpack(folder / name, cell);
      found.warning = join(faults, "; ");
      return found;
    } catch (const StorageError& fault) {
      faults.push_back(fault.what());
    }
  }
  if (!faults.empty())
    throw StorageError(join(faults, "; ") + "; run with --fresh to start this cell anew");
  return found;
}

}  // namespace gibbsite
