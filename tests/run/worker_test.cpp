// Sizes as they are given and shown.
#include "gibbsite/run/worker.hpp"

#include <doctest/doctest.h>

#include <gibbsite/core/error.hpp>

using namespace gibbsite;

TEST_CASE("sizes are read in powers of 1024 and refused where they are none") {
  CHECK(bytes_of("1000", "x") == 1000);
  CHECK(bytes_of("512M", "x") == 512u << 20);
  CHECK(bytes_of("1.5G", "x") == 3u << 29);
  CHECK(bytes_of("2kB", "x") == 2048);
  for (const char* bad : {"", "M", "-1", "0", "1X", "1MM", "1 G", "nan", "1e30", "inf"}) {
    CAPTURE(bad);
    CHECK_THROWS_AS(bytes_of(bad, "--memory"), Error);
  }
  CHECK(bytes_text(512) == "512 B");
  CHECK(bytes_text(3u << 29) == "1.5 GB");
}
