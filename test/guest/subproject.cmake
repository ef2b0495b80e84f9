# Builds Simplicial as a part of another project, with SIMPLICIAL_STATIC_MLIR,
# and loads that compiler into hosts with a second LLVM: Debian's, before and
# after it, and NAMES, which ends the process that takes a symbol from it. With
# its own symbols global and not, it makes, byte for byte, what COMPILER does.

function(run)
  execute_process(COMMAND ${ARGN} COMMAND_ECHO STDOUT COMMAND_ERROR_IS_FATAL ANY)
endfunction()

set(compiler ${WORK}/simplicial/lib/libsimplicial_compiler.so)
run(${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR}/subproject -B ${WORK}
  -G ${GENERATOR} -DSIMPLICIAL=${SOURCE} -DSIMPLICIAL_STATIC_MLIR=ON
  -DCMAKE_C_COMPILER=${C_COMPILER} -DCMAKE_CXX_COMPILER=${CXX_COMPILER})
run(${CMAKE_COMMAND} --build ${WORK})
run(${WORK}/embed/embed)

run(${PYTHON} ${CMAKE_CURRENT_LIST_DIR}/exports.py
  ${NM} ${READELF} ${SOURCE}/include ${compiler})
run(${CMAKE_COMMAND} -DPROGRAM=${compiler} -DNEEDS=simplicial_runtime
  -P ${SOURCE}/examples/no_llvm.cmake)

# What the host makes of the source with the libraries in ARGN, into FILE.
function(make file source target what)
  execute_process(COMMAND ${HOST} ${source} ${target} ${what} ${ARGN}
    OUTPUT_FILE ${file} COMMAND_ECHO STDOUT COMMAND_ERROR_IS_FATAL ANY)
endfunction()

set(attention ${CMAKE_CURRENT_LIST_DIR}/Inputs/attention.mlir)
set(heads ${SOURCE}/test/gpu/Inputs/heads.mlir)
set(second global:${LLVM}/libLLVM.so global:${LLVM}/libMLIR.so)
foreach(case "${heads};sm_90a;ptx" "${attention};cpu;object" "${attention};cpu;call")
  make(${WORK}/want ${case} local:${COMPILER})
  foreach(scope local global)
    foreach(libraries "${second};${scope}:${compiler}" "${scope}:${compiler};${second}"
        "global:${NAMES};${scope}:${compiler}")
      make(${WORK}/got ${case} ${libraries})
      run(${CMAKE_COMMAND} -E compare_files ${WORK}/want ${WORK}/got)
    endforeach()
  endforeach()
endforeach()
