#include "gibbsite/io/deflate.hpp"

#include <isa-l/igzip_lib.h>

#include <cstdint>
#include <limits>

namespace gibbsite {

std::vector<unsigned char> deflated(const unsigned char* bytes, std::size_t count) {
  constexpr std::size_t most = std::numeric_limits<std::uint32_t>::max();
  if (count > most) return {};
  std::vector<unsigned char> out(count), room(ISAL_DEF_LVL1_DEFAULT);
  isal_zstream stream;
  isal_deflate_stateless_init(&stream);
  stream.next_in = const_cast<unsigned char*>(bytes);  // it is only read
  stream.avail_in = std::uint32_t(count);
  stream.next_out = out.data();
  stream.avail_out = std::uint32_t(count);
  stream.end_of_stream = 1;
  stream.flush = NO_FLUSH;
  stream.gzip_flag = IGZIP_ZLIB;
  stream.level = 1;
  stream.level_buf = room.data();
  stream.level_buf_size = std::uint32_t(room.size());
  if (isal_deflate_stateless(&stream) != COMP_OK) return {};
  out.resize(stream.total_out);
  return out;
}

}  // namespace gibbsite
