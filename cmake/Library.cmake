# What all libraries have in common: how they look from outside.

# Hides what TARGET defines, but for what is declared with SIMPLICIAL_API or
# MLIR_CAPI_EXPORTED.
function(simplicial_hide target)
  set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON
    C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden
    VISIBILITY_INLINES_HIDDEN ON)
endfunction()

# TARGET shows what the version script MAP names, of archives too, and calls its
# own functions whatever else has their names in the process.
function(simplicial_show target map)
  simplicial_hide(${target})
  target_link_options(${target} PRIVATE
    LINKER:--version-script=${map} LINKER:-Bsymbolic-functions)
  set_property(TARGET ${target} APPEND PROPERTY LINK_DEPENDS ${map})
endfunction()

# A library to link with. While the major version is 0, minor versions differ in
# their ABI.
function(simplicial_library target)
  simplicial_show(${target} ${PROJECT_SOURCE_DIR}/cmake/exports.map)
  set_target_properties(${target} PROPERTIES VERSION ${PROJECT_VERSION}
    SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
  # The compiler's cache tells builds apart by it.
  target_link_options(${target} PRIVATE LINKER:--build-id=sha1)
endfunction()
