# What `cmake --install` puts where, as two components:
#
#   runtime    libsimplicial_runtime and its headers: all that ahead-of-time
#              programs need, and no LLVM
#   compiler   everything else: library, headers, plugin, dialect, tools
#
# with a CMake package (find_package(Simplicial)) and pkg-config files
# (simplicial-runtime, simplicial) for both.

include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/Simplicial)
set(PLUGIN ${CMAKE_INSTALL_LIBDIR}/SimplicialPlugin.so)
set(IRDL ${CMAKE_INSTALL_DATADIR}/simplicial/simplicial.irdl.mlir)
set(tools simplicial-opt simplicial-compile simplicial-run)
set(runtime_headers cuda.h export.h object.h runtime.h tensor_map.h tvm_ffi.h)
list(JOIN runtime_headers "|" not_compiler)

# Installed files find each other by their relative places, and MLIR where it
# was at build time.
set_target_properties(simplicial_runtime simplicial_compiler simplicial_emulator
  SimplicialPlugin
  PROPERTIES INSTALL_RPATH "$ORIGIN" INSTALL_RPATH_USE_LINK_PATH ON)
file(RELATIVE_PATH bin_to_lib
  ${CMAKE_INSTALL_FULL_BINDIR} ${CMAKE_INSTALL_FULL_LIBDIR})
set_target_properties(${tools} PROPERTIES
  INSTALL_RPATH "$ORIGIN/${bin_to_lib}" INSTALL_RPATH_USE_LINK_PATH ON)

set_target_properties(simplicial_runtime PROPERTIES EXPORT_NAME runtime)
set_target_properties(simplicial_compiler PROPERTIES EXPORT_NAME compiler)
set_target_properties(simplicial_emulator PROPERTIES EXPORT_NAME emulator)
foreach(tool ${tools})
  string(REPLACE simplicial- "" name ${tool})
  set_target_properties(${tool} PROPERTIES EXPORT_NAME ${name})
endforeach()

# Component runtime.
install(TARGETS simplicial_runtime EXPORT SimplicialRuntimeTargets
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT runtime
  INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
list(TRANSFORM runtime_headers PREPEND include/simplicial/ OUTPUT_VARIABLE headers)
install(FILES ${headers}
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/simplicial COMPONENT runtime)

# Component compiler.
install(TARGETS simplicial_compiler simplicial_emulator ${tools} EXPORT SimplicialCompilerTargets
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT compiler
  RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT compiler
  INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(TARGETS SimplicialPlugin
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT compiler)
install(DIRECTORY include/simplicial
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT compiler
  FILES_MATCHING PATTERN "*.h" REGEX "/(${not_compiler})$" EXCLUDE)
install(FILES dialect/simplicial.irdl.mlir
  DESTINATION ${CMAKE_INSTALL_DATADIR}/simplicial COMPONENT compiler)

# The CMake package.
configure_package_config_file(cmake/SimplicialConfig.cmake.in
  ${PROJECT_BINARY_DIR}/cmake/SimplicialConfig.cmake
  INSTALL_DESTINATION ${package_dir} PATH_VARS PLUGIN IRDL)
write_basic_package_version_file(
  ${PROJECT_BINARY_DIR}/cmake/SimplicialConfigVersion.cmake
  VERSION ${PROJECT_VERSION} COMPATIBILITY SameMinorVersion)
install(FILES
  ${PROJECT_BINARY_DIR}/cmake/SimplicialConfig.cmake
  ${PROJECT_BINARY_DIR}/cmake/SimplicialConfigVersion.cmake
  DESTINATION ${package_dir} COMPONENT runtime)
foreach(component Runtime Compiler)
  string(TOLOWER ${component} lower)
  install(EXPORT Simplicial${component}Targets NAMESPACE Simplicial::
    DESTINATION ${package_dir} COMPONENT ${lower})
endforeach()

# pkg-config.
list(GET MLIR_INCLUDE_DIRS 0 mlir_include_dir)
file(RELATIVE_PATH pc_to_prefix
  ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
string(REGEX REPLACE "/$" "" pc_to_prefix ${pc_to_prefix})
configure_file(cmake/simplicial-runtime.pc.in
  ${PROJECT_BINARY_DIR}/cmake/simplicial-runtime.pc @ONLY)
configure_file(cmake/simplicial.pc.in
  ${PROJECT_BINARY_DIR}/cmake/simplicial.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/cmake/simplicial-runtime.pc
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT runtime)
install(FILES ${PROJECT_BINARY_DIR}/cmake/simplicial.pc
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT compiler)
