# SIMPLICIAL_TEST_PYTHON: the first python3 that has numpy.

function(simplicial_has_numpy result python)
  execute_process(COMMAND ${python} -c "import numpy" RESULT_VARIABLE failed OUTPUT_QUIET ERROR_QUIET)
  if(failed)
    set(${result} FALSE PARENT_SCOPE)
  endif()
endfunction()
find_program(SIMPLICIAL_TEST_PYTHON python3 VALIDATOR simplicial_has_numpy REQUIRED
  DOC "Python with numpy, for the tests")
