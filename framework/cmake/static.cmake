# Libraries of which the programs use little and whose shared forms take long to load: the static ones
# where there are any that link.
include(CheckCSourceCompiles)

# gibbsite_crypto: of OpenSSL only SHA-256; the whole has 20 000 addresses to be filled in.
add_library(gibbsite_crypto INTERFACE)
get_filename_component(crypto_folder "${OPENSSL_CRYPTO_LIBRARY}" DIRECTORY)
find_library(CRYPTO_STATIC NAMES libcrypto.a HINTS "${crypto_folder}" NO_DEFAULT_PATH)
if(CRYPTO_STATIC)
  set(CMAKE_REQUIRED_INCLUDES ${OPENSSL_INCLUDE_DIR})
  set(CMAKE_REQUIRED_LIBRARIES ${CRYPTO_STATIC})
  check_c_source_compiles("
    #define OPENSSL_SUPPRESS_DEPRECATED
    #include <openssl/sha.h>
    int main(void) { SHA256_CTX state; return SHA256_Init(&state) == 0; }" CRYPTO_STATIC_LINKS)
  unset(CMAKE_REQUIRED_INCLUDES)
  unset(CMAKE_REQUIRED_LIBRARIES)
endif()
if(CRYPTO_STATIC_LINKS)
  target_include_directories(gibbsite_crypto SYSTEM INTERFACE ${OPENSSL_INCLUDE_DIR})
  target_link_libraries(gibbsite_crypto INTERFACE ${CRYPTO_STATIC})
else()
  target_link_libraries(gibbsite_crypto INTERFACE OpenSSL::Crypto)
endif()

# gibbsite_hdf5: what links without more than zlib and szip. Debian's shared HDF5 brings libcurl and
# thirty libraries after it, for files in the cloud: two thirds of the time that a program took to
# start.

add_library(gibbsite_hdf5 INTERFACE)
target_include_directories(gibbsite_hdf5 SYSTEM INTERFACE ${HDF5_INCLUDE_DIRS})
get_filename_component(hdf5_folder "${HDF5_C_LIBRARY_hdf5}" REALPATH)
get_filename_component(hdf5_folder "${hdf5_folder}" DIRECTORY)
find_library(HDF5_STATIC NAMES libhdf5_serial.a libhdf5.a HINTS "${hdf5_folder}" NO_DEFAULT_PATH)
find_library(HDF5_HL_STATIC NAMES libhdf5_serial_hl.a libhdf5_hl.a HINTS "${hdf5_folder}" NO_DEFAULT_PATH)
find_library(SZIP_LIBRARY sz)
if(HDF5_STATIC AND HDF5_HL_STATIC)
  set(static_hdf5 ${HDF5_HL_STATIC} ${HDF5_STATIC} ZLIB::ZLIB Threads::Threads ${CMAKE_DL_LIBS} m)
  if(SZIP_LIBRARY)
    list(INSERT static_hdf5 2 ${SZIP_LIBRARY})
  endif()
  set(CMAKE_REQUIRED_INCLUDES ${HDF5_INCLUDE_DIRS})
  set(CMAKE_REQUIRED_LIBRARIES ${static_hdf5})
  check_c_source_compiles("
    #include <hdf5.h>
    #include <hdf5_hl.h>
    int main(void) { return H5LTset_attribute_string(H5Fopen(\"f\", 0, 0), \"/\", \"a\", \"b\"); }"
    HDF5_STATIC_LINKS)
  unset(CMAKE_REQUIRED_INCLUDES)
  unset(CMAKE_REQUIRED_LIBRARIES)
endif()
if(HDF5_STATIC_LINKS)
  target_link_libraries(gibbsite_hdf5 INTERFACE ${static_hdf5})
else()
  target_link_libraries(gibbsite_hdf5 INTERFACE ${HDF5_HL_LIBRARIES} HDF5::HDF5)
endif()
