# Installs BUILD twice: its runtime alone, whose headers compile and which a
# program is built and run with, and all of it, whose libraries show no more
# than they should.

function(run)
  execute_process(COMMAND ${ARGN} COMMAND_ECHO STDOUT COMMAND_ERROR_IS_FATAL ANY)
endfunction()

file(REMOVE_RECURSE ${WORK})
run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/runtime --component runtime)
run(${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR}/runtime -B ${WORK}/program
  -G ${GENERATOR} -DCMAKE_PREFIX_PATH=${WORK}/runtime
  -DCMAKE_C_COMPILER=${C_COMPILER} -DCMAKE_CXX_COMPILER=${CXX_COMPILER})
run(${CMAKE_COMMAND} --build ${WORK}/program)
run(${WORK}/program/program)

run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/all)
file(GLOB_RECURSE libraries ${WORK}/all/*.so)
list(LENGTH libraries count)
if(NOT count EQUAL 4)
  message(FATAL_ERROR "not three libraries and a plugin: ${libraries}")
endif()
run(${PYTHON} ${CMAKE_CURRENT_LIST_DIR}/exports.py
  ${NM} ${READELF} ${WORK}/all/include ${libraries})
