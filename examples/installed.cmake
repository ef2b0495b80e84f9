# Installs BUILD into WORK/prefix, then builds and runs the examples against
# that: with find_package(Simplicial), and with pkg-config.

function(run)
  execute_process(COMMAND ${ARGN} COMMAND_ECHO STDOUT COMMAND_ERROR_IS_FATAL ANY)
endfunction()

file(REMOVE_RECURSE ${WORK})
set(prefix ${WORK}/prefix)
run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${prefix})

foreach(example embed aot train)
  run(${CMAKE_COMMAND} -S ${SOURCE}/${example} -B ${WORK}/${example}
    -G ${GENERATOR} -DCMAKE_PREFIX_PATH=${prefix} -DCMAKE_C_COMPILER=${C_COMPILER})
  run(${CMAKE_COMMAND} --build ${WORK}/${example})
  run(${WORK}/${example}/${example})
endforeach()
run(${CMAKE_COMMAND} -DPROGRAM=${WORK}/aot/aot -DNEEDS=${prefix}
  -P ${SOURCE}/no_llvm.cmake)

find_program(pkg_config NAMES pkgconf pkg-config REQUIRED)
file(GLOB_RECURSE pc_file ${prefix}/simplicial.pc)
get_filename_component(pc_dir ${pc_file} DIRECTORY)
execute_process(
  COMMAND ${CMAKE_COMMAND} -E env PKG_CONFIG_PATH=${pc_dir}
    ${pkg_config} --cflags --libs simplicial
  OUTPUT_VARIABLE flags OUTPUT_STRIP_TRAILING_WHITESPACE
  COMMAND_ERROR_IS_FATAL ANY)
separate_arguments(flags UNIX_COMMAND "${flags}")
get_filename_component(lib_dir ${pc_dir} DIRECTORY)
run(${C_COMPILER} ${SOURCE}/embed/embed.c -o ${WORK}/embed_pkg_config
  ${flags} -Wl,-rpath,${lib_dir} -lm)
run(${WORK}/embed_pkg_config)
