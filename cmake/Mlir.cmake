# MLIR and its C API.
#
#   mlir_c         headers, and the libraries that share libMLIR with mlir-opt
#   mlir_static    with SIMPLICIAL_STATIC_MLIR: libraries that share nothing
#   mlir_archives  the archives of the C API
#
# MLIR's own CMake targets are linked statically, but for LLVM, which in a plugin
# would be a second MLIR beside mlir-opt's own. So the C API's archives, which
# are thin, are linked by file over the shared libMLIR that mlir-opt uses as well.

find_package(MLIR REQUIRED CONFIG PATHS /usr/lib/llvm-22) # Debian's place
if(NOT LLVM_PACKAGE_VERSION MATCHES "^22\\.")
  message(FATAL_ERROR "LLVM and MLIR 22 are needed, found ${LLVM_PACKAGE_VERSION}")
endif()
set(mlir_archives IR IRDL Arith Bufferization Func GPU Linalg LLVM Math
  MemRef NVVM RegisterEverything SCF Target Tensor Transforms UB Vector)
list(TRANSFORM mlir_archives PREPEND ${LLVM_LIBRARY_DIR}/libMLIRCAPI)
list(TRANSFORM mlir_archives APPEND .a)
add_library(mlir_c INTERFACE)
target_include_directories(mlir_c SYSTEM INTERFACE
  $<BUILD_INTERFACE:${MLIR_INCLUDE_DIRS}> $<BUILD_INTERFACE:${LLVM_INCLUDE_DIRS}>)
target_link_libraries(mlir_c INTERFACE
  -Wl,--start-group ${mlir_archives} -Wl,--end-group
  -L${LLVM_LIBRARY_DIR} -lMLIR -lLLVM -lstdc++ -Wl,-rpath,${LLVM_LIBRARY_DIR})

# All of MLIR's and LLVM's archives, for the linker to take from what is called.
# What they need besides is what libLLVM needs, so that it is there; zstd is
# linked statically, too, where its archive is installed.
if(SIMPLICIAL_STATIC_MLIR)
  file(GLOB archives CONFIGURE_DEPENDS
    ${LLVM_LIBRARY_DIR}/libMLIR*.a ${LLVM_LIBRARY_DIR}/libLLVM*.a)
  find_library(SIMPLICIAL_ZSTD NAMES libzstd.a libzstd.so.1 REQUIRED)
  add_library(mlir_static INTERFACE)
  target_link_libraries(mlir_static INTERFACE
    -Wl,--start-group ${archives} -Wl,--end-group
    -l:libz.so.1 ${SIMPLICIAL_ZSTD} -lstdc++ -lm)
  target_link_options(mlir_static INTERFACE LINKER:--gc-sections)
endif()
